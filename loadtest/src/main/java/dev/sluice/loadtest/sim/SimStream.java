package dev.sluice.loadtest.sim;

import com.google.protobuf.Message;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * A server's stream of gRPC over a simulated connection: what the service writes goes to the end,
 * what comes from the end goes to the service.
 *
 * @param <Q> what the client sends
 * @param <A> what the service answers
 */
final class SimStream<Q extends Message, A extends Message> extends ServerCallStreamObserver<A>
        implements Receiver {

    private final End end;
    private final Class<Q> requests;
    private @Nullable StreamObserver<Q> service;
    private Runnable onReady = () -> {};
    private Runnable onCancel = () -> {};
    private boolean cancelled;

    SimStream(End end, Class<Q> requests) {
        this.end = end;
        this.requests = requests;
    }

    SimStream<Q, A> to(StreamObserver<Q> observer) {
        service = observer;
        return this;
    }

    @Override
    public void message(Message message) {
        if (service != null) {
            service.onNext(requests.cast(message));
        }
    }

    @Override
    public void closed(String why) {
        cancelled = true;
        onCancel.run();
        if (service != null) {
            service.onError(Status.CANCELLED.withDescription(why).asRuntimeException());
        }
    }

    @Override
    public void ready() {
        onReady.run();
    }

    @Override
    public void onNext(A answer) {
        end.send(answer);
    }

    @Override
    public void onError(Throwable failure) {
        end.close(String.valueOf(failure.getMessage()));
    }

    @Override
    public void onCompleted() {
        end.close("OK");
    }

    @Override
    public boolean isReady() {
        return end.isReady();
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
        onReady = handler;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
        onCancel = handler;
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
