/**
 * The Redfish service of one simulated appliance.
 *
 * <p>It depends on the model, the store and Vert.x. Everything of one appliance runs on one event
 * loop, so nothing here is locked. Start reading at {@link dev.sluice.sim.redfish.RedfishServer};
 * the resources' shapes follow DMTF's DSP0266 and DSP2046.
 */
@NullMarked
package dev.sluice.sim.redfish;

import org.jspecify.annotations.NullMarked;
