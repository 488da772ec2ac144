package dev.sluice.agent.hardware;

/** The hardware of one node. */
public interface Hardware extends AutoCloseable {

    Power power();

    FirmwareSlots firmware();

    Clock clock();

    Sensors sensors();

    @Override
    void close();
}
