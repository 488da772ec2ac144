package dev.sluice.control.badexample.planner;

/** Stands for the planner. */
public final class Planning {
    private Planning() {}

    public static boolean fits(int budget) {
        return budget > 0;
    }
}
