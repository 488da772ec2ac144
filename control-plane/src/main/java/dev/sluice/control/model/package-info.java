/**
 * The words of the product as values: identifiers, versions, the inventory, packages, policy,
 * plans.
 *
 * <p>Depends on the JDK, and on semver4j for the order of versions. Everything else may depend on
 * it. Start with {@link dev.sluice.control.model.Blueprint} and {@link
 * dev.sluice.control.model.Work}.
 */
@NullMarked
package dev.sluice.control.model;

import org.jspecify.annotations.NullMarked;
