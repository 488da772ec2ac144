package dev.sluice.trust.channel;

import static dev.sluice.trust.channel.ChannelFixture.NAME;
import static dev.sluice.trust.channel.ChannelFixture.NOW;
import static dev.sluice.trust.channel.ChannelFixture.key;
import static dev.sluice.trust.channel.ChannelFixture.pkg;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.channel.ChannelOutcome.Reason;
import dev.sluice.trust.channel.ChannelOutcome.Refused;
import dev.sluice.trust.channel.Metadata.FileReference;
import dev.sluice.trust.channel.Metadata.Header;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a client of a channel accepts, and every attack that it refuses. */
final class ChannelClientTest {
    private final ChannelFixture channel = ChannelFixture.create();

    @Test
    @Tag("PKG-3")
    void aChannelIsReadFromThePinnedRootToItsPackages() {
        Channel current = channel.current();

        assertThat(current.packages()).containsExactly(pkg("site", "25.1.0", 1));
        assertThat(current.versions()).isEqualTo(new SeenVersions(NAME, 1, 1, 1, 1));
        assertThat(current.signedAt()).isEqualTo(NOW);
        assertThat(current.expires()).isEqualTo(NOW.plus(Duration.ofDays(2)));
    }

    @Test
    @Tag("PKG-3")
    void whatWasSeenIsStoredBeforeAnythingIsDoneBecauseOfIt() {
        var _ = channel.current();

        assertThat(channel.log)
                .containsExactly(
                        "fetch 2.root.json",
                        "store stable: root 1, timestamp 0, snapshot 0, targets 0",
                        "fetch timestamp.json",
                        "store stable: root 1, timestamp 1, snapshot 0, targets 0",
                        "fetch 1.snapshot.json",
                        "fetch 1.targets.json",
                        "store stable: root 1, timestamp 1, snapshot 1, targets 1");
    }

    @Test
    @Tag("PKG-3")
    void aStoreThatFailsEndsTheReading() {
        SeenStore broken =
                new SeenStore() {
                    @Override
                    public SeenVersions seen(ChannelName name) {
                        return SeenVersions.none(name);
                    }

                    @Override
                    public void store(SeenVersions versions) throws IOException {
                        throw new IOException("disk full");
                    }
                };

        assertThat(
                        new ChannelClient(channel.pinned, broken, InstantSource.fixed(NOW))
                                .read(channel))
                .isEqualTo(new Refused(Reason.UNAVAILABLE, "disk full"));
    }

    @Test
    @Tag("PKG-3")
    void everyByteOfEveryFileMatters() {
        Map<String, byte[]> good = new TreeMap<>(channel.files);
        for (Map.Entry<String, byte[]> file : good.entrySet()) {
            for (int at = 0; at < file.getValue().length; at++) {
                byte[] changed = file.getValue().clone();
                changed[at] ^= (byte) (1 << at % 8);
                channel.files.put(file.getKey(), changed);
                if (file.getKey().equals("1.root.json")) {
                    assertThatThrownBy(() -> ChannelClient.pinned(changed))
                            .as("byte %d of %s", at, file.getKey())
                            .isInstanceOf(InvalidPackageException.class);
                } else {
                    channel.seen.clear();
                    assertThat(channel.refused().reason())
                            .as("byte %d of %s", at, file.getKey())
                            .isEqualTo(Reason.TAMPERED);
                }
            }
            channel.files.put(file.getKey(), file.getValue());
        }
        assertThat(channel.current().packages()).hasSize(1);
    }

    @Test
    @Tag("PKG-3")
    void everyByteOfANewRootMatters() {
        channel.rotate(ChannelRole.ROOT, 1, key());
        byte[] root = channel.file("2.root.json");
        assertThat(channel.current().versions().root()).isEqualTo(2);
        for (int at = 0; at < root.length; at++) {
            byte[] changed = root.clone();
            changed[at] ^= (byte) (1 << at % 8);
            channel.files.put("2.root.json", changed);
            assertThat(channel.refused().reason()).as("byte %d", at).isEqualTo(Reason.TAMPERED);
        }
    }

    @Test
    @Tag("PKG-3")
    void anOlderStateThanTheOneSeenIsRefused() {
        Map<String, byte[]> old = new TreeMap<>(channel.files);
        channel.publish(2, pkg("site", "25.2.0", 2));
        var _ = channel.current();
        channel.files.putAll(old);

        assertThat(channel.refused())
                .isEqualTo(
                        new Refused(
                                Reason.OLDER_THAN_SEEN,
                                "memory: timestamp.json: version 1 is older than 2, which was seen"
                                        + " already; the source is stale, or somebody wants an old"
                                        + " state installed"));
    }

