package dev.sluice.loadtest.sim;

/** Something happened that may never happen. */
final class Violation extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String promise;

    /**
     * @param promise which one was broken, by the name that the documentation gives it
     */
    Violation(String promise, String found) {
        super(promise + ": " + found);
        this.promise = promise;
    }

    /** A defect that showed itself. */
    Violation(String promise, Throwable found) {
        super(promise + ": " + found, found);
        this.promise = promise;
    }

    String promise() {
        return promise;
    }
}
