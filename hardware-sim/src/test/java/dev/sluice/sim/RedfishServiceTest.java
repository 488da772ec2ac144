package dev.sluice.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.net.httpserver.HttpServer;
import dev.sluice.sim.appliance.ApplianceSpec;
import dev.sluice.sim.rack.Rack;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A hang fails the test after a while instead of holding the build. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RedfishServiceTest {

    private static final String SYSTEM = "/redfish/v1/Systems/eu-1";
    private static final String RESET = SYSTEM + "/Actions/ComputerSystem.Reset";
    private static final String INJECT = SYSTEM + "/Actions/Oem/SluiceSim.InjectFault";
    private static final String MANAGER = "/redfish/v1/Managers/eu-1";
    private static final String FIRMWARE = "/redfish/v1/UpdateService/FirmwareInventory";
    private static final byte[] IMAGE = image("7.0.0", 50_000);

    @TempDir Path temporary;
    private RackFixture rack;

    @BeforeEach
    void start() throws IOException {
        rack = RackFixture.start(temporary, rackOfOne());
    }

    @AfterEach
    void stop() throws IOException {
        rack.close();
    }

    @Test
    void everyLinkLeadsToAResourceWithItsOwnAddress() throws Exception {
        Deque<String> toVisit = new ArrayDeque<>(List.of("/redfish/v1"));
        Set<String> seen = new HashSet<>(toVisit);
        while (!toVisit.isEmpty()) {
            String path = toVisit.removeFirst();
            JsonObject resource = rack.get(path);
            assertThat(resource.getString("@odata.id")).isEqualTo(path);
            assertThat(resource.getString("@odata.type")).startsWith("#");
            links(resource)
                    .filter(link -> !link.contains("#") && seen.add(link))
                    .forEach(toVisit::add);
        }
        assertThat(seen)
                .contains(
                        SYSTEM,
                        MANAGER + "/NetworkProtocol",
                        SYSTEM + "/EthernetInterfaces/nic1",
                        MANAGER + "/EthernetInterfaces/bmc1",
                        "/redfish/v1/Chassis/eu-1/Thermal",
                        "/redfish/v1/Chassis/eu-1/Power",
                        FIRMWARE + "/BaseSlotB");
    }

    @Test
    void letsNobodyBeyondTheRootWithoutCredentials() throws Exception {
        assertThat(rack.send(rack.anonymous("/redfish/v1/").GET()).statusCode()).isEqualTo(200);
        assertThat(rack.send(rack.anonymous("/redfish").GET()).body()).contains("\"v1\"");
        HttpResponse<String> denied = rack.send(rack.anonymous(SYSTEM).GET());
        assertThat(denied.statusCode()).isEqualTo(401);
        assertThat(RackFixture.messageIds(denied)).containsExactly("Base.1.18.NoValidSession");
        assertThat(
                        rack.send(rack.anonymous(SYSTEM).header("X-Auth-Token", "guess").GET())
                                .statusCode())
                .isEqualTo(401);
        assertThat(login("admin", "wrong-password").statusCode()).isEqualTo(401);
        assertThat(login("nobody", "correct-horse").statusCode()).isEqualTo(401);
    }

    @Test
    void opensSessionsUpToABoundAndEndsThem() throws Exception {
        HttpResponse<String> login = login(RackFixture.USER, RackFixture.PASSWORD);
        assertThat(login.statusCode()).isEqualTo(201);
        String token = login.headers().firstValue("X-Auth-Token").orElseThrow();
        String session = login.headers().firstValue("Location").orElseThrow();
        assertThat(login.body()).doesNotContain(token).doesNotContain(RackFixture.PASSWORD);
        assertThat(withToken(session, token).statusCode()).isEqualTo(200);
        for (int more = 1; more < 32; more++) {
            assertThat(login(RackFixture.USER, RackFixture.PASSWORD).statusCode()).isEqualTo(201);
        }
        assertThat(login(RackFixture.USER, RackFixture.PASSWORD).statusCode()).isEqualTo(503);
        assertThat(
                        rack.send(rack.anonymous(session).header("X-Auth-Token", token).DELETE())
                                .statusCode())
                .isEqualTo(204);
        assertThat(withToken(SYSTEM, token).statusCode()).isEqualTo(401);
    }

    @Test
    void resetsTheSystemAndStreamsWhatHappens() throws Exception {
        try (RackFixture.Events events = rack.listen()) {
            assertThat(rack.post(RESET, "{\"ResetType\": \"GracefulRestart\"}").statusCode())
                    .isEqualTo(204);
            events.await("PowerStateChanged", "PoweringOff");
            events.await("PowerStateChanged", "Off");
            events.await("PowerStateChanged", "PoweringOn");
            events.await("Booted", "6.2.0");
            assertThat(rack.get(SYSTEM).getString("PowerState")).isEqualTo("On");
            assertThat(rack.post(RESET, "{\"ResetType\": \"ForceOff\"}").statusCode())
                    .isEqualTo(204);
            assertThat(rack.get(SYSTEM).getString("PowerState")).isEqualTo("Off");
            assertThat(rack.post(RESET, "{\"ResetType\": \"GracefulRestart\"}").statusCode())
                    .isEqualTo(409);
        }
    }

    @Test
    void runsAPushedImageAfterAReset() throws Exception {
        try (RackFixture.Events events = rack.listen()) {
            HttpResponse<String> accepted =
                    rack.push(
                            "{\"Oem\": {\"SluiceSim\": {\"Sha256\": \"" + sha256(IMAGE) + "\"}}}",
                            IMAGE);
            assertThat(accepted.statusCode()).isEqualTo(202);
            assertThat(accepted.headers().firstValue("Location"))
                    .contains("/redfish/v1/TaskService/TaskMonitors/1");
            events.await("TaskChanged", "Completed");
            assertThat(rack.get("/redfish/v1/TaskService/Tasks/1").getInteger("PercentComplete"))
                    .isEqualTo(100);
            assertThat(rack.get("/redfish/v1/TaskService/TaskMonitors/1").getString("TaskState"))
                    .isEqualTo("Completed");
            JsonObject slot = rack.get(FIRMWARE + "/BaseSlotB");
            assertThat(slot.getString("Version")).isEqualTo("7.0.0");
            assertThat(oem(slot).getString("Sha256")).isEqualTo(sha256(IMAGE));
            assertThat(oem(slot).getBoolean("NextBoot")).isTrue();
            assertThat(rack.get(FIRMWARE + "/Base").getString("Version")).isEqualTo("6.2.0");
            rack.post(RESET, "{\"ResetType\": \"ForceRestart\"}");
            events.await("Booted", "7.0.0");
            assertThat(rack.get(FIRMWARE + "/Base").getString("Version")).isEqualTo("7.0.0");
            assertThat(rack.get(FIRMWARE + "/BaseSlotA").getJsonObject("Status").getString("State"))
                    .isEqualTo("StandbySpare");
        }
        assertThat(Files.readAllBytes(stored("images").resolve(sha256(IMAGE) + ".img")))
                .isEqualTo(IMAGE);
        assertThat(stored("incoming")).isEmptyDirectory();
    }

    @Test
    void goesBackToTheFormerSlotWhenAsked() throws Exception {
        try (RackFixture.Events events = rack.listen()) {
            rack.push("{}", IMAGE);
            events.await("TaskChanged", "Completed");
            rack.post(RESET, "{\"ResetType\": \"ForceRestart\"}");
            events.await("Booted", "7.0.0");
            assertThat(
                            rack.patch(
                                            SYSTEM,
                                            "{\"Oem\": {\"SluiceSim\": {\"NextBootSlot\": \"A\"}}}")
                                    .statusCode())
                    .isEqualTo(200);
            rack.post(RESET, "{\"ResetType\": \"GracefulRestart\"}");
            events.await("Booted", "6.2.0");
        }
    }

    @Test
    void fetchesAnImageByHttp() throws Exception {
        HttpServer origin =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        origin.createContext(
                "/base.img",
                exchange -> {
                    exchange.sendResponseHeaders(200, IMAGE.length);
                    try (var out = exchange.getResponseBody()) {
                        out.write(IMAGE);
                    }
                });
        origin.start();
        String base = "http://127.0.0.1:" + origin.getAddress().getPort();
        try (RackFixture.Events events = rack.listen()) {
            assertThat(simpleUpdate(base + "/base.img").statusCode()).isEqualTo(202);
            events.await("TaskChanged", "Completed");
            assertThat(rack.get(FIRMWARE + "/BaseSlotB").getString("Version")).isEqualTo("7.0.0");
            assertThat(simpleUpdate(base + "/missing.img").statusCode()).isEqualTo(202);
            events.await("TaskChanged", "Exception");
            assertThat(taskMessage(2)).contains("was not received: expected status 200, found 404");
        } finally {
            origin.stop(0);
        }
    }

    @Test
    @Tag("REL-3")
    void endsTheTaskOfAnImageThatIsNotWhatWasDeclaredAndChangesNothing() throws Exception {
        try (RackFixture.Events events = rack.listen()) {
            rack.push(
                    "{\"Oem\": {\"SluiceSim\": {\"Sha256\": \"" + "0".repeat(64) + "\"}}}", IMAGE);
            events.await("TaskChanged", "Exception");
            assertThat(taskMessage(1))
                    .isEqualTo(
                            "The image has SHA-256 "
                                    + sha256(IMAGE)
                                    + ", expected "
                                    + "0".repeat(64)
                                    + ".");
            rack.push("{}", "SLUICE-SITE site 1.0\nabc".getBytes(StandardCharsets.US_ASCII));
            events.await("TaskChanged", "Exception");
            assertThat(taskMessage(2)).contains("it is no base image");
        }
        JsonObject task = rack.get("/redfish/v1/TaskService/Tasks/1");
        assertThat(task.getJsonArray("Messages").getJsonObject(0).getString("MessageId"))
                .isEqualTo("Update.1.1.VerificationFailed");
        assertThat(rack.get(FIRMWARE + "/BaseSlotB").getJsonObject("Status").getString("State"))
                .isEqualTo("Absent");
        assertThat(oem(rack.get(SYSTEM)).getString("NextBootSlot")).isEqualTo("A");
        assertThat(stored("incoming")).isEmptyDirectory();
    }

    @Test
    @Tag("REL-3")
    void refusesPushesThatAreTooLargeOrIncomplete() throws Exception {
        HttpResponse<String> large =
                rack.push("{}", image("7.0.0", (int) RackFixture.MAX_IMAGE_BYTES + 100_000));
        assertThat(large.statusCode()).isEqualTo(413);
        HttpResponse<String> bare =
                rack.send(
                        rack.request("/redfish/v1/UpdateService/multipart")
                                .POST(HttpRequest.BodyPublishers.ofString("{}")));
        assertThat(RackFixture.messageIds(bare))
                .containsExactly("Base.1.18.UnrecognizedRequestBody");
        HttpResponse<String> unknown = rack.push("{\"Turbo\": true}", IMAGE);
        assertThat(RackFixture.messageIds(unknown)).containsExactly("Base.1.18.PropertyUnknown");
        assertThat(rack.get("/redfish/v1/TaskService/Tasks").getInteger("Members@odata.count"))
                .isZero();
        assertThat(rack.push("{}", IMAGE).statusCode()).isEqualTo(202);
    }

    @Test
    void takesOneUpdateAtATime() throws Exception {
        rack.post(INJECT, "{\"Kind\": \"SlowUpdate\", \"Duration\": \"PT1H\"}");
        assertThat(rack.push("{}", IMAGE).statusCode()).isEqualTo(202);
        HttpResponse<String> second = rack.push("{}", IMAGE);
        assertThat(second.statusCode()).isEqualTo(409);
        assertThat(RackFixture.messageIds(second)).containsExactly("Base.1.18.UpdateInProgress");
        assertThat(simpleUpdate("http://127.0.0.1:1/x").statusCode()).isEqualTo(409);
    }

    @Test
    void fallsBackWhenTheNewSlotDoesNotBoot() throws Exception {
        try (RackFixture.Events events = rack.listen()) {
            rack.push("{}", IMAGE);
            events.await("TaskChanged", "Completed");
            assertThat(
                            rack.post(INJECT, "{\"Kind\": \"FaultySlot\", \"Slot\": \"B\"}")
                                    .statusCode())
                    .isEqualTo(204);
            rack.post(RESET, "{\"ResetType\": \"ForceRestart\"}");
            events.await("BootFailed", "B");
            events.await("WatchdogFired", "A");
            events.await("Booted", "6.2.0");
            assertThat(oem(rack.get(SYSTEM)).getString("LastBoot")).isEqualTo("FELL_BACK");
        }
    }

    @Test
    void showsInjectedHeatOnSensorAndChassis() throws Exception {
        rack.post(INJECT, "{\"Kind\": \"OverTemperature\", \"Celsius\": 101}");
        JsonObject cpu =
                rack.get("/redfish/v1/Chassis/eu-1/Thermal")
                        .getJsonArray("Temperatures")
                        .getJsonObject(0);
        assertThat(cpu.getInteger("ReadingCelsius")).isEqualTo(101);
        assertThat(cpu.getJsonObject("Status").getString("Health")).isEqualTo("Critical");
        assertThat(rack.get("/redfish/v1/Chassis/eu-1").getJsonObject("Status").getString("Health"))
                .isEqualTo("Critical");
    }

    @Test
    void answersNothingAndDoesNothingWhileUnresponsive() throws Exception {
        rack.post(INJECT, "{\"Kind\": \"Unresponsive\", \"Duration\": \"PT0.3S\"}");
        // A POST, because the client by itself repeats a GET whose connection was closed.
        Throwable hung = catchThrowable(() -> rack.post(RESET, "{\"ResetType\": \"ForceOff\"}"));
        assertThat(hung).isInstanceOf(IOException.class);
        assertThat(rack.get(SYSTEM).getString("PowerState")).isEqualTo("On");
    }

    @Test
    void setsClockNtpAndAddresses() throws Exception {
        assertThat(
                        rack.patch(MANAGER, "{\"DateTime\": \"2020-02-03T04:05:06+01:00\"}")
                                .statusCode())
                .isEqualTo(200);
        assertThat(Instant.parse(rack.get(MANAGER).getString("DateTime")))
                .isBetween(
                        Instant.parse("2020-02-03T03:05:06Z"),
                        Instant.parse("2020-02-03T04:05:06Z"));
        String ntp = "{\"NTP\": {\"ProtocolEnabled\": true, \"NTPServers\": [\"192.0.2.1\"]}}";
        assertThat(rack.patch(MANAGER + "/NetworkProtocol", ntp).statusCode()).isEqualTo(200);
        HttpResponse<String> refused =
                rack.patch(MANAGER, "{\"DateTime\": \"2020-02-03T04:05:06Z\"}");
        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(RackFixture.messageIds(refused))
                .containsExactly("Base.1.18.PropertyValueConflict");
        String address =
                "{\"IPv4StaticAddresses\": [{\"Address\": \"192.0.2.7\", \"SubnetMask\": \"255.255.255.0\"}]}";
        assertThat(rack.patch(SYSTEM + "/EthernetInterfaces/nic1", address).statusCode())
                .isEqualTo(200);
        JsonArray addresses =
                rack.get(SYSTEM + "/EthernetInterfaces/nic1").getJsonArray("IPv4Addresses");
        assertThat(addresses.getJsonObject(0).getString("Address")).isEqualTo("192.0.2.7");
        assertThat(addresses.getJsonObject(0).getString("Gateway")).isEqualTo("0.0.0.0");
    }

    @Test
    @Tag("REL-3")
    void explainsEveryWrongPropertyAndChangesNothing() throws Exception {
        HttpResponse<String> response =
                rack.patch(
                        SYSTEM,
                        "{\"PowerState\": \"Off\", \"Colour\": 1, \"Boot\": {\"BootSourceOverrideTarget\": \"Tape\"}}");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(RackFixture.messageIds(response))
                .containsExactlyInAnyOrder(
                        "Base.1.18.PropertyNotWritable",
                        "Base.1.18.PropertyUnknown",
                        "Base.1.18.PropertyValueNotInList");
        assertThat(response.body()).contains("#/Boot/BootSourceOverrideTarget");
        assertThat(rack.get(SYSTEM).getJsonObject("Boot").getString("BootSourceOverrideTarget"))
                .isEqualTo("None");
        for (String wrong :
                List.of(
                        "{\"IPv4StaticAddresses\": [{\"Address\": \"300.1.1.1\", \"SubnetMask\": \"255.0.0.0\"}]}",
                        "{\"IPv4StaticAddresses\": [{\"Address\": \"10.0.0.1\", \"SubnetMask\": \"255.0.255.0\"}]}",
                        "{\"IPv4StaticAddresses\": [{\"Address\": \"10.0.0.1\"}]}",
                        "{\"IPv4StaticAddresses\": \"10.0.0.1\"}",
                        "{\"InterfaceEnabled\": \"yes\"}",
                        "[1]",
                        "{")) {
            assertThat(rack.patch(SYSTEM + "/EthernetInterfaces/nic1", wrong).statusCode())
                    .as(wrong)
                    .isEqualTo(400);
        }
        for (String wrong :
                List.of(
                        "{}",
                        "{\"Kind\": \"Explodes\"}",
                        "{\"Kind\": \"UpdateFails\"}",
                        "{\"Kind\": \"UpdateFails\", \"Percent\": 100}",
                        "{\"Kind\": \"SlowUpdate\", \"Duration\": \"soon\"}",
                        "{\"Kind\": \"Unresponsive\", \"Duration\": \"PT2H\"}",
                        "{\"Kind\": \"BootFails\", \"Boots\": 1, \"Slot\": \"A\"}")) {
            assertThat(rack.post(INJECT, wrong).statusCode()).as(wrong).isEqualTo(400);
        }
        assertThat(rack.post(RESET, "{\"ResetType\": \"Nmi\"}").statusCode()).isEqualTo(400);
        assertThat(simpleUpdate("file:///etc/passwd").statusCode()).isEqualTo(400);
        assertThat(rack.post(RESET, "{\"x\": \"" + "y".repeat(70_000) + "\"}").statusCode())
                .isEqualTo(413);
    }

    @Test
    void answersWrongPathsAndMethods() throws Exception {
        HttpResponse<String> missing = rack.send(rack.request("/redfish/v1/Systems/other").GET());
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(RackFixture.messageIds(missing))
                .containsExactly("Base.1.18.ResourceMissingAtURI");
        HttpResponse<String> wrong = rack.send(rack.request(SYSTEM).DELETE());
        assertThat(wrong.statusCode()).isEqualTo(405);
        assertThat(wrong.headers().firstValue("Allow")).contains("GET, HEAD, PATCH");
        assertThat(rack.send(rack.request("/redfish/v1/TaskService/Tasks/99").GET()).statusCode())
                .isEqualTo(404);
    }

    @Test
    void honoursETags() throws Exception {
        String etag =
                rack.send(rack.request(SYSTEM).GET()).headers().firstValue("ETag").orElseThrow();
        assertThat(rack.send(rack.request(SYSTEM).header("If-None-Match", etag).GET()).statusCode())
                .isEqualTo(304);
        String change =
                "{\"Boot\": {\"BootSourceOverrideEnabled\": \"Once\", \"BootSourceOverrideTarget\": \"Hdd\"}}";
        assertThat(rack.patch(SYSTEM, change, "If-Match", "W/\"other\"").statusCode())
                .isEqualTo(412);
        assertThat(rack.patch(SYSTEM, change, "If-Match", etag).statusCode()).isEqualTo(200);
        assertThat(rack.patch(SYSTEM, change, "If-Match", etag).statusCode()).isEqualTo(412);
    }

    @Test
    void keepsItsStateWhenTheProcessStartsAgain() throws Exception {
        try (RackFixture.Events events = rack.listen()) {
            rack.push("{}", IMAGE);
            events.await("TaskChanged", "Completed");
        }
        rack.patch(SYSTEM + "/EthernetInterfaces/nic1", "{\"InterfaceEnabled\": false}");
        rack.post(RESET, "{\"ResetType\": \"ForceOff\"}");
        JsonObject before = rack.get(SYSTEM);
        rack.close();
        rack = RackFixture.start(temporary, rackOfOne());
        assertThat(rack.get(SYSTEM)).isEqualTo(before);
        assertThat(before.getString("PowerState")).isEqualTo("Off");
        assertThat(rack.get(FIRMWARE + "/BaseSlotB").getString("Version")).isEqualTo("7.0.0");
        assertThat(rack.get(SYSTEM + "/EthernetInterfaces/nic1").getBoolean("InterfaceEnabled"))
                .isFalse();
    }

    private HttpResponse<String> login(String user, String password) throws Exception {
        return rack.send(
                rack.anonymous("/redfish/v1/SessionService/Sessions")
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        new JsonObject()
                                                .put("UserName", user)
                                                .put("Password", password)
                                                .encode())));
    }

    private HttpResponse<String> withToken(String path, String token) throws Exception {
        return rack.send(rack.anonymous(path).header("X-Auth-Token", token).GET());
    }

    private HttpResponse<String> simpleUpdate(String uri) throws Exception {
        return rack.post(
                "/redfish/v1/UpdateService/Actions/UpdateService.SimpleUpdate",
                new JsonObject().put("ImageURI", uri).encode());
    }

    private String taskMessage(int task) throws Exception {
        return rack.get("/redfish/v1/TaskService/Tasks/" + task)
                .getJsonArray("Messages")
                .getJsonObject(0)
                .getString("Message");
    }

    private Path stored(String folder) {
        return temporary.resolve("state/eu-1").resolve(folder);
    }

    private static JsonObject oem(JsonObject resource) {
        return resource.getJsonObject("Oem").getJsonObject("SluiceSim");
    }

    private static Stream<String> links(Object json) {
        return switch (json) {
            case JsonObject object ->
                    object.stream()
                            .flatMap(member ->
                                    member.getKey().equals("@odata.id")
                                            ? Stream.of((String) member.getValue())
                                            : links(member.getValue()));
            case JsonArray array -> array.stream().flatMap(RedfishServiceTest::links);
            default -> Stream.of();
        };
    }

    private static byte[] image(String version, int sizeBytes) {
        byte[] bytes = new byte[sizeBytes];
        byte[] header = ("SLUICE-BASE base " + version + "\n").getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(header, 0, bytes, 0, header.length);
        return bytes;
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static Rack rackOfOne() {
        Duration quick = Duration.ofMillis(20);
        return new Rack(
                List.of(
                        new Rack.Place(
                                new ApplianceSpec(
                                        "eu-1",
                                        "sx-100",
                                        "S-1",
                                        "6.2.0",
                                        quick,
                                        quick,
                                        quick,
                                        Duration.ZERO,
                                        1,
                                        List.of()),
                                0)));
    }
}
