package dev.sluice.loadtest.distribute;

import dev.sluice.loadtest.distribute.Scenario.Machine;
import java.io.IOException;

/** A way of distributing. Used once: prepared, run, closed. */
interface Contender extends AutoCloseable {

    String name();

    /** Starts what has to run before, and has it warm. */
    void prepare() throws IOException, InterruptedException;

    /** Has the origin give the file out, from now on. */
    void begin() throws IOException, InterruptedException;

    /** Whether the machine has the whole file, verified. */
    boolean isComplete(Machine machine) throws IOException;

    /** Has the machine's part in it end as in a crash, for good. */
    void kill(Machine machine) throws IOException, InterruptedException;

    @Override
    void close() throws IOException;
}
