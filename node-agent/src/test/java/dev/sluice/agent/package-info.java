/**
 * Whole agents against a master of the test, over mutual TLS, with real packages and a real site.
 */
@NullMarked
package dev.sluice.agent;

import org.jspecify.annotations.NullMarked;
