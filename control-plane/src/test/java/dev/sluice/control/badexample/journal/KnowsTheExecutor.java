package dev.sluice.control.badexample.journal;

import dev.sluice.control.badexample.executor.AppliesByItself;

/** The other half of a cycle. */
public final class KnowsTheExecutor {
    public static final Long INDEX = 1L;

    private KnowsTheExecutor() {}

    public static String name() {
        return AppliesByItself.act().toString();
    }
}
