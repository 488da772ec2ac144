/**
 * Checks a blueprint against the rules that no upgrade may break, whoever wrote it.
 *
 * <p>Shares no code with the planner, so that one mistake cannot hide another: it reads the steps
 * and the input and reasons from those alone. Depends on {@code model} and on the record of the
 * planner's input. Start with {@link dev.sluice.control.planner.check.BlueprintChecker}.
 */
@NullMarked
package dev.sluice.control.planner.check;

import org.jspecify.annotations.NullMarked;
