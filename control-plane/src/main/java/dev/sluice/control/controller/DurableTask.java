package dev.sluice.control.controller;

import java.io.IOException;

/** Upkeep that only the owner of the durable state may do. */
@FunctionalInterface
public interface DurableTask {
    void run(DurableState durable) throws IOException;
}
