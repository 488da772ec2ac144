package dev.sluice.loadtest.sim;

import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.DiskFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** A disk as one process sees it: each change is a moment at which the process may end. */
final class SimDisk implements Disk {

    private final Disk disk;
    private final Life life;
    private final boolean forgetsForce;

    /**
     * @param forgetsForce a mutation: what is forced is not
     */
    SimDisk(Disk disk, Life life, boolean forgetsForce) {
        this.disk = disk;
        this.life = life;
        this.forgetsForce = forgetsForce;
    }

    @Override
    public List<String> list() throws IOException {
        return disk.list();
    }

    @Override
    public DiskFile openForReading(String name) throws IOException {
        return new SimFile(disk.openForReading(name));
    }

    @Override
    public DiskFile openForWriting(String name) throws IOException {
        return new SimFile(disk.openForWriting(name));
    }

    @Override
    public DiskFile create(String name) throws IOException {
        life.point();
        return new SimFile(disk.create(name));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        life.point();
        disk.rename(from, to);
    }

    @Override
    public void delete(String name) throws IOException {
        life.point();
        disk.delete(name);
    }

    @Override
    public void forceDirectory() throws IOException {
        life.point();
        disk.forceDirectory();
    }

    @Override
    public long usableBytes() throws IOException {
        return disk.usableBytes();
    }

    @Override
    public Optional<Closeable> tryLock(String name) throws IOException {
        return disk.tryLock(name);
    }

    @Override
    public String location() {
        return disk.location();
    }

    private final class SimFile implements DiskFile {
        private final DiskFile file;

        SimFile(DiskFile file) {
            this.file = file;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return file.read(target, position);
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            life.point();
            file.write(source, position);
        }

        @Override
        public void truncate(long size) throws IOException {
            life.point();
            file.truncate(size);
        }

        @Override
        public void force(boolean metadata) throws IOException {
            life.point();
            if (!forgetsForce) {
                file.force(metadata);
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
