package dev.sluice.loadtest.distribute;

import dev.sluice.loadtest.distribute.Scenario.Machine;
import java.io.IOException;
import java.util.List;

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

    /** The receivers in the order in which the file passes them; empty: there is none. */
    default List<Machine> order() throws IOException, InterruptedException {
        return List.of();
    }

    @Override
    void close() throws IOException;
}
