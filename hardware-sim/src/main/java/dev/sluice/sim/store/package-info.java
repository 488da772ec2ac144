/**
 * What an appliance keeps on disk: its state as one JSON file, its images by their digest.
 *
 * <p>It depends on the model and on Vert.x for JSON. Start reading at {@link
 * dev.sluice.sim.store.ApplianceStore}.
 */
@NullMarked
package dev.sluice.sim.store;

import org.jspecify.annotations.NullMarked;
