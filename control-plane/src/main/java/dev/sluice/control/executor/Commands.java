package dev.sluice.control.executor;

import dev.sluice.control.model.Step;
import dev.sluice.control.state.Upgrade;

/**
 * The ids of commands to agents: the same attempt of the same step is the same command, whoever
 * sends it.
 */
final class Commands {

    private Commands() {}

    static String id(Upgrade upgrade, Step step, int attempt) {
        return "%s/%s/%d".formatted(upgrade.id(), step.id(), attempt);
    }
}
