package dev.sluice.control.badexample.planner.check;

import dev.sluice.control.badexample.planner.Planning;

/** Checks the planner with the planner. */
final class BorrowsFromThePlanner {
    private BorrowsFromThePlanner() {}

    static boolean check(int budget) {
        return Planning.fits(budget);
    }
}
