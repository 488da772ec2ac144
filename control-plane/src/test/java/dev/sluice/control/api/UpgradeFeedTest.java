package dev.sluice.control.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.v1.UpgradeState;
import dev.sluice.v1.UpgradeSummary;
import dev.sluice.v1.WatchUpgradeResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class UpgradeFeedTest {

    private long index = 1;
    private UpgradeState state = UpgradeState.UPGRADE_STATE_RUNNING;
    private String plan = "p-1";
    private int views;

    private final UpgradeFeed feed = new UpgradeFeed(this::view, () -> index);

    private WatchUpgradeResponse view() {
        views++;
        return WatchUpgradeResponse.newBuilder()
                .setSummary(
                        UpgradeSummary.newBuilder()
                                .setPlanId(plan)
                                .setState(state)
                                .setStepsDone((int) index))
                .build();
    }

    @Test
    void sendsTheUpgradeAtOnceAndAgainWhenSomethingIsRecorded() {
        Client client = joins();
        assertThat(client.stepsDone()).containsExactly(1);

        feed.tick();
        assertThat(client.stepsDone()).containsExactly(1);

        index = 2;
        feed.tick();
        assertThat(client.stepsDone()).containsExactly(1, 2);
    }

    @Test
    void sendsAViewASecondThoughNothingIsRecorded() {
        Client client = joins();
        for (int i = 0; i < UpgradeFeed.TICKS_PER_VIEW; i++) {
            feed.tick();
        }

        assertThat(client.received).hasSize(2);
    }

    @Test
    void aStalledClientGetsOnlyTheNewestWhenItCanTakeOne() {
        Client client = joins();
        client.ready = false;
        for (index = 2; index < 50; index++) {
            feed.tick();
        }
        assertThat(client.stepsDone()).containsExactly(1);

        client.ready = true;
        feed.tick();
        assertThat(client.stepsDone()).containsExactly(1, 50);
    }

    @Test
    void endsOnlyAfterTheLastStateWasTaken() {
        Client client = joins();
        client.ready = false;
        state = UpgradeState.UPGRADE_STATE_COMPLETED;
        index = 2;
        feed.tick();
        assertThat(client.completed).isFalse();

        client.ready = true;
        feed.tick();
        assertThat(client.received.getLast().getSummary().getState())
                .isEqualTo(UpgradeState.UPGRADE_STATE_COMPLETED);
        assertThat(client.completed).isTrue();
    }

    @Test
    void aHaltedUpgradeIsNotOver() {
        state = UpgradeState.UPGRADE_STATE_HALTED;

        assertThat(joins().completed).isFalse();
    }

    @Test
    void saysThatThereIsNoneAndEnds() {
        plan = "";
        Client client = joins();

        assertThat(client.received).hasSize(1);
        assertThat(client.completed).isTrue();
    }

    @Test
    void makesOneViewForAllAndNoneForNobody() {
        Client first = joins();
        Client second = joins();
        views = 0;
        index = 2;
        feed.tick();
        assertThat(views).isEqualTo(1);

        first.cancelled = true;
        second.cancelled = true;
        index = 3;
        feed.tick();
        assertThat(views).isEqualTo(1);
    }

    @Test
    void servesABoundedNumberAndTakesThePlaceOfOneThatLeft() {
        Client first = joins();
        for (int i = 1; i < UpgradeFeed.MAX_WATCHERS; i++) {
            joins();
        }
        assertThat(joins().refusal()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);

        first.cancelled = true;
        assertThat(joins().received).hasSize(1);
    }

    private Client joins() {
        Client client = new Client();
        feed.add(client);
        return client;
    }

    /** A client whose connection is as fast as the test says. */
    private static final class Client extends ServerCallStreamObserver<WatchUpgradeResponse> {
        final List<WatchUpgradeResponse> received = new ArrayList<>();
        boolean ready = true;
        boolean cancelled;
        boolean completed;
        @Nullable Throwable failure;

        List<Integer> stepsDone() {
            return received.stream().map(r -> r.getSummary().getStepsDone()).toList();
        }

        Status.Code refusal() {
            assertThat(failure).isNotNull();
            return Status.fromThrowable(failure).getCode();
        }

        @Override
        public void onNext(WatchUpgradeResponse value) {
            assertThat(ready).isTrue();
            received.add(value);
        }

        @Override
        public void onError(Throwable t) {
            failure = t;
        }

        @Override
        public void onCompleted() {
            completed = true;
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }

        @Override
        public boolean isReady() {
            return ready;
        }

        @Override
        public void setOnCancelHandler(Runnable onCancelHandler) {}

        @Override
        public void setCompression(String compression) {}

        @Override
        public void setOnReadyHandler(Runnable onReadyHandler) {}

        @Override
        public void request(int count) {}

        @Override
        public void setMessageCompression(boolean enable) {}

        @Override
        public void disableAutoInboundFlowControl() {}
    }
}
