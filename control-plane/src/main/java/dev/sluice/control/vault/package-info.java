/**
 * What must survive the loss of the cluster: backups of settings and configuration.
 *
 * <p>Depends on the state and on the executor's port that it implements; how a state becomes bytes
 * is handed in. Start with {@link dev.sluice.control.vault.BackupFiles}.
 */
@NullMarked
package dev.sluice.control.vault;

import org.jspecify.annotations.NullMarked;
