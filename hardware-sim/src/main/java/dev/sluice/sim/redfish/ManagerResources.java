package dev.sluice.sim.redfish;

import static dev.sluice.sim.redfish.Paths.collection;
import static dev.sluice.sim.redfish.Paths.link;
import static dev.sluice.sim.redfish.Paths.links;
import static dev.sluice.sim.redfish.Paths.resource;
import static dev.sluice.sim.redfish.Paths.status;

import dev.sluice.sim.appliance.Appliance;
import dev.sluice.sim.appliance.Ntp;
import dev.sluice.sim.appliance.Outcome;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** Managers/{id}: the management controller's clock and where it takes the time from. */
final class ManagerResources {

    private static final int MAX_SERVERS = 8;
    private static final int MAX_HOST_CHARS = 255;
    private static final int MAX_TIME_CHARS = 40;

    private final LiveAppliance live;
    private final Paths paths;

    ManagerResources(LiveAppliance live, Paths paths) {
        this.live = live;
        this.paths = paths;
    }

    void bind(Routes routes) {
        routes.read(
                Paths.MANAGERS,
                _ ->
                        Optional.of(
                                collection(
                                        Paths.MANAGERS,
                                        "ManagerCollection",
                                        "Managers",
                                        List.of(paths.manager()))));
        routes.write(
                paths.manager(),
                _ -> Optional.of(live.use(this::manager)),
                (_, sent) -> change(sent));
        routes.write(
                paths.networkProtocol(),
                _ -> Optional.of(live.use(this::networkProtocol)),
                (_, sent) -> changeProtocol(sent));
    }

    private JsonObject manager(Appliance appliance) {
        String id = appliance.spec().id();
        return resource(
                        paths.manager(),
                        "Manager.v1_19_0.Manager",
                        id,
                        id + " management controller")
                .put("ManagerType", "BMC")
                .put("Model", "Sluice simulated controller")
                .put("FirmwareVersion", "1.0.0")
                .put("PowerState", "On")
                .put("DateTime", appliance.now().truncatedTo(ChronoUnit.MILLIS).toString())
                .put("DateTimeLocalOffset", "+00:00")
                .put("Status", status("Enabled", "OK"))
                .put("NetworkProtocol", link(paths.networkProtocol()))
                .put("EthernetInterfaces", link(paths.manager() + "/EthernetInterfaces"))
                .put(
                        "Links",
                        new JsonObject()
                                .put("ManagerForServers", links(List.of(paths.system())))
                                .put("ManagerForChassis", links(List.of(paths.chassis()))));
    }

    private JsonObject networkProtocol(Appliance appliance) {
        Ntp ntp = appliance.state().ntp();
        return resource(
                        paths.networkProtocol(),
                        "ManagerNetworkProtocol.v1_10_0.ManagerNetworkProtocol",
                        "NetworkProtocol",
                        "Network Protocol")
                .put("HostName", appliance.spec().id())
                .put("Status", status("Enabled", "OK"))
                .put(
                        "NTP",
                        new JsonObject()
                                .put("ProtocolEnabled", ntp.enabled())
                                .put("NTPServers", new JsonArray(ntp.servers())));
    }

    private Reply change(Payload sent) {
        Optional<String> text = sent.string("DateTime", MAX_TIME_CHARS);
        Optional<Instant> time = text.flatMap(given -> instant(sent, given));
        List<Message> problems = sent.problems();
        if (!problems.isEmpty()) {
            return new Reply.Problem(400, problems);
        }
        if (time.isPresent()
                && live.use(appliance -> appliance.setTime(time.get()))
                        instanceof Outcome.Rejected(String reason)) {
            return Reply.problem(409, Message.propertyValueConflict("DateTime", reason));
        }
        return new Reply.Done();
    }

    private Reply changeProtocol(Payload sent) {
        Optional<Payload> given = sent.object("NTP");
        Optional<Boolean> enabled = given.flatMap(ntp -> ntp.bool("ProtocolEnabled"));
        Optional<List<String>> servers =
                given.flatMap(ntp -> ntp.strings("NTPServers", MAX_SERVERS, MAX_HOST_CHARS));
        List<Message> problems = sent.problems();
        if (!problems.isEmpty()) {
            return new Reply.Problem(400, problems);
        }
        Ntp now = live.use(appliance -> appliance.state().ntp());
        Ntp changed = new Ntp(enabled.orElse(now.enabled()), servers.orElse(now.servers()));
        if (changed.enabled() && changed.servers().isEmpty()) {
            return Reply.problem(
                    409,
                    Message.propertyValueConflict("NTP/ProtocolEnabled", "NTPServers is empty"));
        }
        live.use(appliance -> {
            appliance.setNtp(changed);
            return true;
        });
        return new Reply.Done();
    }

    private static Optional<Instant> instant(Payload sent, String text) {
        try {
            return Optional.of(OffsetDateTime.parse(text).toInstant());
        } catch (DateTimeException _) {
            sent.refuse(
                    "DateTime",
                    text,
                    "the times in ISO 8601 with an offset, such as 2026-01-31T12:00:00Z");
            return Optional.empty();
        }
    }
}
