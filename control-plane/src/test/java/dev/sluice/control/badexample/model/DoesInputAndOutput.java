package dev.sluice.control.badexample.model;

import dev.sluice.v1.PackageRef;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does everything at once that pure code must not. */
final class DoesInputAndOutput {
    private static final Logger LOG = LoggerFactory.getLogger(DoesInputAndOutput.class);

    private final ReentrantLock lock = new ReentrantLock();

    PackageRef decide(Path path) throws IOException {
        lock.lock();
        try {
            LOG.info("read {} {}", Files.size(path), Status.OK);
            return PackageRef.getDefaultInstance();
        } finally {
            lock.unlock();
        }
    }
}
