package dev.sluice.sim.appliance;

import java.time.Duration;
import java.util.Optional;

/**
 * The faults that wait to strike.
 *
 * @param failingBoots how many of the next boots fail
 * @param updateFailsAt the percent at which the next update fails
 * @param updateDuration how long writing an image takes instead of the appliance's own time
 * @param overTemperature degrees Celsius that the processor's sensor reads
 */
public record ActiveFaults(
        int failingBoots,
        Optional<Integer> updateFailsAt,
        Optional<Duration> updateDuration,
        Optional<Integer> overTemperature) {

    public static final ActiveFaults NONE =
            new ActiveFaults(0, Optional.empty(), Optional.empty(), Optional.empty());

    ActiveFaults withFailingBoots(int boots) {
        return new ActiveFaults(boots, updateFailsAt, updateDuration, overTemperature);
    }

    ActiveFaults withUpdateFailsAt(Optional<Integer> percent) {
        return new ActiveFaults(failingBoots, percent, updateDuration, overTemperature);
    }

    ActiveFaults withUpdateDuration(Duration duration) {
        return new ActiveFaults(
                failingBoots,
                updateFailsAt,
                duration.isZero() ? Optional.empty() : Optional.of(duration),
                overTemperature);
    }

    ActiveFaults withOverTemperature(int celsius) {
        return new ActiveFaults(
                failingBoots,
                updateFailsAt,
                updateDuration,
                celsius == 0 ? Optional.empty() : Optional.of(celsius));
    }
}
