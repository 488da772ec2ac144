package dev.sluice.sim.appliance;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * An update as the management controller reports it.
 *
 * @param id counts from 1
 * @param percent of the image that is written
 * @param started by the appliance's own clock
 * @param ended by the appliance's own clock; empty while it goes on
 * @param image what is written; empty until it was received and verified
 */
public record UpdateTask(
        long id,
        State state,
        int percent,
        Instant started,
        Optional<Instant> ended,
        Optional<BaseImage> image,
        List<Message> messages) {

    public UpdateTask {
        messages = List.copyOf(messages);
    }

    /** Where the update is, by the names that Redfish has for it. */
    public enum State {
        /** The image is being received. */
        STARTING("Starting"),
        /** The image is being written. */
        RUNNING("Running"),
        COMPLETED("Completed"),
        EXCEPTION("Exception");

        private final String redfishName;

        State(String redfishName) {
            this.redfishName = redfishName;
        }

        public String redfishName() {
            return redfishName;
        }
    }

    /**
     * A line of the task's story.
     *
     * @param id the message's id in the Update registry, such as {@code VerificationFailed}
     * @param text for the operator
     */
    public record Message(String id, String text) {}

    public boolean isEnded() {
        return ended.isPresent();
    }

    UpdateTask writing(BaseImage verified) {
        return new UpdateTask(
                id, State.RUNNING, 0, started, ended, Optional.of(verified), messages);
    }

    UpdateTask at(int reached) {
        return new UpdateTask(id, state, reached, started, ended, image, messages);
    }

    UpdateTask ended(State outcome, Instant when, Message message) {
        int reached = outcome == State.COMPLETED ? 100 : percent;
        return new UpdateTask(
                id, outcome, reached, started, Optional.of(when), image, List.of(message));
    }
}
