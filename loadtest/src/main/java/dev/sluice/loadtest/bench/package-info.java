/**
 * Benchmarks that {@code ./sluice bench} runs: each prints its figures beside those of the bare
 * machine, so that they mean something elsewhere.
 *
 * <p>They may depend on every module that they measure. Start reading at {@link
 * dev.sluice.loadtest.bench.JournalBenchmark}.
 */
@NullMarked
package dev.sluice.loadtest.bench;

import org.jspecify.annotations.NullMarked;
