package dev.sluice.agent.hardware;

import dev.sluice.agent.config.AgentConfig;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** A node behind a management controller that speaks Redfish (DMTF DSP0266). */
public final class RedfishHardware implements Hardware, Power, FirmwareSlots, Clock, Sensors {

    private static final String UPDATE_SERVICE = "/redfish/v1/UpdateService";
    private static final String FIRMWARE = UPDATE_SERVICE + "/FirmwareInventory";
    private static final String BOUNDARY = "sluice-image-7d1f2b8c5e";
    private static final int MAX_INVENTORY = 64;
    private static final int CONFLICT = 409;
    private static final Duration UPDATE = Duration.ofMinutes(10);
    private static final Duration POLL = Duration.ofMillis(200);

    private final RedfishClient client;
    private final String systemPath;
    private final InstantSource clock;

    private RedfishHardware(RedfishClient client, String systemId, InstantSource clock) {
        this.client = client;
        this.systemPath = "/redfish/v1/Systems/" + systemId;
        this.clock = clock;
    }

    /**
     * Reads authority and credentials; connects only when something is asked.
     *
     * @throws IOException when a file cannot be used; the message names it
     */
    public static RedfishHardware open(AgentConfig.Redfish config, InstantSource clock)
            throws IOException {
        return new RedfishHardware(RedfishClient.open(config), config.systemId(), clock);
    }

    @Override
    public Power power() {
        return this;
    }

    @Override
    public FirmwareSlots firmware() {
        return this;
    }

    @Override
    public Clock clock() {
        return this;
    }

    @Override
    public Sensors sensors() {
        return this;
    }

    @Override
    public State state() throws IOException {
        return switch (client.get(systemPath).path("PowerState").asString("")) {
            case "On" -> State.ON;
            case "Off" -> State.OFF;
            case "PoweringOn" -> State.POWERING_ON;
            case "PoweringOff" -> State.POWERING_OFF;
            default -> State.UNKNOWN;
        };
    }

    @Override
    public void restart() throws IOException {
        String type =
                switch (state()) {
                    case ON -> "GracefulRestart";
                    case OFF -> "On";
                    case POWERING_ON, POWERING_OFF, UNKNOWN -> "ForceRestart";
                };
        client.post(
                systemPath + "/Actions/ComputerSystem.Reset",
                RedfishClient.object().put("ResetType", type));
    }

    @Override
    public SortedMap<String, String> active() throws IOException {
        SortedMap<String, String> active = new TreeMap<>();
        int seen = 0;
        for (JsonNode member : client.get(FIRMWARE).path("Members")) {
            if (++seen > MAX_INVENTORY) {
                break;
            }
            JsonNode item = client.get(member.path("@odata.id").asString(""));
            String name = item.path("SoftwareId").asString("");
            String version = item.path("Version").asString("");
            boolean enabled = item.path("Status").path("State").asString("").equals("Enabled");
            if (enabled && !name.isEmpty() && !version.isEmpty()) {
                active.put(name, version);
            }
        }
        return active;
    }

    @Override
    public void push(String packageName, String version, Path image)
            throws IOException, InterruptedException {
        String title = packageName + " " + version;
        String uri = client.get(UPDATE_SERVICE).path("MultipartHttpPushUri").asString("");
        if (uri.isEmpty()) {
            throw new IOException(
                    "expected the management controller to take images by MultipartHttpPushUri, found none");
        }
        long end = System.nanoTime() + UPDATE.toNanos();
        Optional<RedfishClient.Answer> answer = Optional.empty();
        while (answer.isEmpty()) {
            answer = pushOnce(uri, image);
            if (answer.isEmpty()) {
                pauseUntil(end, "another update is in progress");
            }
        }
        JsonNode task = answer.get().body();
        Optional<String> monitor = answer.get().location();
        while (monitor.isPresent() && !isEnded(task)) {
            pauseUntil(end, "the image of " + title + " is not written");
            task = client.get(monitor.get());
        }
        String state = task.path("TaskState").asString("");
        if (monitor.isPresent() && !state.equals("Completed")) {
            throw new IOException(
                    "expected the management controller to write the image, found %s: %s"
                            .formatted(
                                    state,
                                    task.path("Messages").path(0).path("Message").asString("")));
        }
    }

    @Override
    public long offsetMillis() throws IOException {
        String path =
                client.get(systemPath)
                        .path("Links")
                        .path("ManagedBy")
                        .path(0)
                        .path("@odata.id")
                        .asString("");
        if (path.isEmpty()) {
            return 0;
        }
        long before = clock.millis();
        String text = client.get(path).path("DateTime").asString("");
        long after = clock.millis();
        try {
            return OffsetDateTime.parse(text).toInstant().toEpochMilli()
                    - (before + (after - before) / 2);
        } catch (DateTimeException _) {
            return 0;
        }
    }

    @Override
    public Reading read() throws IOException {
        JsonNode system = client.get(systemPath);
        String chassis =
                system.path("Links").path("Chassis").path(0).path("@odata.id").asString("");
        double highest = 0;
        String hot = "";
        if (!chassis.isEmpty()) {
            for (JsonNode sensor : client.get(chassis + "/Thermal").path("Temperatures")) {
                double celsius = sensor.path("ReadingCelsius").asDouble(0);
                highest = Math.max(highest, celsius);
                if (sensor.path("Status").path("Health").asString("").equals("Critical")) {
                    hot = "%s at %.0f °C".formatted(sensor.path("Name").asString(""), celsius);
                }
            }
        }
        String health = system.path("Status").path("Health").asString("OK");
        String fault =
                health.equals("OK")
                        ? hot
                        : "system health is %s, state %s"
                                .formatted(
                                        health,
                                        system.path("Status").path("State").asString("unknown"));
        return new Reading(highest, system.path("Model").asString(""), fault);
    }

    @Override
    public void close() {
        client.close();
    }

    /** Empty when another update is in progress. */
    private Optional<RedfishClient.Answer> pushOnce(String uri, Path image) throws IOException {
        String parameters =
                RedfishClient.object().put("@Redfish.OperationApplyTime", "OnReset").toString();
        String head =
                part("UpdateParameters", "", "application/json")
                        + parameters
                        + "\r\n"
                        + part("UpdateFile", "; filename=\"image\"", "application/octet-stream");
        BodyPublisher body =
                BodyPublishers.concat(
                        BodyPublishers.ofString(head),
                        BodyPublishers.ofFile(image),
                        BodyPublishers.ofString("\r\n--" + BOUNDARY + "--\r\n"));
        try {
            return Optional.of(
                    client.post(uri, "multipart/form-data; boundary=" + BOUNDARY, body, UPDATE));
        } catch (RedfishClient.RefusedException e) {
            if (e.status() == CONFLICT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static String part(String name, String more, String type) {
        return "--%s\r\nContent-Disposition: form-data; name=\"%s\"%s\r\nContent-Type: %s\r\n\r\n"
                .formatted(BOUNDARY, name, more, type);
    }

    private static boolean isEnded(JsonNode task) {
        return switch (task.path("TaskState").asString("")) {
            case "Completed", "Exception", "Killed", "Cancelled" -> true;
            default -> false;
        };
    }

    private static void pauseUntil(long endNanos, String subject)
            throws IOException, InterruptedException {
        if (System.nanoTime() - endNanos > 0) {
            throw new IOException(
                    "%s after %d s; look at the management controller"
                            .formatted(subject, UPDATE.toSeconds()));
        }
        Thread.sleep(POLL);
    }
}
