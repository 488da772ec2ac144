/**
 * {@code ./sluice bench distribute}: one file to many nodes over links of a known rate, by Sluice,
 * by a BitTorrent swarm and by plain fan-out, beside the time that no way can beat.
 *
 * <p>Everything runs in network, mount and process namespaces of its own, which the kernel takes
 * away with the benchmark's process, however that ends. Start reading at {@link
 * dev.sluice.loadtest.distribute.DistributeBenchmark}.
 */
@NullMarked
package dev.sluice.loadtest.distribute;

import org.jspecify.annotations.NullMarked;
