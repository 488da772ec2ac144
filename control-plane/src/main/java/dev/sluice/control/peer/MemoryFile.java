package dev.sluice.control.peer;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.sluice.control.codec.SuccessionMapping;
import dev.sluice.control.codec.WitnessWire;
import dev.sluice.control.failover.Memory;
import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.DiskFile;
import dev.sluice.control.state.ForcedPromotion;
import dev.sluice.v1.MasterMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A master's {@link Memory} in a file, which is replaced as a whole: a mark, the CRC32C of what
 * follows, a {@code MasterMemory} message.
 */
public final class MemoryFile {

    static final String NAME = "mastership";

    private static final String TEMPORARY = NAME + ".tmp";
    private static final byte[] MARK = "sluice mastership 1\n".getBytes(StandardCharsets.US_ASCII);
    private static final int HEAD_BYTES = MARK.length + Integer.BYTES;

    /** Sixteen witnesses and as many masters need some kilobytes, a certificate at most 200 KiB. */
    private static final int MAX_BYTES = 512 << 10;

    private final Disk disk;
    private Optional<ForcedPromotion> forced = Optional.empty();

    public MemoryFile(Disk disk) {
        this.disk = disk;
    }

    /**
     * What was saved last; {@link Memory#NONE} when nothing ever was.
     *
     * @throws IOException naming the file, when it is damaged: a master without its memory must not
     *     start
     */
    public Memory load() throws IOException {
        if (!disk.list().contains(NAME)) {
            return Memory.NONE;
        }
        ByteBuffer bytes;
        try (DiskFile file = disk.openForReading(NAME)) {
            if (file.size() < HEAD_BYTES || file.size() > MAX_BYTES) {
                throw damaged("a size from %d to %d".formatted(HEAD_BYTES, MAX_BYTES), file.size());
            }
            bytes = ByteBuffer.allocate((int) file.size());
            while (bytes.hasRemaining() && file.read(bytes, bytes.position()) >= 0) {
                // Reads on to the end.
            }
        }
        bytes.flip();
        byte[] mark = new byte[MARK.length];
        bytes.get(mark);
        if (!java.util.Arrays.equals(mark, MARK)) {
            throw damaged("its mark", "another beginning");
        }
        int crc = bytes.getInt();
        if (crc != crc(bytes.slice())) {
            throw damaged("the CRC32C of its content", "another one");
        }
        try {
            MasterMemory message = MasterMemory.parseFrom(bytes);
            forced =
                    message.hasForced()
                            ? Optional.of(SuccessionMapping.decode(message.getForced()))
                            : Optional.empty();
            return new Memory(
                    message.hasHighest() ? WitnessWire.decode(message.getHighest()) : null,
                    message.hasRegister() ? WitnessWire.decode(message.getRegister()) : null);
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            throw damaged("a memory", String.valueOf(e.getMessage()));
        }
    }

    /** The certificate by which this master was made primary last; load comes first. */
    Optional<ForcedPromotion> forced() {
        return forced;
    }

    /** Keeps a certificate beside the memory, durably before it returns. */
    void saveForced(Memory memory, ForcedPromotion certificate) throws IOException {
        forced = Optional.of(certificate);
        save(memory);
    }

    /** Replaces what is saved, durably before it returns; a certificate stays. */
    public void save(Memory memory) throws IOException {
        MasterMemory.Builder message = MasterMemory.newBuilder();
        forced.ifPresent(certificate -> message.setForced(SuccessionMapping.encode(certificate)));
        if (memory.highest() != null) {
            message.setHighest(WitnessWire.encode(memory.highest()));
        }
        if (memory.register() != null) {
            message.setRegister(WitnessWire.encode(memory.register()));
        }
        byte[] content = message.build().toByteArray();
        ByteBuffer bytes =
                ByteBuffer.allocate(HEAD_BYTES + content.length)
                        .put(MARK)
                        .putInt(crc(ByteBuffer.wrap(content)))
                        .put(content)
                        .flip();
        try (DiskFile file = disk.create(TEMPORARY)) {
            file.write(bytes, 0);
            file.force(true);
        }
        disk.rename(TEMPORARY, NAME);
        disk.forceDirectory();
    }

    private static int crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private IOException damaged(String expected, Object found) {
        return new IOException(
                "%s/%s: expected %s, found %s; a master without its memory must not start: restore the file, or empty the data directory so that this master resyncs as a new one"
                        .formatted(disk.location(), NAME, expected, found));
    }
}
