package dev.sluice.loadtest.sim;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Tells the history, a line for each thing worth knowing, to whoever wants it. */
final class Trace {

    private final Schedule schedule;
    private final Consumer<String> lines;
    private final boolean wanted;

    private Trace(Schedule schedule, Consumer<String> lines, boolean wanted) {
        this.schedule = schedule;
        this.lines = lines;
        this.wanted = wanted;
    }

    static Trace none(Schedule schedule) {
        return new Trace(schedule, _ -> {}, false);
    }

    static Trace to(Schedule schedule, Consumer<String> lines) {
        return new Trace(schedule, lines, true);
    }

    void say(String who, Supplier<String> what) {
        if (wanted) {
            lines.accept(
                    String.format(
                            Locale.ROOT, "%11.6f %-10s %s", schedule.now() / 1e9, who, what.get()));
        }
    }
}
