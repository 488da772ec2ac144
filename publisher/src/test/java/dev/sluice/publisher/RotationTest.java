package dev.sluice.publisher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trust.channel.ChannelClient;
import dev.sluice.trust.channel.ChannelName;
import dev.sluice.trust.channel.ChannelOutcome;
import dev.sluice.trust.channel.ChannelRole;
import dev.sluice.trust.channel.DirectorySource;
import dev.sluice.trust.channel.SeenStore;
import dev.sluice.trust.channel.SeenVersions;
import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** New keys for a role of a channel, with clients that read between any two writes. */
@Tag("PKG-1")
final class RotationTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @TempDir private Path directory;
    private Path channel;
    private byte[] pinned = {};
    private final Memory following = new Memory();
    private final List<String> written = new ArrayList<>();

    /** Of a client that reads again and again. */
    private static final class Memory implements SeenStore {
        private Optional<SeenVersions> seen = Optional.empty();

        @Override
        public SeenVersions seen(ChannelName name) {
            return seen.orElseGet(() -> SeenVersions.none(name));
        }

        @Override
        public void store(SeenVersions now) {
            seen = Optional.of(now);
        }
    }

    @BeforeEach
    void init() throws IOException {
        channel = directory.resolve("channel");
        StringWriter out = new StringWriter();
        int exit =
                Publisher.run(
                        () -> NOW,
                        new PrintWriter(out),
                        new PrintWriter(out),
                        "channel",
                        "init",
                        channel.toString(),
                        "--name",
                        "stable",
                        "--ml-dsa");
        assertThat(exit).as(out::toString).isZero();
        pinned = Files.readAllBytes(ChannelDirectory.firstRoot(channel));
    }

    private ChannelOutcome read(SeenStore store, Instant at) {
        return new ChannelClient(pinned, store, () -> at)
                .read(new DirectorySource(ChannelDirectory.served(channel)));
    }

    private void isWholeForEveryClient(String after) {
        assertThat(read(new Memory(), NOW)).as(after).isInstanceOf(ChannelOutcome.Current.class);
        assertThat(read(following, NOW)).as(after).isInstanceOf(ChannelOutcome.Current.class);
    }

    private Keyring keys() throws IOException {
        return Keyring.of(List.of(channel.resolve("keys")), Optional.empty());
    }

    private void rotate(ChannelRole role, int most) throws IOException {
        Keyring.Drawn drawn =
                Keyring.Drawn.one(
                        role, List.of(SignatureScheme.ECDSA_P256, SignatureScheme.ML_DSA_65), 2);
        try (ChannelDirectory open =
                ChannelDirectory.open(
                        channel,
                        () -> NOW,
                        keys(),
                        (to, bytes) -> {
                            if (written.size() == most) {
                                throw new IOException("the power is gone");
                            }
                            ChannelDirectory.write(to, bytes);
                            written.add(to.getFileName().toString());
                            isWholeForEveryClient("after " + to.getFileName());
                        })) {
            drawn.store(channel.resolve("keys"), 2, Optional.empty());
            open.rotate(drawn);
        }
    }

    @ParameterizedTest
    @EnumSource(ChannelRole.class)
    void afterEachWriteTheChannelIsWholeForNewClientsAndForThoseThatFollow(ChannelRole role)
            throws IOException {
        isWholeForEveryClient("before");

        rotate(role, Integer.MAX_VALUE);

        assertThat(written)
                .containsExactlyElementsOf(
                        role == ChannelRole.ROOT
                                ? List.of(
                                        "2.root.json",
                                        "2.targets.json",
                                        "2.snapshot.json",
                                        "timestamp.json")
                                : List.of(
                                        "2.root.json",
                                        "2.targets.json",
                                        "2.snapshot.json",
                                        "timestamp.json",
                                        "3.root.json"));
    }

    @Test
    void afterARotationTheKeysBeforeAreWorthNothing() throws IOException {
        rotate(ChannelRole.TIMESTAMP, Integer.MAX_VALUE);
        for (String key : List.of("timestamp-2-1", "timestamp-2-2")) {
            Files.delete(channel.resolve("keys").resolve(key + ".key"));
        }

        StringWriter out = new StringWriter();
        int exit =
                Publisher.run(
                        () -> NOW,
                        new PrintWriter(out),
                        new PrintWriter(out),
                        "channel",
                        "refresh",
                        channel.toString());

        assertThat(exit).isEqualTo(Publisher.BAD_INPUT);
        assertThat(out.toString()).contains("0 of the keys for timestamp are here");
    }

    @Test
    void aRotationThatBrokeOffIsGoodForADayAndIsBegunAnew() throws IOException {
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> rotate(ChannelRole.TIMESTAMP, 1))
                .hasMessageContaining("the power is gone");
        isWholeForEveryClient("after the crash");
        assertThat(read(new Memory(), NOW.plus(Duration.ofDays(1))))
                .isInstanceOfSatisfying(
                        ChannelOutcome.Refused.class,
                        refused ->
                                assertThat(refused.reason())
                                        .isEqualTo(ChannelOutcome.Reason.EXPIRED));

        Files.delete(channel.resolve("keys/timestamp-2-1.key"));
        Files.delete(channel.resolve("keys/timestamp-2-1.pub"));
        Files.delete(channel.resolve("keys/timestamp-2-2.key"));
        Files.delete(channel.resolve("keys/timestamp-2-2.pub"));
        written.clear();
        rotate(ChannelRole.TIMESTAMP, Integer.MAX_VALUE);
        assertThat(written).endsWith("timestamp.json", "4.root.json");
        assertThat(read(new Memory(), NOW.plus(Duration.ofDays(1))))
                .isInstanceOf(ChannelOutcome.Current.class);
    }
}
