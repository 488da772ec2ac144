package dev.sluice.control.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.failover.Memory;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessSet;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MemoryFileTest {

    private static final NodeId A = new NodeId("m-a");

    private final MemoryDisk disk = new MemoryDisk();
    private final MemoryFile file = new MemoryFile(disk);

    private static Memory memory(long counter) {
        Ballot ballot = new Ballot(0, counter, A, 7);
        Register register =
                new Register(
                        ballot,
                        counter,
                        new TreeSet<>(List.of(new Replica(A, new StoreId("j1")))),
                        WitnessSet.of(counter, List.of(new Witness(A, new StoreId("w1")))),
                        Optional.of(
                                WitnessSet.of(
                                        counter - 1, List.of(new Witness(A, new StoreId("w0"))))));
        return new Memory(ballot.next(A, 8), register);
    }

    @Test
    void nothingWasRememberedBeforeTheFirstSave() throws IOException {
        assertThat(file.load()).isEqualTo(Memory.NONE);
    }

    @Test
    @Tag("REL-1")
    void givesBackWhatWasSavedLast() throws IOException {
        file.save(memory(3));
        file.save(memory(4));

        assertThat(new MemoryFile(disk).load()).isEqualTo(memory(4));
    }

    @Test
    @Tag("REL-1")
    @Tag("REL-4")
    void aCrashAtAnyPointLeavesTheOldMemoryOrTheNewOne() throws IOException {
        for (long change = 1; change <= 5; change++) {
            MemoryDisk crashing = new MemoryDisk();
            MemoryFile tried = new MemoryFile(crashing);
            tried.save(memory(3));
            crashing.crashAtChange(change);
            boolean saved = true;
            try {
                tried.save(memory(4));
            } catch (MemoryDisk.Crash _) {
                saved = false;
            }
            crashing.losePower(new Random(change));

            Memory found = new MemoryFile(crashing).load();
            assertThat(found).as("crash at change %d", change).isIn(memory(3), memory(4));
            if (saved) {
                assertThat(found).isEqualTo(memory(4));
            }
        }
    }

    @ParameterizedTest
    @Tag("REL-3")
    @ValueSource(ints = {0, 19, 21, 30})
    void anyChangedByteIsNamedAndNothingIsReplaced(int at) throws IOException {
        file.save(memory(3));
        disk.flip(MemoryFile.NAME, at);

        assertThatThrownBy(file::load)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(MemoryFile.NAME + ": expected")
                .hasMessageContaining("must not start");
    }

    @Test
    @Tag("REL-4")
    void aFullDiskIsSaidAndTheOldMemoryStays() throws IOException {
        file.save(memory(3));
        disk.capacity(10);

        assertThatThrownBy(() -> file.save(memory(4))).isInstanceOf(IOException.class);
        assertThat(file.load()).isEqualTo(memory(3));
    }
}
