/**
 * A deterministic simulator of a whole cluster: the real cores of masters and agents on virtual
 * time, a simulated network, simulated disks and simulated nodes, with seeded faults. One seed is
 * one history.
 *
 * <p>No threads, no wall clock, and no dice but the seeded ones. {@code
 * docs/reference/simulator.md} says what is real, what is simulated, what is checked and how a seed
 * is replayed. Start with {@link dev.sluice.loadtest.sim.Simulation}; a process begins at {@link
 * dev.sluice.loadtest.sim.SimMaster} and {@link dev.sluice.loadtest.sim.SimAgent}, what may never
 * happen is in {@link dev.sluice.loadtest.sim.Promises}.
 */
@NullMarked
package dev.sluice.loadtest.sim;

import org.jspecify.annotations.NullMarked;
