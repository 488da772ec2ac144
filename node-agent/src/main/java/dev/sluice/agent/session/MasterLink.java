package dev.sluice.agent.session;

import dev.sluice.v1.AgentLinkServiceGrpc;
import dev.sluice.v1.SessionRecordAck;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.SessionResponse;
import dev.sluice.v1.Welcome;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The session with one master, opened again whenever it ended. One thread sends; what comes in goes
 * to the desk, one message at a time.
 */
public final class MasterLink implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MasterLink.class);

    /**
     * Answers that wait for a master that does not read. Beyond it answers are dropped: a result is
     * recorded, and the master asks again.
     */
    private static final int OUTBOX_BOUND = 128;

    private final String masterId;
    private final ManagedChannel channel;
    private final CommandDesk desk;
    private final Supplier<SessionRequest> hello;
    private final Runnable changed;
    private final Consumer<SessionRecordAck> recordAcks;
    private final AtomicLong attempts = new AtomicLong();
    private final Backoff backoff;
    private final ExecutorService thread;
    private final AtomicReference<@Nullable Attempt> attempt = new AtomicReference<>();
    private @Nullable String lastFailure;

    /**
     * @param channel closed with the link
     * @param hello makes the first message of a session
     * @param changed called when the session came up or went down
     * @param recordAcks told what this master has of the session records; must not block
     */
    public MasterLink(
            String masterId,
            ManagedChannel channel,
            CommandDesk desk,
            Supplier<SessionRequest> hello,
            Runnable changed,
            Consumer<SessionRecordAck> recordAcks,
            RandomGenerator random) {
        this.masterId = masterId;
        this.channel = channel;
        this.desk = desk;
        this.hello = hello;
        this.changed = changed;
        this.recordAcks = recordAcks;
        this.backoff = new Backoff(random);
        this.thread =
                Executors.newSingleThreadExecutor(
                        Thread.ofVirtual().name("link-" + masterId).factory());
    }

    public void start() {
        thread.execute(this::run);
    }

    public String masterId() {
        return masterId;
    }

    /** What the master said of itself in the session that is up; empty while there is none. */
    public Optional<Welcome> welcome() {
        Attempt current = attempt.get();
        return current == null ? Optional.empty() : Optional.ofNullable(current.welcome);
    }

    /** The number of the session that is up, another one for each; empty while there is none. */
    Optional<Long> session() {
        Attempt current = attempt.get();
        return current == null || current.welcome == null
                ? Optional.empty()
                : Optional.of(current.number);
    }

    /** Sends in the session that is up, or nothing. */
    void send(SessionRequest message) {
        Attempt current = attempt.get();
        if (current != null && !current.outbox.offer(message)) {
            LOG.warn("master {}: does not read; an answer is dropped", masterId);
        }
    }

    /** Sends what is made again later, such as a report, unless older messages still wait. */
    public void offer(SessionRequest report) {
        Attempt current = attempt.get();
        if (current != null && current.welcome != null && current.outbox.isEmpty()) {
            current.outbox.offer(report);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        thread.close();
        channel.shutdownNow();
    }

    private void run() {
        try {
            while (true) {
                Attempt current = new Attempt();
                attempt.set(current);
                Status end = current.converse();
                attempt.set(null);
                boolean wasUp = current.welcome != null;
                report(end, wasUp);
                if (wasUp) {
                    backoff.reset();
                    changed.run();
                }
                Thread.sleep(backoff.next());
                channel.resetConnectBackoff();
            }
        } catch (InterruptedException _) {
            Attempt last = attempt.getAndSet(null);
            if (last != null) {
                last.cancel();
            }
        }
    }

    /**
     * Once for each new reason, so that a master that is down for a night does not fill the log.
     */
    private void report(Status end, boolean wasUp) {
        String failure = reasonOf(end);
        if (wasUp || !failure.equals(lastFailure)) {
            LOG.warn("master {}: no session: {}", masterId, failure);
        }
        lastFailure = failure;
    }

    private static String reasonOf(Status end) {
        StringBuilder reason = new StringBuilder(end.getCode().toString());
        if (end.getDescription() != null) {
            reason.append(": ").append(end.getDescription());
        }
        Throwable cause = end.getCause();
        for (int depth = 0; cause != null && depth < 5; depth++, cause = cause.getCause()) {
            if (cause.getMessage() != null) {
                reason.append(": ").append(cause.getMessage());
            }
        }
        return reason.toString();
    }

    /** One stream, from Hello to its end. */
    private final class Attempt implements ClientResponseObserver<SessionRequest, SessionResponse> {

        private static final SessionRequest WAKE = SessionRequest.getDefaultInstance();

        private final BlockingQueue<SessionRequest> outbox = new ArrayBlockingQueue<>(OUTBOX_BOUND);
        private final Object writable = new Object();
        private volatile @Nullable ClientCallStreamObserver<SessionRequest> call;
        private volatile @Nullable Welcome welcome;
        private volatile @Nullable Status end;
        private final long number = attempts.incrementAndGet();

        Status converse() throws InterruptedException {
            AgentLinkServiceGrpc.newStub(channel).session(this);
            ClientCallStreamObserver<SessionRequest> opened = call;
            if (opened == null) {
                return Status.INTERNAL.withDescription("gRPC did not start the call");
            }
            opened.request(1);
            opened.onNext(hello.get());
            while (true) {
                SessionRequest message = outbox.take();
                Status ended = awaitWritable(opened);
                if (ended != null) {
                    return ended;
                }
                if (message.getMessageCase() != SessionRequest.MessageCase.MESSAGE_NOT_SET) {
                    opened.onNext(message);
                }
            }
        }

        void cancel() {
            ClientCallStreamObserver<SessionRequest> opened = call;
            if (opened != null) {
                opened.cancel("the agent stops", null);
            }
        }

        private @Nullable Status awaitWritable(ClientCallStreamObserver<SessionRequest> opened)
                throws InterruptedException {
            synchronized (writable) {
                while (end == null && !opened.isReady()) {
                    writable.wait();
                }
                return end;
            }
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<SessionRequest> opened) {
            call = opened;
            opened.disableAutoRequestWithInitial(0);
            opened.setOnReadyHandler(this::wake);
        }

        @Override
        public void onNext(SessionResponse message) {
            ClientCallStreamObserver<SessionRequest> opened = call;
            if (opened == null) {
                return;
            }
            if (message.hasWelcome()) {
                accept(message.getWelcome(), opened);
                return;
            }
            if (message.hasRecords()) {
                recordAcks.accept(message.getRecords());
                opened.request(1);
                return;
            }
            try {
                desk.receive(masterId, message, () -> opened.request(1));
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                opened.cancel("the agent stops", null);
            }
        }

        private void accept(Welcome greeting, ClientCallStreamObserver<SessionRequest> opened) {
            if (!greeting.getMasterId().equals(masterId)) {
                opened.cancel(
                        "expected master %s, found %s; correct the masters in the agent's configuration"
                                .formatted(masterId, greeting.getMasterId()),
                        null);
                return;
            }
            LOG.info(
                    "master {}: session is up, control plane {}{}",
                    masterId,
                    greeting.getControlPlaneVersion(),
                    greeting.getPrimary() ? ", primary" : "");
            welcome = greeting;
            opened.request(1);
            changed.run();
        }

        @Override
        public void onError(Throwable failure) {
            finish(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            finish(Status.UNAVAILABLE.withDescription("the master ended the session"));
        }

        private void finish(Status status) {
            end = status;
            wake();
            outbox.offer(WAKE);
        }

        private void wake() {
            synchronized (writable) {
                writable.notifyAll();
            }
        }
    }
}
