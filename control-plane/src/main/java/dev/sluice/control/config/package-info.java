/**
 * Reads files that people write: strictly, with the file, line, key, expected and found in every
 * error, and a suggestion for a key that is nearly right.
 *
 * <p>Depends on {@code model} and snakeyaml-engine. Start with {@link
 * dev.sluice.control.config.StrictYaml} for a new kind of file, and with {@link
 * dev.sluice.control.config.InventoryFile} for an example.
 */
@NullMarked
package dev.sluice.control.config;

import org.jspecify.annotations.NullMarked;
