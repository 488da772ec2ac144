/**
 * The control plane of a master: {@link dev.sluice.control.ControlPlane} is the program, {@link
 * dev.sluice.control.MasterProcess} the composition root.
 *
 * <p>To understand it, read model, then state (what a cluster is and how it changes), controller
 * (how that becomes durable), executor (how it becomes real).
 */
@NullMarked
package dev.sluice.control;

import org.jspecify.annotations.NullMarked;
