/**
 * The application that the demo and the tests upgrade: a TCP service that answers with its version.
 *
 * <p>It depends on the JDK alone, so that dozens of it start quickly and fit into a small machine.
 * Start reading at {@link dev.sluice.sample.SampleSite}; {@link dev.sluice.sample.Admission} holds
 * the one rule that matters: what is counted after admission was closed.
 */
@NullMarked
package dev.sluice.sample;

import org.jspecify.annotations.NullMarked;
