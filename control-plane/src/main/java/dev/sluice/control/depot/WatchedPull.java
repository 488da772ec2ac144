package dev.sluice.control.depot;

import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.pull.Sources;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pull into this master's depot that goes on until all is here, or for as long as something
 * comes. For one thread.
 */
final class WatchedPull implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(WatchedPull.class);

    /** A pull is looked at so often: the limit of its sources may have changed. */
    private static final long LOOK_MILLIS = 500;

    /** For readers of what came in part. */
    private static final Duration CLOSE = Duration.ofSeconds(10);

    private final FetchPatience patience;
    private final Supplier<List<Source>> sources;
    private final FetchWatch watch;
    private final ContentPull pull;
    private List<Source> told;
    private boolean whole;

    private WatchedPull(
            ContentPull pull,
            FetchWatch watch,
            List<Source> told,
            Supplier<List<Source>> sources,
            FetchPatience patience) {
        this.pull = pull;
        this.watch = watch;
        this.told = told;
        this.sources = sources;
        this.patience = patience;
    }

    /**
     * Begins, or goes on with what is in the directory.
     *
     * @param sources asked again while it runs
     */
    static WatchedPull start(
            Path directory,
            PackageContent content,
            Supplier<List<Source>> sources,
            ContentPull.Means means,
            FetchPatience patience)
            throws IOException {
        FetchWatch watch = new FetchWatch(means.ticker());
        List<Source> first = sources.get();
        ContentPull pull =
                ContentPull.start(
                        new ContentPull.Order(directory, content, Sources.ofWhole(first)),
                        means,
                        watch);
        return new WatchedPull(pull, watch, first, sources, patience);
    }

    GrowingContent content() {
        return pull.content();
    }

    /**
     * Waits for its end.
     *
     * @return whether all of it came
     */
    boolean await() throws IOException, InterruptedException {
        CompletableFuture<Void> done = pull.done();
        while (true) {
            try {
                done.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                whole = true;
                return true;
            } catch (TimeoutException _) {
                if (watch.isHopeless(patience)) {
                    return false;
                }
                List<Source> now = sources.get();
                if (!now.equals(told)) {
                    pull.sources(Sources.ofWhole(now));
                    told = now;
                }
            } catch (ExecutionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                throw new IOException(String.valueOf(cause.getMessage()), e);
            }
        }
    }

    /** What came, and from whom. */
    String amounts(String kind) {
        return watch.amounts(kind);
    }

    /** Why nothing comes. */
    String failures() {
        return watch.failures();
    }

    @Override
    public void close() {
        pull.close();
        if (!whole) {
            try {
                awaitReaders(pull.content());
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Whoever opens the files of a content next begins when its readers are out of them. */
    static void awaitReaders(GrowingContent content) throws InterruptedException {
        if (!content.awaitClosed(CLOSE)) {
            LOG.info("depot: content {}: still read", content.content().sha256());
        }
    }
}
