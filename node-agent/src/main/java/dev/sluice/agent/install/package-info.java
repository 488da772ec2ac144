/**
 * Installing: versioned slots, the switch between them, and the site's process.
 *
 * <p>{@link dev.sluice.agent.install.InstallGuard} decides, without I/O, whether a package may be
 * installed at all. {@link dev.sluice.agent.install.Installer} does it so that a crash anywhere can
 * be repeated. {@link dev.sluice.agent.install.ServiceProcess} starts, adopts and stops the site's
 * process. Depends on stage, ledger, traffic, hardware and trust.
 */
@NullMarked
package dev.sluice.agent.install;

import org.jspecify.annotations.NullMarked;
