package dev.sluice.agent.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LedgerTest {

    private static final Ballot BALLOT = new Ballot(2, -1L, "m-b", Long.MIN_VALUE);

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
        FullDisk disk = new FullDisk();
        try (Ledger ledger = Ledger.open(disk, "eu-1")) {
            disk.full = true;
            assertThatThrownBy(() -> ledger.append(new LedgerRecord.BallotRaised(BALLOT)))
                    .hasMessage("ledger memory: cannot be written: No space left on device");
            assertThat(ledger.state().highestBallot()).isEqualTo(Optional.empty());

            disk.full = false;
            ledger.append(new LedgerRecord.BallotRaised(BALLOT));
            assertThat(ledger.state().highestBallot()).contains(BALLOT);
        }
        try (Ledger ledger = Ledger.open(disk, "eu-1")) {
            assertThat(ledger.state().highestBallot()).contains(BALLOT);
        }
    }

    private static final class FullDisk implements LedgerStorage {
        private byte[] bytes = {};
        private boolean full;

        @Override
        public String name() {
            return "memory";
        }

        @Override
        public byte[] read() {
            return bytes.clone();
        }

        @Override
        public void append(byte[] more) throws IOException {
            if (full) {
                throw new IOException("No space left on device");
            }
            byte[] longer = Arrays.copyOf(bytes, bytes.length + more.length);
            System.arraycopy(more, 0, longer, bytes.length, more.length);
            bytes = longer;
        }

        @Override
        public void replace(byte[] other) {
            bytes = other.clone();
        }
    }
}
