/**
 * Clusters of real processes on loopback: certificates, packages, configurations, agents, simulated
 * hardware.
 *
 * <p>Start with {@link dev.sluice.loadtest.testbed.Testbed}.
 */
@NullMarked
package dev.sluice.loadtest.testbed;

import org.jspecify.annotations.NullMarked;
