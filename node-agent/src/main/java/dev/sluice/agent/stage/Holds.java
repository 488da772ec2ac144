package dev.sluice.agent.stage;

import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Who uses which content: one that is received, applied or read is not removed. A file that is open
 * would not give its room back anyway, until it is closed.
 *
 * <p>Safe for use by many threads.
 */
final class Holds {

    private static final int LEAVING = -1;

    private final Object lock = new Object();
    private final Map<String, Integer> counts = new HashMap<>();

    /** The use of one content, until it is closed. */
    interface Hold extends AutoCloseable {
        @Override
        void close();
    }

    /** Begins a use; empty: the content is being removed. */
    Optional<Hold> take(String contentSha256) {
        synchronized (lock) {
            int before = counts.getOrDefault(contentSha256, 0);
            if (before == LEAVING) {
                return Optional.empty();
            }
            counts.put(contentSha256, before + 1);
        }
        return Optional.of(new Counted(contentSha256));
    }

    private final class Counted implements Hold {
        private final String contentSha256;
        private boolean open = true;

        Counted(String contentSha256) {
            this.contentSha256 = contentSha256;
        }

        @Override
        public void close() {
            synchronized (lock) {
                if (open) {
                    open = false;
                    counts.computeIfPresent(contentSha256, (_, n) -> n == 1 ? null : n - 1);
                }
            }
        }
    }

    /** Those that are in use now. */
    Set<String> held() {
        synchronized (lock) {
            return new TreeSet<>(counts.keySet());
        }
    }

    /**
     * Begins a removal: from now on nobody takes it.
     *
     * @return false: it is in use, or being removed
     */
    boolean beginRemoval(String contentSha256) {
        synchronized (lock) {
            return counts.putIfAbsent(contentSha256, LEAVING) == null;
        }
    }

    void endRemoval(String contentSha256) {
        synchronized (lock) {
            counts.remove(contentSha256, LEAVING);
        }
    }

    /** The same content; each reading of it is a use. */
    ReadableContent counting(ReadableContent content) {
        return new ReadableContent() {
            @Override
            public PackageContent content() {
                return content.content();
            }

            @Override
            public Reader open(long offset, Runnable wake, Runnable closed) throws IOException {
                String sha256 = content.content().sha256().hex();
                Hold hold =
                        take(sha256)
                                .orElseThrow(() ->
                                        new IOException(
                                                "content %s: is being removed to make room"
                                                        .formatted(sha256)));
                try {
                    return content.open(
                            offset,
                            wake,
                            () -> {
                                hold.close();
                                closed.run();
                            });
                } catch (IOException | RuntimeException e) {
                    hold.close();
                    throw e;
                }
            }
        };
    }
}
