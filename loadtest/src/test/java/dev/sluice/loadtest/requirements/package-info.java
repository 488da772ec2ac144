/**
 * Which required behaviour is shown by which tests of all modules.
 *
 * <p>Here because this module is the last one of the build: the tests of all others are compiled by
 * then. Start with {@link dev.sluice.loadtest.requirements.RequirementsDocument}.
 */
@NullMarked
package dev.sluice.loadtest.requirements;

import org.jspecify.annotations.NullMarked;
