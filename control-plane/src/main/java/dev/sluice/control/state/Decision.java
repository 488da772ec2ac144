package dev.sluice.control.state;

import dev.sluice.control.model.Refusal;
import java.util.List;

/** The answer to a command. */
public sealed interface Decision {

    /** The command is taken; an empty list means that everything was so already. */
    record Accepted(List<Event> events) implements Decision {
        public Accepted {
            events = List.copyOf(events);
        }
    }

    record Rejected(Refusal refusal) implements Decision {}

    static Decision accepted(Event... events) {
        return new Accepted(List.of(events));
    }

    static Decision rejected(String subject, String reason) {
        return new Rejected(new Refusal(subject, reason));
    }
}
