package dev.sluice.control.api;

import com.google.protobuf.ByteString;
import dev.sluice.v1.ImportPackageRequest;
import dev.sluice.v1.ImportPackageResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One package on its way in. What arrives is handed over part by part: the next part is asked for
 * when one was read, so that a fast client fills no memory.
 */
final class PackageUpload implements StreamObserver<ImportPackageRequest> {

    static final int MAX_PART_BYTES = 256 << 10;
    private static final int MAX_NAME = 255;

    /** A client that sends nothing for so long gives its place in the depot to another. */
    private static final Duration MAX_SILENCE = Duration.ofSeconds(60);

    /** At most one part is asked for at a time, and the end follows it. */
    private static final int QUEUE_BOUND = 4;

    private final ServerCallStreamObserver<ImportPackageResponse> observer;
    private final Use use;
    private final BlockingQueue<Arrival> arrivals = new ArrayBlockingQueue<>(QUEUE_BOUND);
    private final AtomicBoolean answered = new AtomicBoolean();
    private boolean named;

    /** What is done with an upload; runs on a thread of its own. */
    @FunctionalInterface
    interface Use {
        ImportPackageResponse take(InputStream content) throws IOException;
    }

    private sealed interface Arrival {

        record Part(ByteString bytes) implements Arrival {}

        record End() implements Arrival {}

        record Lost(String reason) implements Arrival {}
    }

    /** To be made inside the call, before its first message is asked for. */
    PackageUpload(ServerCallStreamObserver<ImportPackageResponse> observer, Use use) {
        this.observer = observer;
        this.use = use;
        observer.disableAutoRequest();
        observer.setOnCancelHandler(() -> lose("the client has gone"));
        observer.request(1);
    }

    @Override
    public void onNext(ImportPackageRequest request) {
        if (answered.get()) {
            return;
        }
        if (!named) {
            begin(request);
        } else if (!request.hasData()) {
            refuse(ApiErrors.invalid("part", "data after the file's name", "no data"));
        } else if (request.getData().size() > MAX_PART_BYTES) {
            refuse(
                    ApiErrors.invalid(
                            "data",
                            "at most %d bytes".formatted(MAX_PART_BYTES),
                            request.getData().size() + " bytes"));
        } else {
            arrive(new Arrival.Part(request.getData()));
        }
    }

    private void begin(ImportPackageRequest request) {
        if (!request.hasFileName()) {
            refuse(ApiErrors.invalid("part", "the file's name first", "data"));
            return;
        }
        if (request.getFileName().length() > MAX_NAME) {
            refuse(
                    ApiErrors.invalid(
                            "file_name",
                            "at most %d characters".formatted(MAX_NAME),
                            request.getFileName().length() + " characters"));
            return;
        }
        named = true;
        String name = request.getFileName();
        Thread.ofVirtual().name("package-upload").start(() -> run(name));
        observer.request(1);
    }

    private void run(String name) {
        try {
            ImportPackageResponse response = use.take(new Content());
            if (answered.compareAndSet(false, true)) {
                observer.onNext(response);
                observer.onCompleted();
            }
        } catch (StatusRuntimeException e) {
            refuse(e);
        } catch (UploadLostException e) {
            refuse(ApiErrors.refused("file " + name, String.valueOf(e.getMessage())));
        } catch (IOException | RuntimeException e) {
            refuse(ApiErrors.internal("import of file " + name, e));
        }
    }

    private void refuse(StatusRuntimeException error) {
        if (answered.compareAndSet(false, true)) {
            observer.onError(error);
            lose("it was refused");
        }
    }

    @Override
    public void onError(Throwable failure) {
        lose("the upload was broken off: " + Status.fromThrowable(failure).getCode());
    }

    @Override
    public void onCompleted() {
        if (named) {
            arrive(new Arrival.End());
        } else {
            refuse(ApiErrors.invalid("part", "the file's name first", ""));
        }
    }

    private void lose(String reason) {
        // Nobody reads what was before: room is made so that the end is heard of.
        if (!arrivals.offer(new Arrival.Lost(reason))) {
            arrivals.clear();
            arrive(new Arrival.Lost(reason));
        }
    }

    private void arrive(Arrival arrival) {
        if (!arrivals.offer(arrival)) {
            refuse(ApiErrors.exhausted("upload", "more parts came than were asked for"));
        }
    }

    /** The client stopped sending before the end. */
    private static final class UploadLostException extends IOException {
        private static final long serialVersionUID = 1L;

        UploadLostException(String message) {
            super(message);
        }
    }

    /** The uploaded bytes; a read waits for the next part. */
    private final class Content extends InputStream {
        private ByteString part = ByteString.EMPTY;
        private int position;
        private boolean ended;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            while (position == part.size()) {
                if (ended || !next()) {
                    return -1;
                }
            }
            int count = Math.min(length, part.size() - position);
            part.substring(position, position + count).copyTo(into, offset);
            position += count;
            return count;
        }

        private boolean next() throws IOException {
            return switch (await()) {
                case Arrival.Part(var bytes) -> {
                    part = bytes;
                    position = 0;
                    observer.request(1);
                    yield true;
                }
                case Arrival.End _ -> {
                    ended = true;
                    yield false;
                }
                case Arrival.Lost(var reason) -> throw new UploadLostException(reason);
            };
        }

        private Arrival await() throws UploadLostException {
            try {
                @Nullable Arrival arrival =
                        arrivals.poll(MAX_SILENCE.toMillis(), TimeUnit.MILLISECONDS);
                if (arrival == null) {
                    throw new UploadLostException(
                            "nothing arrived for %d s; send it again"
                                    .formatted(MAX_SILENCE.toSeconds()));
                }
                return arrival;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new UploadLostException("this master is closing; send it again");
            }
        }
    }
}
