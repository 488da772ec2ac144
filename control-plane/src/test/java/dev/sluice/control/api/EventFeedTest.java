package dev.sluice.control.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.v1.WatchEventsRequest;
import dev.sluice.v1.WatchEventsResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pace of watchers, on a real journal. */
final class EventFeedTest {

    private static final WatchEventsRequest ALL = WatchEventsRequest.getDefaultInstance();
    private static final WatchEventsRequest FOLLOW =
            WatchEventsRequest.newBuilder().setFollow(true).build();

    @AutoClose private final ServedMaster master;
    @AutoClose private final EventFeed feed;

    EventFeedTest(@TempDir Path directory) throws Exception {
        this.master = new ServedMaster(Scene.A, directory).inOffice();
        this.feed = new EventFeed(master.controller);
    }

    @Test
    void sendsNothingToAStalledClientUntilItCanTakeMore() throws Exception {
        Client client = new Client(1);
        feed.watch(ALL, client);
        client.awaitStall();
        assertThat(client.indices()).containsExactly(1L);

        client.take(1);
        client.awaitStall();
        assertThat(client.indices()).containsExactly(1L, 2L);

        client.take(10);
        client.over.get(30, TimeUnit.SECONDS);
        assertThat(client.indices()).containsExactly(1L, 2L, 3L);
    }

    @Test
    void servesABoundedNumberAndTakesThePlaceOfOneThatLeft() throws Exception {
        Client first = new Client(100);
        feed.watch(FOLLOW, first);
        for (int i = 1; i < EventFeed.MAX_WATCHERS; i++) {
            feed.watch(FOLLOW, new Client(100));
        }
        Client tooMany = new Client(100);
        feed.watch(FOLLOW, tooMany);
        assertThat(tooMany.over).isCompletedWithValue(Status.Code.RESOURCE_EXHAUSTED);

        first.leave();
        Status.Code answer = Status.Code.RESOURCE_EXHAUSTED;
        while (answer == Status.Code.RESOURCE_EXHAUSTED) {
            Client next = new Client(100);
            feed.watch(ALL, next);
            answer = next.over.get(30, TimeUnit.SECONDS);
        }
        assertThat(answer).isEqualTo(Status.Code.OK);
    }

    @Test
    void refusesAnIndexThatNoJournalHas() {
        Client client = new Client(100);
        feed.watch(WatchEventsRequest.newBuilder().setFromIndex(-1).build(), client);

        assertThat(client.over).isCompletedWithValue(Status.Code.INVALID_ARGUMENT);
    }

    /** A client that takes as many events as the test lets it. */
    private static final class Client extends ServerCallStreamObserver<WatchEventsResponse> {
        final List<WatchEventsResponse> received = new CopyOnWriteArrayList<>();
        final CompletableFuture<Status.Code> over = new CompletableFuture<>();
        private final Semaphore stalled = new Semaphore(0);
        private final Semaphore room;
        private volatile Runnable onReady = () -> {};
        private volatile Runnable onCancel = () -> {};

        Client(int room) {
            this.room = new Semaphore(room);
        }

        List<Long> indices() {
            return received.stream().map(WatchEventsResponse::getIndex).toList();
        }

        void take(int more) {
            stalled.drainPermits();
            room.release(more);
            onReady.run();
        }

        void awaitStall() throws InterruptedException {
            assertThat(stalled.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
        }

        void leave() {
            onCancel.run();
        }

        @Override
        public boolean isReady() {
            boolean ready = room.availablePermits() > 0;
            if (!ready) {
                stalled.release();
            }
            return ready;
        }

        @Override
        public void onNext(WatchEventsResponse value) {
            assertThat(room.tryAcquire()).isTrue();
            received.add(value);
        }

        @Override
        public void onError(Throwable t) {
            over.complete(Status.fromThrowable(t).getCode());
        }

        @Override
        public void onCompleted() {
            over.complete(Status.Code.OK);
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public void setOnCancelHandler(Runnable onCancelHandler) {
            onCancel = onCancelHandler;
        }

        @Override
        public void setOnReadyHandler(Runnable onReadyHandler) {
            onReady = onReadyHandler;
        }

        @Override
        public void setCompression(String compression) {}

        @Override
        public void request(int count) {}

        @Override
        public void setMessageCompression(boolean enable) {}

        @Override
        public void disableAutoInboundFlowControl() {}
    }
}
