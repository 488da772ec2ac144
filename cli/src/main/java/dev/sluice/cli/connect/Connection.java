package dev.sluice.cli.connect;

import dev.sluice.v1.OperatorServiceGrpc;
import dev.sluice.v1.OperatorServiceGrpc.OperatorServiceBlockingStub;
import dev.sluice.v1.OperatorServiceGrpc.OperatorServiceBlockingV2Stub;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A connection to one master, made. */
public record Connection(Address address, ManagedChannel channel) {
    /** The service, for calls that end before the limit. */
    public OperatorServiceBlockingStub within(Duration limit) {
        return OperatorServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The service, for calls that send a stream and end before the limit. */
    public OperatorServiceBlockingV2Stub sendingWithin(Duration limit) {
        return OperatorServiceGrpc.newBlockingV2Stub(channel)
                .withDeadlineAfter(limit.toMillis(), TimeUnit.MILLISECONDS);
    }
}
