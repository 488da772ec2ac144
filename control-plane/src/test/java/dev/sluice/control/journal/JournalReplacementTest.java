package dev.sluice.control.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A journal that is given up for one that begins after another master's snapshot. */
final class JournalReplacementTest {

    private static final JournalOptions OPTIONS =
            JournalOptions.defaults().withSegmentBytes(4 << 10).withPreallocateBytes(0);
    private static final long MAX_BYTES = 1 << 20;
    private static final byte[] STATE = Entries.payload(99, 3000);

    private MemoryDisk own = new MemoryDisk();
    private MemoryDisk archive = new MemoryDisk();
    private MemoryDisk incoming = new MemoryDisk();
    private final MemoryDisk primary = new MemoryDisk();
    private int ids;

    private String nextId() {
        return "%032x".formatted(++ids);
    }

    @BeforeEach
    void aPrimaryHasASnapshotAtEntry40() throws IOException {
        try (Journal journal =
                Journal.open(
                        primary,
                        OPTIONS,
                        this::nextId,
                        JournalPosition.GENESIS,
                        EntryVisitor.ignoring())) {
            journal.append(Entries.payloads(1000, 40, 300));
            journal.force();
            store(primary).save(journal.lastPosition(), out -> out.write(STATE));
        }
    }

    private static SnapshotStore store(Disk disk) {
        return new SnapshotStore(disk, MAX_BYTES);
    }

    /**
     * An own journal of 20 entries, with a snapshot of its own, and the primary's whole snapshot.
     */
    private void prepareDisks() throws IOException {
        own = new MemoryDisk();
        archive = new MemoryDisk();
        incoming = new MemoryDisk();
        try (Journal journal = openOld()) {
            journal.append(Entries.payloads(1, 20, 300));
            journal.force();
            store(own).save(journal.positionAt(10), out -> out.write(1));
        }
        own.restart();
        receive(new IncomingSnapshot(incoming));
    }

    private Journal openOld() throws IOException {
        return Journal.open(
                own, OPTIONS, this::nextId, JournalPosition.GENESIS, EntryVisitor.ignoring());
    }

    private void receive(IncomingSnapshot snapshot) throws IOException {
        try (StoredSnapshot stored = store(primary).openNewest(0).orElseThrow()) {
            snapshot.begin(
                    new IncomingSnapshot.Offer(
                            stored.position(),
                            stored.size(),
                            HexFormat.of().formatHex(stored.sha256())));
            for (long at = 0; at < stored.size(); at = snapshot.arrived()) {
                snapshot.add(stored.read(at, 1000));
            }
        }
        assertThat(snapshot.isWhole()).isTrue();
    }

    private String replace() throws IOException {
        JournalReplacement replacement = new JournalReplacement(own);
        String id;
        try (Journal journal = openOld()) {
            id = journal.storeId();
            replacement.prepare(new IncomingSnapshot(incoming), archive, id);
            replacement.decide();
        }
        replacement.finish(OPTIONS, this::nextId, MAX_BYTES);
        return id;
    }

    private Journal openNew() throws IOException {
        LoadedSnapshots<byte[]> loaded = store(own).loadNewest((_, in) -> in.readAllBytes());
        assertThat(loaded.newest().map(LoadedSnapshots.LoadedSnapshot::state)).hasValue(STATE);
        return Journal.open(own, OPTIONS, this::nextId, loaded.position(), EntryVisitor.ignoring());
    }

    @Test
    @Tag("PAIR-4")
    void beginsAfterTheSnapshotUnderANewNameAndKeepsTheOldOneInTheArchive() throws IOException {
        prepareDisks();
        List<String> before = own.list();

        String id = replace();

        try (Journal journal = openNew()) {
            assertThat(journal.firstIndex()).isEqualTo(41);
            assertThat(journal.lastIndex()).isEqualTo(40);
            assertThat(journal.storeId()).isNotEqualTo(id);
            assertThat(journal.append(Entries.payloads(1040, 1, 10))).isEqualTo(41);
            journal.force();
        }
        assertThat(archive.list())
                .containsExactlyInAnyOrderElementsOf(
                        before.stream().map(name -> "replaced-" + id + "-" + name).toList());
        assertThat(own.list())
                .containsExactlyInAnyOrder(
                        "00000000000000000041.log",
                        "snapshot-00000000000000000040.snap",
                        "store-id");
    }

    @Test
    @Tag("PAIR-4")
    @Tag("CLU-15")
    void aCrashAtAnyChangeLeavesTheOldJournalOrLeadsToTheNewOne() throws IOException {
        prepareDisks();
        long before = own.changes();
        replace();
        long changes = own.changes() - before;
        int old = 0;
        int begun = 0;
        for (long crashAt = 1; crashAt <= changes; crashAt++) {
            prepareDisks();
            List<String> files = own.list();
            own.crashAtChange(crashAt);
            assertThatThrownBy(this::replace)
                    .as("crash at %d", crashAt)
                    .isInstanceOf(MemoryDisk.Crash.class);
            losePower(crashAt);
            new JournalReplacement(own).finish(OPTIONS, this::nextId, MAX_BYTES);

            if (own.list().contains("00000000000000000041.log")) {
                begun++;
                openNew().close();
                assertThat(archive.list()).hasSize(files.size());
                for (String archived : archive.list()) {
                    assertThat(archive.bytes(archived)).as(archived).isNotEmpty();
                }
            } else {
                old++;
                try (Journal journal = openOld()) {
                    assertThat(journal.lastIndex()).as("crash at %d", crashAt).isEqualTo(20);
                    assertThat(journal.read(1, 1 << 20)).hasSize(20);
                }
                own.restart();
                IncomingSnapshot snapshot = new IncomingSnapshot(incoming);
                if (!snapshot.isWhole()) {
                    assertThatThrownBy(this::replace).isInstanceOf(IOException.class);
                    own.restart();
                    receive(snapshot);
                }
                replace();
                openNew().close();
            }
        }
        assertThat(old).isPositive();
        assertThat(begun).isPositive();
    }

