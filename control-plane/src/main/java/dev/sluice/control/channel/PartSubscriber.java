package dev.sluice.control.channel;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes a package's bytes to a file as they come, and ends the exchange when more come than may.
 * Its result is what is wrong with the answer; empty: nothing.
 */
final class PartSubscriber implements BodySubscriber<Optional<String>> {
    private static final int OK = 200;
    private static final int PARTIAL = 206;

    private final Target target;
    private final FileChannel channel;
    private final CompletableFuture<Optional<String>> result = new CompletableFuture<>();
    private long position;
    private Flow.@Nullable Subscription subscription;

    /** What is downloaded, and how far it is; the progress is read by another thread. */
    static final class Target {
        private final URI uri;
        private final Path part;
        private final long offset;
        private final long size;
        private final AtomicLong received = new AtomicLong();
        private volatile boolean wrong;

        Target(URI uri, Path part, long offset, long size) {
            this.uri = uri;
            this.part = part;
            this.offset = offset;
            this.size = size;
        }

        /** Whether what was received cannot be a part of the package. */
        boolean isWrong() {
            return wrong;
        }

        long received() {
            return received.get();
        }

        /** Reads the answer that has this head. */
        BodySubscriber<Optional<String>> subscriber(ResponseInfo info) {
            try {
                return switch (info.statusCode()) {
                    case OK -> new PartSubscriber(this, 0);
                    case PARTIAL -> {
                        String range = info.headers().firstValue("Content-Range").orElse("none");
                        String expected = "bytes " + offset + "-" + (size - 1) + "/" + size;
                        yield range.equals(expected)
                                ? new PartSubscriber(this, offset)
                                : BodySubscribers.replacing(
                                        Optional.of(
                                                uri
                                                        + ": expected Content-Range '"
                                                        + expected
                                                        + "', found '"
                                                        + range
                                                        + "'"));
                    }
                    default ->
                            BodySubscribers.limiting(
                                    BodySubscribers.replacing(Optional.empty()),
                                    HttpChannel.maxErrorBytes());
                };
            } catch (IOException e) {
                return BodySubscribers.replacing(
                        Optional.of(part + " could not be written: " + e.getMessage()));
            }
        }
    }

    private PartSubscriber(Target target, long from) throws IOException {
        this.target = target;
        this.position = from;
        this.channel =
                FileChannel.open(target.part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        channel.truncate(from);
        target.received.set(from);
    }

    @Override
    public CompletionStage<Optional<String>> getBody() {
        return result;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        if (result.isDone()) {
            return;
        }
        try {
            for (ByteBuffer buffer : buffers) {
                if (buffer.remaining() > target.size - position) {
                    target.wrong = true;
                    end(target.uri + ": more than the " + target.size + " bytes that it may have");
                    return;
                }
                while (buffer.hasRemaining()) {
                    position += channel.write(buffer, position);
                }
            }
            target.received.set(position);
        } catch (IOException e) {
            end(target.part + " could not be written: " + e.getMessage());
        }
    }

    private void end(String problem) {
        if (subscription != null) {
            subscription.cancel();
        }
        close(Optional.of(problem));
    }

    private void close(Optional<String> outcome) {
        try {
            channel.force(true);
            channel.close();
            result.complete(outcome);
        } catch (IOException e) {
            result.complete(Optional.of(target.part + " could not be written: " + e.getMessage()));
        }
    }

    @Override
    public void onError(Throwable failure) {
        close(Optional.of(target.uri + " broke off after " + position + " bytes: " + failure));
    }

    /** The answer has the length that it announced; another one than the package's is not it. */
    @Override
    public void onComplete() {
        target.wrong = position != target.size;
        close(
                target.wrong
                        ? Optional.of(
                                target.uri
                                        + ": expected "
                                        + target.size
                                        + " bytes, found "
                                        + position
                                        + "; the server has another file there")
                        : Optional.empty());
    }
}
