/**
 * What operators speak with: the gRPC service of {@code operator.proto} on a master.
 *
 * <p>Reads are pure views of an {@link dev.sluice.control.api.Outlook}, which is what this master
 * knows at one moment; writes become commands of the controller. May depend on everything that
 * decides or observes, and on the wire. Start with {@link dev.sluice.control.api.OperatorEndpoint}.
 */
@NullMarked
package dev.sluice.control.api;

import org.jspecify.annotations.NullMarked;
