package dev.sluice.sample;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleSiteTest {

    @TempDir Path temporary;
    private Path socket;
    private SampleSite site;
    private Peer control;

    @BeforeEach
    void startSite() throws IOException {
        socket = temporary.resolve("run/control.sock");
        site = SampleSite.start(options(10, Duration.ofMinutes(1), Duration.ofMinutes(1)));
        control = Peer.control(socket);
    }

    @AfterEach
    void stopSite() throws Exception {
        control.close();
        site.close();
    }

    @Test
    void refusesSessionsUntilAdmissionIsOpened() throws Exception {
        try (Peer early = client()) {
            assertThat(early.ask("HELLO customer c1")).isEqualTo("NOT-ACCEPTING");
            assertThat(early.read()).isNull();
        }
        assertThat(control.ask("open")).contains("\"accepting\":true", "\"refused\":1");
        try (Peer late = client()) {
            assertThat(late.ask("HELLO customer c1")).isEqualTo("WELCOME 25.1.0 eu-1");
        }
    }

    @Test
    void countsSessionsByKindAndAnswersPingsWithItsVersion() throws Exception {
        control.ask("open");
        try (Peer customer = client();
                Peer console = client()) {
            customer.ask("HELLO customer c1");
            console.ask("HELLO console k1");
            assertThat(customer.ask("PING 42")).isEqualTo("PONG 42 25.1.0");
            assertThat(control.ask("status"))
                    .startsWith("{\"version\":\"25.1.0\",\"node\":\"eu-1\",\"accepting\":true,")
                    .contains(
                            "\"sessions\":{\"customer\":1,\"console\":1},\"admitted\":2,\"refused\":0");
            assertThat(customer.ask("BYE")).isEqualTo("BYE");
            assertThat(control.ask("status"))
                    .contains("\"sessions\":{\"customer\":0,\"console\":1}");
        }
    }

    @Test
    void letsProbesInWithoutCountingThemWhateverAdmissionSays() throws Exception {
        try (Peer probe = client()) {
            assertThat(probe.ask("HELLO probe p1")).isEqualTo("WELCOME 25.1.0 eu-1");
            assertThat(probe.ask("PING 1")).isEqualTo("PONG 1 25.1.0");
            assertThat(control.ask("status"))
                    .contains("\"customer\":0,\"console\":0},\"admitted\":0,\"refused\":0");
        }
    }

    @Test
    void keepsConnectedSessionsWhenAdmissionCloses() throws Exception {
        control.ask("open");
        try (Peer customer = client()) {
            customer.ask("HELLO customer c1");
            assertThat(control.ask("close")).contains("\"accepting\":false", "\"customer\":1");
            assertThat(customer.ask("PING 7")).isEqualTo("PONG 7 25.1.0");
        }
    }

    @Test
    void countsNoSessionAfterCloseWasAnswered() throws Exception {
        control.ask("open");
        int clients = 8;
        CountDownLatch closed = new CountDownLatch(1);
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> welcomedLate = new ArrayList<>();
            CountDownLatch running = new CountDownLatch(clients);
            for (int number = 0; number < clients; number++) {
                welcomedLate.add(pool.submit(knockUntilRefusedAfter(closed, running)));
            }
            running.await();
            String admitted = admittedIn(control.ask("close"));
            closed.countDown();
            for (Future<Integer> late : welcomedLate) {
                assertThat(late.get()).isZero();
            }
            assertThat(admittedIn(control.ask("status"))).isEqualTo(admitted);
        }
    }

    @Test
    void cutsEverySessionAndAnswersHowMany() throws Exception {
        control.ask("open");
        try (Peer first = client();
                Peer second = client()) {
            first.ask("HELLO customer c1");
            second.ask("HELLO console c2");
            assertThat(control.ask("cut"))
                    .contains("\"customer\":0,\"console\":0")
                    .contains("\"cut\":2");
            assertThat(first.read()).isNull();
            assertThat(second.read()).isNull();
        }
    }

    @Test
    void refusesSessionsAboveTheBoundButLetsProbesIn() throws Exception {
        control.ask("open");
        List<Peer> peers = new ArrayList<>();
        try {
            for (int number = 0; number < 10; number++) {
                Peer peer = client();
                peers.add(peer);
                assertThat(peer.ask("HELLO customer c" + number)).startsWith("WELCOME");
            }
            Peer eleventh = client();
            peers.add(eleventh);
            assertThat(eleventh.ask("HELLO customer c11")).isEqualTo("NOT-ACCEPTING");
            Peer probe = client();
            peers.add(probe);
            assertThat(probe.ask("HELLO probe p")).startsWith("WELCOME");
        } finally {
            for (Peer peer : peers) {
                peer.close();
            }
        }
    }

    @Test
    @Tag("REL-3")
    void answersWhatIsNotOfTheProtocolWithAnErrorAndCloses() throws Exception {
        control.ask("open");
        for (String wrong :
                List.of(
                        "",
                        "HELLO",
                        "HELLO admin c1",
                        "HELLO customer",
                        "HELLO customer a/b",
                        "PING 1",
                        "hello customer c")) {
            try (Peer peer = client()) {
                assertThat(peer.ask(wrong))
                        .isEqualTo("ERROR expected HELLO customer|console|probe CLIENT-ID");
                assertThat(peer.read()).isNull();
            }
        }
        for (String wrong :
                List.of("PING", "PING -1", "PING 1234567890123456789", "HELLO customer c1")) {
            try (Peer peer = client()) {
                peer.ask("HELLO customer c1");
                assertThat(peer.ask(wrong)).isEqualTo("ERROR expected PING NUMBER or BYE");
                assertThat(peer.read()).isNull();
            }
        }
        assertThat(control.ask("status")).contains("\"customer\":0,\"console\":0");
    }

    @Test
    @Tag("REL-3")
    void refusesLinesThatAreTooLongOrNotUtf8() throws Exception {
        try (Peer peer = client()) {
            peer.send("x".repeat(LineReader.MAX_LINE_BYTES + 2).getBytes(StandardCharsets.UTF_8));
            assertThat(peer.read()).isEqualTo("ERROR line is longer than 256 bytes");
        }
        try (Peer peer = client()) {
            peer.send(new byte[] {'H', (byte) 0xC3, (byte) 0x28, '\n'});
            assertThat(peer.read()).isEqualTo("ERROR line is not UTF-8");
        }
    }

    @Test
    void endsConnectionsThatDoNotSayHelloOrFallSilent() throws Exception {
        Path other = temporary.resolve("other/control.sock");
        SiteOptions impatient =
                new SiteOptions(
                        "1.0",
                        "eu-2",
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        other,
                        10,
                        Duration.ofMillis(100),
                        Duration.ofMillis(300));
        try (SampleSite quick = SampleSite.start(impatient);
                Peer quickControl = Peer.control(other);
                Peer mute = Peer.client(quick.address());
                Peer sleeper = Peer.client(quick.address())) {
            quickControl.ask("open");
            assertThat(sleeper.ask("HELLO customer c1")).startsWith("WELCOME");
            mute.send("HEL".getBytes(StandardCharsets.UTF_8));
            assertThat(mute.read()).isNull();
            assertThat(sleeper.read()).isNull();
        }
    }

    @Test
    @Tag("REL-3")
    void answersUnknownControlRequestsWithAnErrorAndGoesOn() throws Exception {
        assertThat(control.ask("reboot")).contains("\"error\":\"unknown request");
        assertThat(control.ask("status")).contains("\"accepting\":false");
    }

    @Test
    void keepsTheControlSocketToItsOwner() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())))
                .isEqualTo("rwx------");
    }

    @Test
    @Tag("REL-3")
    void refusesToStartWhereAnotherSiteListens() throws Exception {
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            SiteOptions options =
                    new SiteOptions(
                            "1.0",
                            "eu-2",
                            new InetSocketAddress(
                                    InetAddress.getLoopbackAddress(), taken.getLocalPort()),
                            temporary.resolve("second/control.sock"),
                            10,
                            Duration.ofSeconds(1),
                            Duration.ofSeconds(1));
            assertThatThrownBy(() -> SampleSite.start(options))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("listen address 127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("choose another --listen");
        }
        assertThatThrownBy(() ->
                        SampleSite.start(options(1, Duration.ofSeconds(1), Duration.ofSeconds(1))))
                .hasMessageContaining("in use by a running site");
    }

    @Test
    @Tag("REL-3")
    void refusesAControlDirectoryThatOthersMayEnterAndAFileInTheWay() throws Exception {
        Path open = Files.createDirectory(temporary.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThatThrownBy(() -> SampleSite.start(optionsWithControl(open.resolve("c.sock"))))
                .hasMessageContaining("expected mode rwx------, found rwxr-xr-x");
        Path file = Files.createFile(socket.resolveSibling("precious"));
        assertThatThrownBy(() -> SampleSite.start(optionsWithControl(file)))
                .hasMessageContaining("is a file");
        assertThat(file).exists();
    }

    @Test
    void takesOverTheSocketOfASiteThatDied() throws Exception {
        Path stale = socket.resolveSibling("stale.sock");
        try (var dead =
                java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            dead.bind(java.net.UnixDomainSocketAddress.of(stale));
        }
        try (SampleSite successor = SampleSite.start(optionsWithControl(stale));
                Peer peer = Peer.control(stale)) {
            assertThat(peer.ask("status")).contains("\"version\":\"25.1.0\"");
            assertThat(successor.address()).startsWith("127.0.0.1:");
        }
        assertThat(stale).doesNotExist();
    }

    @Test
    void shutsDownOnRequestAfterAnsweringAndEndingItsSessions() throws Exception {
        control.ask("open");
        try (Peer customer = client()) {
            customer.ask("HELLO customer c1");
            assertThat(control.ask("shutdown")).contains("\"accepting\":false", "\"cut\":1");
            site.awaitShutdownRequest();
            site.close();
            assertThat(customer.read()).isNull();
            assertThat(socket).doesNotExist();
        }
    }

    private Callable<Integer> knockUntilRefusedAfter(
            CountDownLatch closed, CountDownLatch running) {
        return () -> {
            boolean counted = false;
            while (true) {
                boolean afterClose = closed.getCount() == 0;
                try (Peer peer = client()) {
                    String answer = peer.ask("HELLO customer c");
                    if (afterClose) {
                        return "NOT-ACCEPTING".equals(answer) ? 0 : 1;
                    }
                    if (answer != null && answer.startsWith("WELCOME")) {
                        peer.ask("BYE");
                    }
                }
                if (!counted) {
                    counted = true;
                    running.countDown();
                }
            }
        };
    }

    private static String admittedIn(@Nullable String status) {
        return requireNonNull(status).replaceAll(".*\"admitted\":(\\d+).*", "$1");
    }

    private Peer client() throws IOException {
        return Peer.client(site.address());
    }

    private SiteOptions options(int maxSessions, Duration handshake, Duration idle) {
        return new SiteOptions(
                "25.1.0",
                "eu-1",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                socket,
                maxSessions,
                handshake,
                idle);
    }

    private SiteOptions optionsWithControl(Path path) {
        return new SiteOptions(
                "25.1.0",
                "eu-1",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                path,
                10,
                Duration.ofMinutes(1),
                Duration.ofMinutes(1));
    }

    @Test
    @Tag("PAIR-3")
    void tellsWhichSessionsBeganAndHowTheyEnded() throws Exception {
        control.ask("open");
        try (Peer polite = client();
                Peer rude = client();
                Peer cut = client();
                Peer probe = client()) {
            polite.ask("HELLO customer c1");
            rude.ask("HELLO console k1");
            cut.ask("HELLO customer c2");
            probe.ask("HELLO probe p1");
            polite.ask("BYE");
            rude.ask("SHOUT");
            control.ask("cut");
        }

        String log = requireNonNull(control.ask("log - 1"));

        assertThat(log).matches("\\{\"run\":\"\\d+-\\d+\",\"first\":1,\"more\":false,.*");
        assertThat(log.replaceAll("\"(began|ended)\":\\d+", "\"$1\":0"))
                .endsWith(
                        "\"entries\":["
                                + "{\"session\":1,\"kind\":\"customer\",\"began\":0},"
                                + "{\"session\":2,\"kind\":\"console\",\"began\":0},"
                                + "{\"session\":3,\"kind\":\"customer\",\"began\":0},"
                                + "{\"session\":1,\"kind\":\"customer\",\"began\":0,\"ended\":0,\"how\":\"client\"},"
                                + "{\"session\":2,\"kind\":\"console\",\"began\":0,\"ended\":0,\"how\":\"error\"},"
                                + "{\"session\":3,\"kind\":\"customer\",\"began\":0,\"ended\":0,\"how\":\"cut\"}]}");
        String run = log.substring(8, log.indexOf('"', 8));
        assertThat(control.ask("log " + run + " 7"))
                .isEqualTo("{\"run\":\"" + run + "\",\"first\":7,\"more\":false,\"entries\":[]}");
        assertThat(control.ask("log " + run + " 6")).contains("\"first\":6", "\"how\":\"cut\"");
        assertThat(control.ask("log 1-1 6")).contains("\"first\":1,");
        assertThat(control.ask("log " + run + " x")).contains("unknown request");
    }

    @Test
    @Tag("PAIR-3")
    void keepsTheLastBeginsAndEndsAndAnswersThemInParts() {
        SessionLog log = new SessionLog("7");
        for (int i = 1; i <= SessionLog.MAX_KEPT + 10; i++) {
            assertThat(log.began(Kind.CUSTOMER, i)).isEqualTo(i);
        }

        assertThat(log.answer("7", 1))
                .startsWith(
                        "{\"run\":\"7\",\"first\":11,\"more\":true,\"entries\":[{\"session\":11,")
                .contains("\"session\":138,")
                .doesNotContain("\"session\":139,");
        assertThat(log.answer("7", SessionLog.MAX_KEPT + 10)).contains("\"more\":false");
        assertThat(log.answer("7", Long.MAX_VALUE)).contains("\"entries\":[]");
    }
}