    @Test
    @Tag("PKG-3")
    void anOlderSnapshotOrOlderTargetsUnderANewTimestampAreRefused() {
        byte[] oldSnapshot = channel.file("1.snapshot.json");
        byte[] oldTargets = channel.file("1.targets.json");
        channel.publish(2, pkg("site", "25.2.0", 2));
        var _ = channel.current();

        channel.timestamp(3, FileReference.to(1, oldSnapshot), Duration.ofDays(2));
        assertThat(channel.refused().message())
                .startsWith("memory: timestamp.json, its snapshot: version 1 is older than 2");

        byte[] snapshot =
                new Metadata.Snapshot(
                                channel.header(3, Duration.ofDays(2)),
                                FileReference.to(1, oldTargets))
                        .signed(channel.keys(ChannelRole.SNAPSHOT));
        channel.files.put("3.snapshot.json", snapshot);
        channel.timestamp(4, FileReference.to(3, snapshot), Duration.ofDays(2));
        assertThat(channel.refused().message())
                .startsWith("memory: 3.snapshot.json, its targets: version 1 is older than 2");
    }

    @Test
    @Tag("PKG-3")
    void aWithheldRootIsNoticedByWhoSawIt() {
        channel.rotate(ChannelRole.TARGETS, 1, key());
        channel.publish(2, pkg("site", "25.2.0", 2));
        var _ = channel.current();
        channel.files.remove("2.root.json");

        assertThat(channel.refused().message())
                .startsWith("memory: 1.root.json: version 1 is older than 2");
    }

    @Test
    @Tag("PKG-3")
    void aChannelThatIsHeldBackExpires() {
        channel.now = NOW.plus(Duration.ofDays(3));

        assertThat(channel.refused())
                .isEqualTo(
                        new Refused(
                                Reason.EXPIRED,
                                "memory: timestamp.json: expired at 2026-03-03T12:00:00Z, and this"
                                        + " machine's clock says 2026-03-04T12:00:00Z; the channel is"
                                        + " not kept up, somebody holds it back, or this clock is"
                                        + " ahead"));
    }

    @Test
    @Tag("PKG-2")
    @Tag("PRE-11")
    void aClockThatIsBehindIsNamedInsteadOfTheSignature() {
        channel.now = NOW.minus(Duration.ofHours(1));

        assertThat(channel.refused())
                .isEqualTo(
                        new Refused(
                                Reason.CLOCK,
                                "memory: this machine's clock says 2026-03-01T11:00:00Z, but the"
                                        + " newest root was signed at 2026-03-01T12:00:00Z: the clock"
                                        + " is behind by at least PT1H; set it first, signatures"
                                        + " cannot be judged before"));
    }

    @Test
    void clocksMayDifferByFiveMinutes() {
        channel.now = NOW.minus(Duration.ofMinutes(5));

        assertThat(channel.current().packages()).hasSize(1);
    }

    @Test
    @Tag("PKG-3")
    void anExpiredRootInBetweenIsFollowedAndAnExpiredNewestOneIsNot() {
        channel.now = NOW.plus(Duration.ofDays(400));

        assertThat(channel.refused().message()).startsWith("memory: the newest root: expired");
    }

    @Test
    @Tag("PKG-3")
    void filesOfTwoStatesAreNotMixed() {
        byte[] firstTargets = channel.file("1.targets.json");
        channel.publish(2, pkg("site", "25.2.0", 2));
        channel.files.put("2.targets.json", firstTargets);

        assertThat(channel.refused().message())
                .startsWith("memory: 2.targets.json: expected")
                .endsWith("the channel is mixed of two states, or the file was changed");
    }

    @Test
    @Tag("PKG-3")
    void aFileUnderAnotherVersionsNameIsRefused() {
        byte[] snapshot = channel.file("1.snapshot.json");
        channel.files.put("7.snapshot.json", snapshot);
        channel.timestamp(2, FileReference.to(7, snapshot), Duration.ofDays(2));

        assertThat(channel.refused().message())
                .isEqualTo(
                        "memory: 7.snapshot.json: expected version 7 of channel stable, found version"
                                + " 1 of channel stable");
    }

    @Test
    @Tag("PKG-3")
    void filesOfAnotherChannelWithTheSameKeysAreRefused() {
        FileReference any = FileReference.to(1, channel.file("1.snapshot.json"));
        channel.files.put(
                "timestamp.json",
                new Metadata.Timestamp(
                                new Header(
                                        new ChannelName("beta"),
                                        1,
                                        NOW,
                                        NOW.plus(Duration.ofDays(1))),
                                any)
                        .signed(channel.keys(ChannelRole.TIMESTAMP)));

        assertThat(channel.refused().message())
                .contains("of channel stable, found version 1 of channel beta");
    }

