/**
 * The rack file: which appliances one process simulates.
 *
 * <p>It depends on the model and on snakeyaml-engine. Start reading at {@link
 * dev.sluice.sim.rack.RackFile}.
 */
@NullMarked
package dev.sluice.sim.rack;

import org.jspecify.annotations.NullMarked;
