/**
 * The one writer of a cluster's state: decides commands, makes the events durable, applies them,
 * answers.
 *
 * <p>{@link dev.sluice.control.controller.DurableState} is the core without threads, {@link
 * dev.sluice.control.controller.Controller} the thread and the bounded queue around it. Depends on
 * model, state, failover, codec and journal.
 */
@NullMarked
package dev.sluice.control.controller;

import org.jspecify.annotations.NullMarked;
