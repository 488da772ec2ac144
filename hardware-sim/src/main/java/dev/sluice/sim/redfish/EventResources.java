package dev.sluice.sim.redfish;

import static dev.sluice.sim.redfish.Paths.collection;
import static dev.sluice.sim.redfish.Paths.link;
import static dev.sluice.sim.redfish.Paths.resource;
import static dev.sluice.sim.redfish.Paths.status;

import dev.sluice.sim.appliance.ApplianceEvent;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The EventService: a stream of server-sent events to each of a few listeners. One that does not
 * keep up is cut off.
 */
final class EventResources implements AutoCloseable {

    private static final int MAX_STREAMS = 16;
    private static final int MAX_QUEUED_BYTES = 64 << 10;
    private static final long KEEP_ALIVE_MILLIS = 15_000;

    private final Vertx vertx;
    private final Paths paths;
    private final Set<HttpServerResponse> streams = new LinkedHashSet<>();
    private final long keepAlive;
    private long lastId;

    EventResources(Vertx vertx, LiveAppliance live, Paths paths) {
        this.vertx = vertx;
        this.paths = paths;
        this.keepAlive = vertx.setPeriodic(KEEP_ALIVE_MILLIS, _ -> write(": keep-alive\n\n"));
        live.onEvent(this::publish);
    }

    void bind(Router router, Routes routes) {
        routes.read(Paths.EVENT_SERVICE, _ -> Optional.of(service()));
        routes.read(
                Paths.SUBSCRIPTIONS,
                _ ->
                        Optional.of(
                                collection(
                                        Paths.SUBSCRIPTIONS,
                                        "EventDestinationCollection",
                                        "Event Subscriptions",
                                        List.of())));
        routes.allow(Paths.EVENT_STREAM, HttpMethod.GET);
        router.get(Paths.EVENT_STREAM).handler(this::stream);
    }

    @Override
    public void close() {
        vertx.cancelTimer(keepAlive);
        List.copyOf(streams).forEach(HttpServerResponse::end);
    }

    private static JsonObject service() {
        return resource(
                        Paths.EVENT_SERVICE,
                        "EventService.v1_10_3.EventService",
                        "EventService",
                        "Event Service")
                .put("ServiceEnabled", true)
                .put("Status", status("Enabled", "OK"))
                .put("ServerSentEventUri", Paths.EVENT_STREAM)
                .put("Subscriptions", link(Paths.SUBSCRIPTIONS));
    }

    private void stream(RoutingContext context) {
        if (streams.size() >= MAX_STREAMS) {
            Routes.send(
                    context,
                    Reply.problem(
                            503,
                            Message.plain(
                                    "EventSubscriptionLimitExceeded",
                                    "There are "
                                            + MAX_STREAMS
                                            + " event streams, the most that can be.",
                                    "Close a stream and resubmit the request.")));
            return;
        }
        HttpServerResponse response =
                context.response()
                        .setChunked(true)
                        .setWriteQueueMaxSize(MAX_QUEUED_BYTES)
                        .putHeader("Content-Type", "text/event-stream;charset=utf-8")
                        .putHeader("OData-Version", "4.0")
                        .putHeader("Cache-Control", "no-cache");
        context.addEndHandler(_ -> streams.remove(response));
        streams.add(response);
        // Sent at once, so that the client knows from when on it misses nothing.
        response.write(": listening\n\n");
    }

    private void publish(ApplianceEvent event, Instant when) {
        if (streams.isEmpty()) {
            return;
        }
        String id = Long.toString(++lastId);
        JsonObject record =
                describe(event)
                        .put("EventType", "Other")
                        .put("EventId", id)
                        .put("MemberId", "0")
                        .put("MessageSeverity", "OK")
                        .put("EventTimestamp", when.truncatedTo(ChronoUnit.MILLIS).toString());
        JsonObject envelope =
                new JsonObject()
                        .put("@odata.type", "#Event.v1_10_1.Event")
                        .put("Id", id)
                        .put("Name", "Event")
                        .put("Events", new JsonArray().add(record));
        write("id: " + id + "\ndata: " + envelope.encode() + "\n\n");
    }

    private JsonObject describe(ApplianceEvent event) {
        return switch (event) {
            case ApplianceEvent.PowerChanged(var power) ->
                    event(
                            "PowerStateChanged",
                            "Power is " + power.redfishName() + ".",
                            power.redfishName(),
                            paths.system());
            case ApplianceEvent.Booted(var slot, var image) ->
                    event(
                            "Booted",
                            image.version() + " runs from slot " + slot + ".",
                            image.version(),
                            paths.system());
            case ApplianceEvent.BootFailed(var slot) ->
                    event(
                            "BootFailed",
                            "Slot " + slot + " did not boot.",
                            slot.name(),
                            paths.system());
            case ApplianceEvent.WatchdogFired(var slot) ->
                    event(
                            "WatchdogFired",
                            "The watchdog starts slot " + slot + ".",
                            slot.name(),
                            paths.system());
            case ApplianceEvent.TaskChanged(var task) ->
                    event(
                            "TaskChanged",
                            "Task "
                                    + task.id()
                                    + " is "
                                    + task.state().redfishName()
                                    + " at "
                                    + task.percent()
                                    + " percent.",
                            task.state().redfishName(),
                            Paths.TASKS + "/" + task.id());
            case ApplianceEvent.ImageWritten(_, var slot, var image) ->
                    event(
                            "ImageWritten",
                            "Slot " + slot + " holds " + image.version() + ".",
                            image.version(),
                            Paths.FIRMWARE + "/BaseSlot" + slot);
            case ApplianceEvent.FaultInjected(var fault) ->
                    event(
                            "FaultInjected",
                            "Injected " + fault + ".",
                            fault.toString(),
                            paths.system());
        };
    }

    private static JsonObject event(String id, String text, String argument, String origin) {
        return new JsonObject()
                .put("MessageId", "SluiceSim.1.0." + id)
                .put("Message", text)
                .put("MessageArgs", new JsonArray().add(argument))
                .put("OriginOfCondition", link(origin));
    }

    private void write(String text) {
        for (HttpServerResponse stream : List.copyOf(streams)) {
            if (stream.writeQueueFull()) {
                streams.remove(stream);
                stream.reset();
            } else {
                stream.write(text);
            }
        }
    }
}
