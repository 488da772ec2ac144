package dev.sluice.sim.redfish;

import static dev.sluice.sim.redfish.Paths.collection;
import static dev.sluice.sim.redfish.Paths.link;
import static dev.sluice.sim.redfish.Paths.resource;
import static dev.sluice.sim.redfish.Paths.status;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The service root and its sessions. */
final class ServiceResources {

    private static final int MAX_NAME_CHARS = 128;

    private final LiveAppliance live;
    private final Credentials credentials;
    private final Sessions sessions;

    ServiceResources(LiveAppliance live, Credentials credentials, Sessions sessions) {
        this.live = live;
        this.credentials = credentials;
        this.sessions = sessions;
    }

    void bind(Routes routes) {
        routes.read(Paths.VERSIONS, _ -> Optional.of(new JsonObject().put("v1", Paths.ROOT + "/")));
        routes.read(Paths.ROOT, _ -> Optional.of(root()));
        routes.read(Paths.SESSION_SERVICE, _ -> Optional.of(sessionService()));
        routes.read(
                Paths.SESSIONS,
                _ ->
                        Optional.of(
                                collection(
                                        Paths.SESSIONS,
                                        "SessionCollection",
                                        "Sessions",
                                        sessions.all().stream()
                                                .map(ServiceResources::pathOf)
                                                .toList())));
        routes.post(Paths.SESSIONS, (_, sent) -> login(sent));
        routes.read(
                Paths.SESSIONS + "/:id", id -> sessions.find(id).map(ServiceResources::describe));
        routes.delete(
                Paths.SESSIONS + "/:id",
                id ->
                        sessions.close(id)
                                ? new Reply.Done()
                                : Reply.problem(
                                        404, Message.invalidUri(Paths.SESSIONS + "/" + id)));
    }

    private JsonObject root() {
        String serial = live.spec().serial();
        return resource(
                        Paths.ROOT,
                        "ServiceRoot.v1_16_1.ServiceRoot",
                        "RootService",
                        "Root Service")
                .put("RedfishVersion", "1.20.0")
                .put(
                        "UUID",
                        UUID.nameUUIDFromBytes(serial.getBytes(StandardCharsets.UTF_8)).toString())
                .put("Vendor", "Sluice")
                .put("Systems", link(Paths.SYSTEMS))
                .put("Managers", link(Paths.MANAGERS))
                .put("Chassis", link(Paths.CHASSIS))
                .put("SessionService", link(Paths.SESSION_SERVICE))
                .put("UpdateService", link(Paths.UPDATE_SERVICE))
                .put("Tasks", link(Paths.TASK_SERVICE))
                .put("EventService", link(Paths.EVENT_SERVICE))
                .put("Links", new JsonObject().put("Sessions", link(Paths.SESSIONS)));
    }

    private static JsonObject sessionService() {
        return resource(
                        Paths.SESSION_SERVICE,
                        "SessionService.v1_1_9.SessionService",
                        "SessionService",
                        "Session Service")
                .put("ServiceEnabled", true)
                .put("SessionTimeout", Sessions.TIMEOUT.toSeconds())
                .put("Status", status("Enabled", "OK"))
                .put("Sessions", link(Paths.SESSIONS));
    }

    private Reply login(Payload sent) {
        Optional<String> user = sent.string("UserName", MAX_NAME_CHARS);
        Optional<String> password = sent.string("Password", MAX_NAME_CHARS);
        for (String needed : List.of("UserName", "Password")) {
            if (!sent.has(needed)) {
                sent.miss(needed);
            }
        }
        List<Message> problems = sent.problems();
        if (!problems.isEmpty()) {
            return new Reply.Problem(400, problems);
        }
        if (!credentials.match(user.orElseThrow(), password.orElseThrow())) {
            return Authentication.denied();
        }
        return sessions.open(user.get())
                .<Reply>map(session ->
                        new Reply.Body(
                                201,
                                describe(session),
                                Map.of(
                                        "X-Auth-Token",
                                        session.token(),
                                        "Location",
                                        pathOf(session))))
                .orElseGet(() ->
                        Reply.problem(
                                503,
                                Message.plain(
                                        "SessionLimitExceeded",
                                        "There are "
                                                + Sessions.MAX_SESSIONS
                                                + " sessions, the most that can be.",
                                        "Delete a session and resubmit the request.")));
    }

    private static JsonObject describe(Sessions.Session session) {
        return resource(
                        pathOf(session),
                        "Session.v1_7_0.Session",
                        session.id(),
                        "Session " + session.id())
                .put("UserName", session.user())
                .put("SessionType", "Redfish");
    }

    private static String pathOf(Sessions.Session session) {
        return Paths.SESSIONS + "/" + session.id();
    }
}