    @Test
    @Tag("PKG-3")
    void aVersionNearTheEndOfTheCounterIsRefused() {
        assertThatThrownBy(() -> channel.header(Metadata.MAX_VERSION + 1, Duration.ofDays(1)))
                .isInstanceOf(IllegalArgumentException.class);
        String payload =
                new String(
                                new Metadata.Timestamp(
                                                channel.header(77, Duration.ofDays(1)),
                                                FileReference.to(
                                                        1, channel.file("1.snapshot.json")))
                                        .encoded(),
                                StandardCharsets.UTF_8)
                        .replace("77", "9007199254740993");
        channel.files.put(
                "timestamp.json",
                Envelope.signed(
                                Envelope.METADATA,
                                payload.getBytes(StandardCharsets.UTF_8),
                                channel.keys(ChannelRole.TIMESTAMP))
                        .encoded());

        assertThat(channel.refused().message())
                .isEqualTo(
                        "memory: timestamp.json: version 9007199254740993, 1 to 9007199254740992"
                                + " expected");
    }

    @Test
    @Tag("PKG-3")
    void versionsThatAThiefRanUpAreForgottenWithTheKeysHeHad() {
        channel.publish(Metadata.MAX_VERSION, pkg("site", "25.2.0", 2));
        var _ = channel.current();
        channel.publish(2, pkg("site", "25.3.0", 3));
        assertThat(channel.refused().reason()).isEqualTo(Reason.OLDER_THAN_SEEN);

        channel.rotate(ChannelRole.TIMESTAMP, 1, key());
        channel.rotate(ChannelRole.SNAPSHOT, 1, key());
        channel.publish(3, pkg("site", "25.3.0", 3));
        assertThat(channel.refused().message())
                .as("the thief's targets key counts on")
                .contains("its targets: version 3 is older");

        channel.rotate(ChannelRole.TARGETS, 1, key());
        channel.publish(4, pkg("site", "25.3.0", 3));
        assertThat(channel.current().versions()).isEqualTo(new SeenVersions(NAME, 4, 4, 4, 4));
    }

    @Test
    @Tag("PKG-3")
    void aRootThatChangesOtherKeysResetsNothing() {
        Map<String, byte[]> old = new TreeMap<>(channel.files);
        channel.publish(2, pkg("site", "25.2.0", 2));
        var _ = channel.current();
        channel.rotate(ChannelRole.ROOT, 1, key());
        channel.files.putAll(
                Map.of("timestamp.json", old.getOrDefault("timestamp.json", new byte[0])));

        assertThat(channel.refused().reason()).isEqualTo(Reason.OLDER_THAN_SEEN);
    }

    @Test
    @Tag("PKG-3")
    void endlessFilesAndSizesThatWereNotAnnouncedAreRefused() {
        channel.files.put("timestamp.json", new byte[(1 << 16) + 1]);
        assertThat(channel.refused().message())
                .isEqualTo("memory: timestamp.json: more than the 65536 bytes that it may have");

        channel.publish(2, pkg("site", "25.2.0", 2));
        byte[] targets = channel.file("2.targets.json");
        channel.files.put("2.targets.json", Arrays.copyOf(targets, targets.length + 1));
        assertThat(channel.refused().message()).startsWith("memory: 2.targets.json: more than the");

        channel.files.put("2.root.json", new byte[(1 << 16) + 1]);
        assertThat(channel.refused().message())
                .isEqualTo("memory: 2.root.json: 65537 bytes, at most 65536 expected");
    }

    @Test
    @Tag("PKG-3")
    void anAnnouncementOfMoreThanAnyFileMayHaveIsRefusedUnfetched() {
        byte[] snapshot = channel.file("1.snapshot.json");
        channel.timestamp(
                2,
                new FileReference(1, 1L << 40, FileReference.to(1, snapshot).sha256()),
                Duration.ofDays(1));
        channel.log.clear();

        assertThat(channel.refused().message())
                .isEqualTo(
                        "memory: 1.snapshot.json: announced with 1099511627776 bytes, at most 65536"
                                + " expected");
        assertThat(channel.log).doesNotContain("fetch 1.snapshot.json");
    }

    @Test
    @Tag("PKG-3")
    void oneStolenKeyOfTwoIsNotEnough() {
        ChannelSigningKey one = key();
        ChannelSigningKey two = key();
        channel.rotate(ChannelRole.TARGETS, 2, one, two);
        channel.publish(2, pkg("site", "25.2.0", 2));
        assertThat(channel.current().packages()).hasSize(1);

        channel.keys.put(ChannelRole.TARGETS, List.of(one));
        channel.publish(3, pkg("site", "66.6.0", 3));
        assertThat(channel.refused().message())
                .isEqualTo(
                        "memory: 3.targets.json: signed by 1 of the keys that root 2 has for targets,"
                                + " at least 2 expected");
    }

