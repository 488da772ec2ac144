/**
 * The demo: a whole cluster upgraded on this machine, with the result checked from outside.
 *
 * <p>Start with {@link dev.sluice.loadtest.demo.DemoCommand}.
 */
@NullMarked
package dev.sluice.loadtest.demo;

import org.jspecify.annotations.NullMarked;
