package dev.sluice.agent.session;

import dev.sluice.v1.Command;

/** What executes one command at a time. Staging has its own: it takes long and disturbs nothing. */
public enum Lane {
    STAGING,
    NODE;

    static Lane of(Command command) {
        return command.getWorkCase() == Command.WorkCase.STAGE ? STAGING : NODE;
    }
}
