package dev.sluice.loadtest.sim;

import java.util.Optional;

/** The process that a node exists for, as its agent starts, stops and asks it. */
interface ServiceUnit {

    boolean isAlive();

    void start(String version);

    void stop();

    /** What it answers; empty while it does not run or does not answer yet, and on masters. */
    Optional<Status> status();

    /** Lets clients in, or not. */
    void admit(boolean accepting);

    /** Ends all sessions; returns how many there were. */
    int cut();

    record Status(String version, boolean accepting, int clients) {}
}