    @Test
    @Tag("PKG-3")
    void aSecondSignatureByTheSameKeyDoesNotCount() {
        ChannelSigningKey one = key();
        channel.rotate(ChannelRole.TARGETS, 2, one, key());
        channel.keys.put(ChannelRole.TARGETS, List.of(one, one));
        channel.publish(2, pkg("site", "66.6.0", 3));

        assertThat(channel.refused().message())
                .isEqualTo("memory: 2.targets.json: two signatures by the key " + one.key().id());
    }

    @Test
    @Tag("PKG-3")
    void aKeyOfOneRoleSignsNothingOfAnother() {
        ChannelSigningKey timestampKey = channel.keys(ChannelRole.TIMESTAMP).getFirst();
        channel.keys.put(ChannelRole.TARGETS, List.of(timestampKey));
        channel.publish(2, pkg("site", "66.6.0", 3));

        assertThat(channel.refused().message())
                .isEqualTo(
                        "memory: 2.targets.json: signed by the key "
                                + timestampKey.key().id()
                                + ", which is not one for this");
    }

    @Test
    @Tag("PKG-3")
    void aNewRootNeedsTheOldKeysAndItsOwn() {
        ChannelSigningKey old = channel.keys(ChannelRole.ROOT).getFirst();
        ChannelSigningKey fresh = key();
        channel.keys.put(ChannelRole.ROOT, List.of(fresh));
        Metadata.Root next = channel.root(2);

        channel.files.put("2.root.json", next.signed(List.of(fresh)));
        assertThat(channel.refused().message())
                .isEqualTo(
                        "memory: 2.root.json: signed by 0 of the keys that root 1 has for root, at"
                                + " least 1 expected");
        channel.files.put("2.root.json", next.signed(List.of(old)));
        assertThat(channel.refused().message())
                .isEqualTo(
                        "memory: 2.root.json: signed by 0 of the keys that root 2 has for root, at"
                                + " least 1 expected");
        channel.files.put("2.root.json", next.signed(List.of(old, fresh)));
        assertThat(channel.current().versions().root()).isEqualTo(2);
    }

    @Test
    @Tag("PKG-3")
    void aRoleWhoseKeysAreEcdsaAndMlDsaWithThresholdTwoDemandsBoth() {
        ChannelSigningKey classic = key();
        ChannelSigningKey lattice = ChannelSigningKey.create(SignatureScheme.ML_DSA_65);
        channel.rotate(ChannelRole.TARGETS, 2, classic, lattice);
        channel.publish(2, pkg("site", "25.2.0", 2));
        assertThat(channel.current().packages()).hasSize(1);

        channel.keys.put(ChannelRole.TARGETS, List.of(classic));
        channel.publish(3, pkg("site", "25.3.0", 3));
        assertThat(channel.refused().reason()).isEqualTo(Reason.TAMPERED);
    }

    @Test
    @Tag("PKG-3")
    void aMissingFileIsNamed() {
        channel.files.remove("1.targets.json");

        assertThat(channel.refused())
                .isEqualTo(new Refused(Reason.UNAVAILABLE, "memory: 1.targets.json is not there"));
    }

    @Test
    @Tag("PKG-3")
    void anUnknownKeyOfAFileIsRefusedByName() {
        String payload =
                new String(
                                new Metadata.Timestamp(
                                                channel.header(2, Duration.ofDays(1)),
                                                FileReference.to(
                                                        1, channel.file("1.snapshot.json")))
                                        .encoded(),
                                StandardCharsets.UTF_8)
                        .replace("\"issued\"", "\"isued\"");
        channel.files.put(
                "timestamp.json",
                Envelope.signed(
                                Envelope.METADATA,
                                payload.getBytes(StandardCharsets.UTF_8),
                                channel.keys(ChannelRole.TIMESTAMP))
                        .encoded());

        assertThat(channel.refused().message())
                .isEqualTo("memory: timestamp.json: issued: expected a string, found nothing");
    }

    @Test
    void theSameMetadataGivesTheSameBytesAndComesBack() throws Exception {
        Metadata.Root root = channel.root(1);

        assertThat(Metadata.Root.parse(root.encoded(), "1.root.json").encoded())
                .isEqualTo(root.encoded());
        assertThat(Metadata.Root.parse(root.encoded(), "1.root.json")).isEqualTo(root);
    }

    @Test
    void theFirstRootIsPinnedAndNotFetched() {
        channel.files.remove("1.root.json");

        assertThat(channel.current().packages()).hasSize(1);
        assertThat(channel.log).doesNotContain("fetch 1.root.json");
    }
}
