package dev.sluice.sim.redfish;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/** What a request is answered with. */
sealed interface Reply {

    /** A resource. */
    record Body(int status, JsonObject json, Map<String, String> headers) implements Reply {
        public Body {
            headers = Map.copyOf(headers);
        }
    }

    /** Done, and nothing to say. */
    record Done() implements Reply {}

    /** Refused or failed, and why. */
    record Problem(int status, List<Message> messages) implements Reply {
        public Problem {
            messages = List.copyOf(messages);
        }
    }

    static Reply ok(JsonObject json) {
        return new Body(200, json, Map.of());
    }

    static Reply problem(int status, Message message) {
        return new Problem(status, List.of(message));
    }
}
