package dev.sluice.sim.appliance;

import java.time.Duration;

/** Something that goes wrong with the appliance because a test or an operator asked for it. */
public sealed interface Fault {

    /** The next {@code boots} boots fail, 1 to 100. */
    record BootFails(int boots) implements Fault {}

    /** Boots of the slot fail until it is written again. */
    record FaultySlot(Slot slot) implements Fault {}

    /** The next image fails to be written at the given percent, 0 to 99. */
    record UpdateFails(int percent) implements Fault {}

    /** Writing each image takes this long, until cleared by a duration of zero. */
    record SlowUpdate(Duration duration) implements Fault {}

    /** The processor's sensor reads this many degrees Celsius, until cleared by zero. */
    record OverTemperature(int celsius) implements Fault {}

    /** The management controller takes requests but answers none for this long from now. */
    record Unresponsive(Duration duration) implements Fault {}
}
