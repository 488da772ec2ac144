package dev.sluice.loadtest.sim;

import java.util.Optional;
import java.util.SortedMap;

/**
 * How one seed went.
 *
 * @param violation what happened that may not; empty: nothing
 * @param nanos of virtual time
 * @param faults how often each was injected
 * @param answers commands of operators by their answers
 * @param coverage how often rare things happened
 */
record History(
        long seed,
        Mutation mutation,
        Optional<Violation> violation,
        long nanos,
        long events,
        SortedMap<String, Integer> faults,
        SortedMap<String, Integer> answers,
        SortedMap<String, Integer> coverage) {}