    @Test
    @Tag("CLU-15")
    void aCrashWhileItIsArchivedChangesNothing() throws IOException {
        prepareDisks();
        long before = archive.changes();
        replace();
        long changes = archive.changes() - before;
        for (long crashAt = 1; crashAt <= changes; crashAt++) {
            prepareDisks();
            archive.crashAtChange(crashAt);
            assertThatThrownBy(this::replace).isInstanceOf(MemoryDisk.Crash.class);
            losePower(crashAt);
            new JournalReplacement(own).finish(OPTIONS, this::nextId, MAX_BYTES);

            try (Journal journal = openOld()) {
                assertThat(journal.read(1, 1 << 20)).hasSize(20);
            }
        }
    }

    private void losePower(long seed) {
        own.losePower(new Random(seed));
        archive.losePower(new Random(seed + 1));
        incoming.losePower(new Random(seed + 2));
    }

    @Test
    @Tag("REL-4")
    void aFullArchiveChangesNothing() throws IOException {
        prepareDisks();
        var before = own.fingerprint();
        archive.capacity(1000);

        assertThatThrownBy(this::replace).isInstanceOf(IOException.class);

        own.restart();
        assertThat(own.fingerprint()).isEqualTo(before);
    }

    @Test
    @Tag("REL-3")
    void aSnapshotThatWasDamagedSinceItArrivedIsRefusedAndNothingIsDeleted() throws IOException {
        prepareDisks();
        JournalReplacement replacement = new JournalReplacement(own);
        replacement.prepare(new IncomingSnapshot(incoming), archive, "old");
        replacement.decide();
        String file = "incoming-00000000000000000040.snap";
        own.flip(file, 100);
        List<String> before = own.list();

        assertThatThrownBy(() -> replacement.finish(OPTIONS, this::nextId, MAX_BYTES))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("/memory/" + file);
        assertThat(own.list()).isEqualTo(before);
    }

    @Test
    void nothingHappensToAJournalThatIsOpenElsewhere() throws IOException {
        prepareDisks();
        JournalReplacement replacement = new JournalReplacement(own);
        try (Journal _ = openOld()) {
            replacement.prepare(new IncomingSnapshot(incoming), archive, "old");
            replacement.decide();
            assertThatThrownBy(() -> replacement.finish(OPTIONS, this::nextId, MAX_BYTES))
                    .isInstanceOf(JournalLockedException.class);
        }
    }

    @Test
    @Tag("PAIR-4")
    void aTransferGoesOnWhereItWasAfterAnInterruption() throws IOException {
        IncomingSnapshot snapshot = new IncomingSnapshot(incoming);
        assertThat(snapshot.offer()).isEmpty();
        assertThat(snapshot.isWhole()).isFalse();
        try (StoredSnapshot stored = store(primary).open(40).orElseThrow()) {
            IncomingSnapshot.Offer offer =
                    new IncomingSnapshot.Offer(
                            stored.position(),
                            stored.size(),
                            HexFormat.of().formatHex(stored.sha256()));
            snapshot.begin(offer);
            snapshot.add(stored.read(0, 1000));
            incoming.restart();

            IncomingSnapshot again = new IncomingSnapshot(incoming);
            assertThat(again.offer()).hasValue(offer);
            assertThat(again.arrived()).isEqualTo(1000);
            assertThat(again.isWhole()).isFalse();
            again.add(stored.read(1000, 1 << 20));
            assertThat(again.isWhole()).isTrue();
            again.discard();
        }
        assertThat(incoming.list()).isEmpty();
        assertThat(snapshot.offer()).isEqualTo(Optional.empty());
    }

    @Test
    @Tag("REL-3")
    void oneWrongByteIsNoWholeSnapshot() throws IOException {
        IncomingSnapshot snapshot = new IncomingSnapshot(incoming);
        receive(snapshot);
        incoming.flip(IncomingSnapshot.PART, 77);

        assertThat(snapshot.isWhole()).isFalse();
    }

    @Test
    @Tag("REL-3")
    void anOfferThatCanNotBeReadIsNone() throws IOException {
        incoming.replace("snapshot.offer", new byte[] {1, 2, 3});
        assertThat(new IncomingSnapshot(incoming).offer()).isEmpty();
        incoming.replace("snapshot.offer", "1 zz 3 4\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(new IncomingSnapshot(incoming).offer()).isEmpty();
    }
}
