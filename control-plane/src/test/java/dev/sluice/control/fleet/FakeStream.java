package dev.sluice.control.fleet;

import dev.sluice.v1.SessionResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A way out whose transport is full whenever a test says so. */
final class FakeStream extends ServerCallStreamObserver<SessionResponse> {

    final List<SessionResponse> sent = new ArrayList<>();
    boolean ready = true;
    @Nullable Status end;

    List<SessionResponse.MessageCase> kinds() {
        return sent.stream().map(SessionResponse::getMessageCase).toList();
    }

    @Override
    public boolean isReady() {
        return ready;
    }

    @Override
    public void onNext(SessionResponse response) {
        sent.add(response);
    }

    @Override
    public void onError(Throwable failure) {
        end = Status.fromThrowable(failure);
    }

    @Override
    public void onCompleted() {
        end = Status.OK;
    }

    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {}

    @Override
    public void setCompression(String compression) {}

    @Override
    public void setOnReadyHandler(Runnable handler) {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}

    @Override
    public void disableAutoInboundFlowControl() {}
}
