package dev.sluice.agent.ledger;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.agent.ledger.Register.Member;
import dev.sluice.agent.ledger.Register.WitnessSet;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LedgerTest {

    private static final Ballot BALLOT = new Ballot(2, -1L, "m-b", Long.MIN_VALUE);

    private static final Register REGISTER =
            new Register(
                    BALLOT,
                    3,
                    List.of(new Member("m-b", "j-2"), new Member("m-a", "j-1")),
                    new WitnessSet(2, List.of(new Member("eu-1", "s-1"), new Member("m-a", "s-2"))),
                    Optional.of(new WitnessSet(1, List.of(new Member("eu-2", "s-3")))));

    @TempDir private Path directory = Path.of("");

    private Path file() {
        return directory.resolve("ledger");
    }

    private Ledger open() throws IOException {
        return Ledger.open(new FileLedgerStorage(file()), "eu-1");
    }

    @Test
    @Tag("CLU-15")
    void everythingRecordedIsThereAfterARestart() throws IOException {
        try (Ledger ledger = open()) {
            ledger.append(new LedgerRecord.BallotRaised(BALLOT));
            ledger.append(
                    new LedgerRecord.CommandExecuted("c1", new Outcome.Done("a", "é\n\"b\"")));
            ledger.append(new LedgerRecord.CommandExecuted("c2", Outcome.retryable("no")));
            ledger.append(new LedgerRecord.AdmissionDesired(true));
            ledger.append(
                    new LedgerRecord.ConfigurationKept(7, new TreeMap<>(Map.of("site.x", "1"))));
            ledger.append(new LedgerRecord.BytesReceived("m-a", 1234));
            ledger.append(
                    new LedgerRecord.InstallBegun(new InstallIntent("c3", "site", "2.0.0", "ab")));
            ledger.append(new LedgerRecord.InterlockSet("base went wrong"));
        }

        try (Ledger ledger = open()) {
            LedgerState state = ledger.state();
            assertThat(state.highestBallot()).contains(BALLOT);
            assertThat(state.outcome("c1")).contains(new Outcome.Done("a", "é\n\"b\""));
            assertThat(state.outcome("c2")).contains(Outcome.retryable("no"));
            assertThat(state.desiredAdmission()).contains(true);
            assertThat(state.configurationRevision()).isEqualTo(7);
            assertThat(state.settings()).containsEntry("site.x", "1");
            assertThat(state.receivedBytes()).containsEntry("m-a", 1234L);
            assertThat(state.installing()).contains(new InstallIntent("c3", "site", "2.0.0", "ab"));
            assertThat(state.interlock()).isEqualTo("base went wrong");
            assertThat(state.incarnation()).isEqualTo(2);
        }
    }

    @Test
    @Tag("REL-1")
    void aLowerBallotNeverReplacesAHigherOne() throws IOException {
        try (Ledger ledger = open()) {
            ledger.append(new LedgerRecord.BallotRaised(BALLOT));
            ledger.append(new LedgerRecord.BallotRaised(new Ballot(1, 99, "m-z", 1)));

            assertThat(ledger.state().highestBallot()).contains(BALLOT);
        }
    }

    @Test
    @Tag("REL-4")
    void aTornLastRecordIsCutAndTheOnesBeforeItStay() throws IOException {
        try (Ledger ledger = open()) {
            ledger.append(new LedgerRecord.BallotRaised(BALLOT));
            ledger.append(new LedgerRecord.AdmissionDesired(true));
        }
        byte[] whole = Files.readAllBytes(file());

        for (int cut = 1; cut < 20; cut++) {
            Files.write(file(), Arrays.copyOf(whole, whole.length - cut));
            try (Ledger ledger = open()) {
                assertThat(ledger.state().highestBallot()).contains(BALLOT);
                assertThat(ledger.state().desiredAdmission()).isEmpty();
            }
        }
    }

    @Test
    @Tag("REL-4")
    void aLastRecordOfWhichPagesNeverReachedTheDiskIsCut() throws IOException {
        try (Ledger ledger = open()) {
            ledger.append(new LedgerRecord.BallotRaised(BALLOT));
        }
        Files.write(file(), new byte[512], StandardOpenOption.APPEND);

        try (Ledger ledger = open()) {
            assertThat(ledger.state().highestBallot()).contains(BALLOT);
        }
    }

    @Test
    @Tag("REL-3")
    @Tag("REL-4")
    void anyChangedBitIsRefusedWithFileAndOffset() throws IOException {
        try (Ledger ledger = open()) {
            ledger.append(new LedgerRecord.BallotRaised(BALLOT));
            ledger.append(new LedgerRecord.AdmissionDesired(true));
        }
        byte[] whole = Files.readAllBytes(file());
        String text = new String(whole, StandardCharsets.UTF_8);
        int second = text.indexOf('\n') + 1;

        for (int at = second; at < text.indexOf('\n', second); at++) {
            byte[] changed = whole.clone();
            changed[at] ^= 1;
            Files.write(file(), changed);

            assertThatThrownBy(this::open)
                    .isInstanceOf(LedgerCorruptException.class)
                    .hasMessageContaining(file().toString())
                    .hasMessageContaining("offset " + second);
            assertThat(Files.readAllBytes(file())).isEqualTo(changed);
        }
    }

    @Test
    @Tag("REL-4")
    void aLastRecordThatWasWrittenAndChangedLaterIsNotTakenForATornOne() throws IOException {
        try (Ledger ledger = open()) {
            ledger.append(new LedgerRecord.BallotRaised(BALLOT));
        }
        byte[] whole = Files.readAllBytes(file());
        whole[whole.length - 4] ^= 1;
        Files.write(file(), whole);

        assertThatThrownBy(this::open).isInstanceOf(LedgerCorruptException.class);
    }

    @Test
    @Tag("REL-3")
    void theLedgerOfAnotherNodeIsRefused() throws IOException {
        open().close();

        assertThatThrownBy(() -> Ledger.open(new FileLedgerStorage(file()), "eu-2"))
                .hasMessageContaining(
                        "expected the ledger of node eu-2, found the one of node eu-1");
    }

    @Test
    void theOldestResultsAreForgottenFirst() {
        LedgerState state = LedgerState.empty();
        for (int number = 0; number <= LedgerState.MAX_EXECUTED; number++) {
            state = state.apply(new LedgerRecord.CommandExecuted("c" + number, new Outcome.Done()));
        }

        assertThat(state.outcome("c0")).isEmpty();
        assertThat(state.outcome("c1")).isPresent();
        assertThat(state.records()).hasSize(LedgerState.MAX_EXECUTED + 2);
    }

    @Test
    @Tag("REL-4")
    void aWriteThatFailsChangesNothingAndTheNextOneIsTried() throws IOException {
        MemoryLedgerStorage disk = new MemoryLedgerStorage();
        try (Ledger ledger = Ledger.open(disk, "eu-1")) {
            disk.full(true);
            assertThatThrownBy(() -> ledger.append(new LedgerRecord.BallotRaised(BALLOT)))
                    .hasMessage("ledger memory: cannot be written: No space left on device");
            assertThat(ledger.state().highestBallot()).isEqualTo(Optional.empty());

            disk.full(false);
            ledger.append(new LedgerRecord.BallotRaised(BALLOT));
            assertThat(ledger.state().highestBallot()).contains(BALLOT);
        }
        try (Ledger ledger = Ledger.open(disk, "eu-1")) {
            assertThat(ledger.state().highestBallot()).contains(BALLOT);
        }
    }

    @Test
    @Tag("REL-1")
    void whatWasPromisedAndAcceptedIsThereAfterARestartAndAfterCompaction() throws IOException {
        Ballot higher = new Ballot(3, 1, "m-a", 1);
        Register settled =
                new Register(BALLOT, 4, REGISTER.inSync(), REGISTER.witnesses(), Optional.empty());
        try (Ledger ledger = open()) {
            ledger.append(new LedgerRecord.RegisterAccepted(REGISTER));
        }
        try (Ledger ledger = open()) {
            assertThat(ledger.state().register()).contains(REGISTER);
            assertThat(ledger.state().promisedBallot()).contains(BALLOT);
            ledger.append(new LedgerRecord.RegisterAccepted(settled));
            ledger.append(new LedgerRecord.BallotPromised(higher));
        }

        for (int start = 0; start < 2; start++) {
            try (Ledger ledger = open()) {
                assertThat(ledger.state().register()).contains(settled);
                assertThat(ledger.state().promisedBallot()).contains(higher);
                assertThat(ledger.state().highestBallot()).isEmpty();
            }
        }
    }

    @Test
    @Tag("REL-1")
    void neitherALowerPromiseNorAnOlderRegisterReplacesWhatIsThere() {
        Register older =
                new Register(BALLOT, 2, REGISTER.inSync(), REGISTER.witnesses(), Optional.empty());
        LedgerState state =
                LedgerState.empty()
                        .apply(new LedgerRecord.RegisterAccepted(REGISTER))
                        .apply(new LedgerRecord.RegisterAccepted(older))
                        .apply(new LedgerRecord.BallotPromised(new Ballot(1, 99, "m-z", 1)));

        assertThat(state.register()).contains(REGISTER);
        assertThat(state.promisedBallot()).contains(BALLOT);
    }

    @Test
    @Tag("REL-1")
    void aLedgerKeepsItsNameAndALostOneComesBackUnderAnother() throws IOException {
        String name;
        try (Ledger ledger = open()) {
            name = ledger.state().storeId();
        }
        assertThat(name).matches("[0-9a-f]{32}");
        try (Ledger ledger = open()) {
            assertThat(ledger.state().storeId()).isEqualTo(name);
        }

        Files.delete(file());

        try (Ledger ledger = open()) {
            assertThat(ledger.state().storeId()).matches("[0-9a-f]{32}").isNotEqualTo(name);
        }
    }

    @Test
    void namesComeFromTheGivenRandomness() throws IOException {
        try (Ledger one = Ledger.open(new MemoryLedgerStorage(), "eu-1", new SplittableRandom(4));
                Ledger same =
                        Ledger.open(new MemoryLedgerStorage(), "eu-1", new SplittableRandom(4))) {
            assertThat(one.state().storeId()).isEqualTo(same.state().storeId());
        }
    }

    @Test
    @Tag("REL-1")
    void aLedgerOfTheReleaseBeforeWitnessesOpensAndIsNamedOnce() throws IOException {
        try (InputStream before = LedgerTest.class.getResourceAsStream("before-witnesses.ledger")) {
            Files.write(file(), requireNonNull(before).readAllBytes());
        }
        String name;
        try (Ledger ledger = open()) {
            LedgerState state = ledger.state();
            name = state.storeId();
            assertThat(name).matches("[0-9a-f]{32}");
            assertThat(state.incarnation()).isEqualTo(3);
            assertThat(state.highestBallot()).contains(BALLOT);
            assertThat(state.promisedBallot()).isEmpty();
            assertThat(state.register()).isEmpty();
            assertThat(state.outcome("c1")).contains(new Outcome.Done("a", "é\n\"b\""));
            assertThat(state.outcome("c2")).contains(Outcome.retryable("no"));
            assertThat(state.desiredAdmission()).contains(true);
            assertThat(state.configurationRevision()).isEqualTo(7);
            assertThat(state.settings()).containsEntry("site.x", "1");
            assertThat(state.receivedBytes()).containsEntry("m-a", 1234L);
            assertThat(state.installing()).contains(new InstallIntent("c3", "site", "2.0.0", "ab"));
            assertThat(state.interlock()).isEqualTo("base went wrong");
        }

        try (Ledger ledger = open()) {
            assertThat(ledger.state().storeId()).isEqualTo(name);
        }
    }

    /** As written by this release; what reads it must go on to do so. */
    @Test
    void theBytesOfTheWitnesssRecordsStayReadable() throws IOException {
        String promise =
                "{\"is\":\"promise\",\"generation\":2,\"counter\":-1,\"master\":\"m-b\","
                        + "\"incarnation\":-9223372036854775808}";
        String register =
                "{\"is\":\"register\",\"ballot\":{\"generation\":2,\"counter\":-1,\"master\":\"m-b\","
                        + "\"incarnation\":-9223372036854775808},\"sequence\":3,"
                        + "\"inSync\":[{\"id\":\"m-a\",\"store\":\"j-1\"},{\"id\":\"m-b\",\"store\":\"j-2\"}],"
                        + "\"witnesses\":{\"version\":2,\"members\":[{\"id\":\"eu-1\",\"store\":\"s-1\"},"
                        + "{\"id\":\"m-a\",\"store\":\"s-2\"}]},"
                        + "\"leaving\":{\"version\":1,\"members\":[{\"id\":\"eu-2\",\"store\":\"s-3\"}]}}";

        assertThat(json(new LedgerRecord.StoreNamed("5eed")))
                .isEqualTo("{\"is\":\"store\",\"id\":\"5eed\"}");
        assertThat(json(new LedgerRecord.BallotPromised(BALLOT))).isEqualTo(promise);
        assertThat(json(new LedgerRecord.RegisterAccepted(REGISTER))).isEqualTo(register);
    }

    private static String json(LedgerRecord entry) throws IOException {
        byte[] line = LedgerCodec.encode(entry);
        assertThat(LedgerCodec.decode("test", line).records()).containsExactly(entry);
        return new String(line, StandardCharsets.UTF_8).strip().substring(9);
    }

    @Test
    @Tag("REL-4")
    void aFailedSyncBreaksTheLedgerAndTellsItsOwner() throws IOException {
        MemoryLedgerStorage disk = new MemoryLedgerStorage();
        try (Ledger ledger = Ledger.open(disk, "eu-1")) {
            disk.full(true);
            assertThatThrownBy(() -> ledger.append(new LedgerRecord.BallotRaised(BALLOT)))
                    .hasMessageContaining("No space left on device");
            assertThat(ledger.broken()).as("a full disk breaks nothing").isNotDone();
            disk.full(false);

            disk.failNextSync();
            assertThatThrownBy(() -> ledger.append(new LedgerRecord.BallotRaised(BALLOT)))
                    .hasMessageContaining("its sync failed");

            assertThat(ledger.broken()).isCompleted();
            assertThat(ledger.state().highestBallot()).isEmpty();
        }
    }

    @Test
    @Tag("REL-4")
    void halfARecordThatCannotBeCutOffBreaksTheFileForGood() throws IOException {
        try (Ledger ledger = open()) {
            ledger.append(new LedgerRecord.BallotRaised(BALLOT));
        }
        FileLedgerStorage storage = new FileLedgerStorage(file());
        storage.append(LedgerCodec.encode(new LedgerRecord.AdmissionDesired(true)));
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> storage.append(new byte[] {1}))
                .isInstanceOf(LedgerBrokenException.class);
        assertThat(Thread.interrupted()).isTrue();

        assertThatThrownBy(() -> storage.append(new byte[] {1}))
                .isInstanceOf(LedgerBrokenException.class)
                .hasMessageContaining("see that the disk is well");
        try (Ledger ledger = open()) {
            assertThat(ledger.state().highestBallot()).contains(BALLOT);
        }
    }
}
