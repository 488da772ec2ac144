/**
 * A vendor's channel as the control plane and the publisher's tool reach it: over HTTPS, and as
 * packages that planning can compare.
 *
 * <p>May depend on {@code model} and on {@code dev.sluice.trust}. Start with {@link
 * dev.sluice.control.channel.HttpChannel}.
 */
@NullMarked
package dev.sluice.control.channel;

import org.jspecify.annotations.NullMarked;
