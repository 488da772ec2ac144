package dev.sluice.agent.hardware;

import java.time.Duration;
import java.util.function.Consumer;

/** A shared address that says what happens to it. */
public final class FakeSharedAddress implements SharedAddress {

    public static final String ADDRESS = "10.0.0.9:7000";

    private final Consumer<String> happened;
    private boolean held;

    public FakeSharedAddress(Consumer<String> happened) {
        this.happened = happened;
    }

    @Override
    public synchronized void hold(Duration lease) {
        held = true;
        happened.accept("held");
    }

    @Override
    public void renew(Duration lease) {
        happened.accept("renewed");
    }

    @Override
    public synchronized void release() {
        held = false;
        happened.accept("released");
    }

    @Override
    public synchronized String held() {
        return held ? ADDRESS : "";
    }

    @Override
    public String configured() {
        return ADDRESS;
    }

    @Override
    public void close() {
        release();
    }
}
