package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.EndedSession;
import dev.sluice.v1.ListSessionRecordsRequest;
import dev.sluice.v1.ListSessionRecordsResponse;
import dev.sluice.v1.SessionEnd;
import dev.sluice.v1.SessionRecordExchange;
import dev.sluice.v1.SessionRecordLoss;
import dev.sluice.v1.SessionRecordStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a master with scripted answers. */
@Tag("PAIR-3")
final class SessionsCommandTest {
    @AutoClose private final FakeMaster master;
    private final Shell shell;

    SessionsCommandTest(@TempDir Path folder) throws IOException {
        this.shell = new Shell(folder);
        this.master = FakeMaster.start(Shell.AUTHORITY, PeerName.master("m-b"));
    }

    @BeforeEach
    void know() throws IOException {
        shell.addresses(master.address());
    }

    private static Timestamp at(String instant) {
        Instant at = Instant.parse(instant);
        return Timestamp.newBuilder()
                .setSeconds(at.getEpochSecond())
                .setNanos(at.getNano())
                .build();
    }

    static SessionRecordStatus status() {
        return SessionRecordStatus.newBuilder()
                .setKept(1_234)
                .setBytes(98_304)
                .addExchanges(
                        SessionRecordExchange.newBuilder()
                                .setMasterId("m-b")
                                .setTaken(25)
                                .setGiven(33)
                                .setLastComplete(at("2026-03-01T10:00:40Z")))
                .build();
    }

    private static ListSessionRecordsResponse response() {
        return ListSessionRecordsResponse.newBuilder()
                .setAnsweredBy("m-b")
                .addSessions(
                        EndedSession.newBuilder()
                                .setNodeId("eu-1")
                                .setStoreId("5eed")
                                .setSequence(42)
                                .setKind("customer")
                                .setBegan(at("2026-03-01T09:00:00Z"))
                                .setEnded(at("2026-03-01T10:00:05.250Z"))
                                .setEnd(SessionEnd.SESSION_END_CUT))
                .addSessions(
                        EndedSession.newBuilder()
                                .setNodeId("us-\u001b[31m1")
                                .setStoreId("77aa")
                                .setSequence(7)
                                .setKind("console")
                                .setBegan(at("2026-03-01T10:00:02Z"))
                                .setEnded(at("2026-03-01T10:00:04Z"))
                                .setEnd(SessionEnd.SESSION_END_LOST))
                .setMore(true)
                .setStatus(
                        status().toBuilder()
                                .addLosses(
                                        SessionRecordLoss.newBuilder()
                                                .setNodeId("eu-2")
                                                .setDropped(3)
                                                .setMissed(1)))
                .build();
    }

    @Test
    void listsRecordsAsTableJsonAndYaml() {
        master.answer(ListSessionRecordsRequest.class, _ -> response());

        assertThat(shell.run("sessions", "records")).as(shell.err()).isZero();
        Golden.matches("session-records.txt", shell.out());
        assertThat(shell.run("sessions", "records", "-o", "json")).isZero();
        Golden.matches("session-records.json", shell.out());
        assertThat(shell.run("sessions", "records", "-o", "yaml")).isZero();
        Golden.matches("session-records.yaml", shell.out());
    }

    @ParameterizedTest
    @CsvSource({"PT42.5S,2026-03-01T10:00:00Z", "2026-02-28T00:00:00Z,2026-02-28T00:00:00Z"})
    void asksForWhatWasChosen(String since, String expected) {
        assertThat(
                        shell.run(
                                "sessions",
                                "records",
                                "--node",
                                "eu-1",
                                "--since",
                                since,
                                "--limit",
                                "7"))
                .as(shell.err())
                .isZero();

        assertThat(master.asked())
                .contains(
                        ListSessionRecordsRequest.newBuilder()
                                .setNodeId("eu-1")
                                .setSince(at(expected))
                                .setLimit(7)
                                .build());
    }

    @ParameterizedTest
    @CsvSource({"--limit,0,1 to 1000", "--limit,1001,1 to 1000", "--since,yesterday,PT2H"})
    void nonsenseIsBadInput(String option, String value, String expected) {
        assertThat(shell.run("sessions", "records", option, value)).isEqualTo(1);
        assertThat(shell.err()).contains(option, expected, value);
    }

    @Test
    void saysWhyNoneAreStored() {
        master.answer(
                ListSessionRecordsRequest.class,
                _ ->
                        ListSessionRecordsResponse.newBuilder()
                                .setAnsweredBy("m-b")
                                .setStatus(
                                        SessionRecordStatus.newBuilder()
                                                .setUnavailable("No space left on device"))
                                .build());

        assertThat(shell.run("sessions", "records")).isZero();
        assertThat(shell.out()).contains("Master m-b: stores none: No space left on device");
    }
}
