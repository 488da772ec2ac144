package dev.sluice.control.depot;

import org.jspecify.annotations.Nullable;

/** How the threads of a depot end. */
final class DepotThreads {

    private DepotThreads() {}

    /**
     * Interrupts a thread and waits until it has ended.
     *
     * @param thread null: it was never started
     */
    static void end(@Nullable Thread thread) {
        if (thread == null) {
            return;
        }
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
