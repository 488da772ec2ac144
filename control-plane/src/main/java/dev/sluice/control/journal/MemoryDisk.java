package dev.sluice.control.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * A disk in memory that keeps no more than it promises: a crash loses any sectors, sizes and names
 * that were not forced, in any combination. It can fill up, become read-only, fail to force, and
 * stop the program at a chosen operation.
 */
public final class MemoryDisk implements Disk {

    /** The program stopped in the middle of an operation. */
    public static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static final class Content {
        byte[] current = {};
        byte[] forced = {};
    }

    private interface NameChange {
        void applyTo(Map<String, Content> names);
    }

    private final Map<String, Content> names = new TreeMap<>();
    private final Map<String, Content> forcedNames = new HashMap<>();
    private final List<NameChange> unforcedChanges = new ArrayList<>();
    private long capacity = Long.MAX_VALUE;
    private long operationsLeft = Long.MAX_VALUE;
    private long operations;
    private boolean readOnly;
    private boolean forceFails;
    private boolean locked;
    private Runnable afterNextSize = () -> {};

    public void capacity(long bytes) {
        capacity = bytes;
    }

    public void readOnly(boolean value) {
        readOnly = value;
    }

    public void forceFails(boolean value) {
        forceFails = value;
    }

    /** Stops the program when it attempts its n-th change from now, 1 being the next. */
    public void crashAtChange(long n) {
        operationsLeft = n;
    }

    /** Runs a task once, between somebody's next look at a file's size and what he does with it. */
    public void afterNextSize(Runnable task) {
        afterNextSize = task;
    }

    /** Returns how many changes (writes, forces, renames, ...) there have been. */
    public long changes() {
        return operations;
    }

    long usedBytes() {
        return names.values().stream().mapToLong(content -> content.current.length).sum();
    }

    public byte[] bytes(String name) {
        return content(name).current.clone();
    }

    void replace(String name, byte[] bytes) {
        Content content = names.computeIfAbsent(name, ignored -> new Content());
        content.current = bytes.clone();
        content.forced = bytes.clone();
        forcedNames.put(name, content);
    }

    void remove(String name) {
        names.remove(name);
        forcedNames.remove(name);
    }

    public void flip(String name, long offset) {
        content(name).current[(int) offset] ^= 0x10;
    }

    public Map<String, String> fingerprint() {
        Map<String, String> all = new TreeMap<>();
        names.forEach((name, content) ->
                all.put(name, Arrays.hashCode(content.current) + ":" + content.current.length));
        return all;
    }

    /** Loses power: keeps what was forced, and of the rest whatever the random numbers say. */
    public void losePower(Random random) {
        Map<String, Content> surviving = new TreeMap<>(forcedNames);
        for (NameChange change : unforcedChanges) {
            if (random.nextBoolean()) {
                change.applyTo(surviving);
            }
        }
        for (Content content : surviving.values()) {
            content.current = afterPowerLoss(content, random);
            content.forced = content.current.clone();
        }
        names.clear();
        names.putAll(surviving);
        restart();
        forcedNames.clear();
        forcedNames.putAll(surviving);
        unforcedChanges.clear();
    }

    /** Kills the program but not the machine: everything written is still seen. */
    public void restart() {
        locked = false;
        operationsLeft = Long.MAX_VALUE;
    }

    private static byte[] afterPowerLoss(Content content, Random random) {
        int low = Math.min(content.forced.length, content.current.length);
        int high = Math.max(content.forced.length, content.current.length);
        int length =
                switch (random.nextInt(3)) {
                    case 0 -> content.forced.length;
                    case 1 -> content.current.length;
                    default -> low + random.nextInt(high - low + 1);
                };
        byte[] result = Arrays.copyOf(content.forced, length);
        int mode = random.nextInt(4);
        for (int from = 0; from < Math.min(length, content.current.length); from += SECTOR_BYTES) {
            int to = Math.min(Math.min(from + SECTOR_BYTES, length), content.current.length);
            boolean kept = mode == 0 || (mode != 1 && random.nextBoolean());
            if (kept) {
                System.arraycopy(content.current, from, result, from, to - from);
            }
        }
        return result;
    }

    private void change() {
        operations++;
        if (--operationsLeft == 0) {
            throw new Crash();
        }
    }

    private void changeNames(NameChange change) {
        change.applyTo(names);
        unforcedChanges.add(change);
        change();
    }

    private Content content(String name) {
        return Optional.ofNullable(names.get(name)).orElseThrow();
    }

    private void requireWritable(String name) throws IOException {
        if (readOnly) {
            throw new FileSystemException(name, null, "Read-only file system");
        }
    }

    @Override
    public List<String> list() {
        return List.copyOf(names.keySet());
    }

    @Override
    public DiskFile openForReading(String name) throws IOException {
        Content content = names.get(name);
        if (content == null) {
            throw new NoSuchFileException(name);
        }
        return new OpenFile(content);
    }

    @Override
    public DiskFile openForWriting(String name) throws IOException {
        requireWritable(name);
        return openForReading(name);
    }

    @Override
    public DiskFile create(String name) throws IOException {
        requireWritable(name);
        Content content = new Content();
        changeNames(all -> all.put(name, content));
        return new OpenFile(content);
    }

    @Override
    public void rename(String from, String to) {
        Content content = content(from);
        changeNames(all -> {
            all.remove(from);
            all.put(to, content);
        });
    }

    @Override
    public void delete(String name) throws IOException {
        if (!names.containsKey(name)) {
            throw new NoSuchFileException(name);
        }
        changeNames(all -> all.remove(name));
    }

    @Override
    public void forceDirectory() {
        change();
        forcedNames.clear();
        forcedNames.putAll(names);
        unforcedChanges.clear();
    }

    @Override
    public long usableBytes() {
        return Math.max(0, capacity - usedBytes());
    }

    @Override
    public Optional<Closeable> tryLock(String name) throws IOException {
        requireWritable(name);
        if (locked) {
            return Optional.empty();
        }
        locked = true;
        return Optional.of(() -> locked = false);
    }

    @Override
    public String location() {
        return "/memory";
    }

    private final class OpenFile implements DiskFile {

        private final Content content;

        OpenFile(Content content) {
            this.content = content;
        }

        @Override
        public long size() {
            long size = content.current.length;
            Runnable task = afterNextSize;
            afterNextSize = () -> {};
            task.run();
            return size;
        }

        @Override
        public int read(ByteBuffer target, long position) {
            int count = (int) Math.min(target.remaining(), content.current.length - position);
            if (count <= 0) {
                return -1;
            }
            target.put(content.current, (int) position, count);
            return count;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            int wanted = source.remaining();
            long growth = Math.max(0, position + wanted - content.current.length);
            int written = (int) Math.max(0, wanted - Math.max(0, growth - usableBytes()));
            int end = (int) position + written;
            if (end > content.current.length) {
                content.current = Arrays.copyOf(content.current, end);
            }
            source.get(content.current, (int) position, written);
            change();
            if (written < wanted) {
                throw new IOException("No space left on device");
            }
        }

        @Override
        public void truncate(long size) {
            if (size < content.current.length) {
                content.current = Arrays.copyOf(content.current, (int) size);
            }
            change();
        }

        @Override
        public void force(boolean metadata) throws IOException {
            change();
            if (forceFails) {
                throw new IOException("Input/output error");
            }
            content.forced = content.current.clone();
        }

        @Override
        public void close() {}
    }
}
