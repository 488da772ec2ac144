package dev.sluice.loadtest.demo;

import dev.sluice.v1.WatchEventsResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An order to kill a process, or to freeze it for a while, when a step begins.
 *
 * @param frozenFor how long it is stopped before it goes on; zero: it is killed
 * @param victim which process
 * @param agent the node whose agent dies; empty for masters
 * @param step what names the step: an id such as s12, a kind such as PROMOTE, a kind and a node
 *     such as INSTALL:eu-2, or a phase such as SECOND_HALF
 */
record Kill(Duration frozenFor, Victim victim, String agent, String step) {

    private static final Pattern FORM =
            Pattern.compile("(primary|backup|agent:([a-z0-9-]+))@([A-Za-z0-9_:-]+)");

    /**
     * Longer than the lease of the shared address, and long enough for another master to take over.
     */
    private static final Duration FREEZE = Duration.ofSeconds(5);

    /** Which process dies. */
    enum Victim {
        PRIMARY,
        BACKUP,
        AGENT
    }

    /**
     * Reads {@code primary|backup|agent:ID@STEP}.
     *
     * @throws IllegalArgumentException naming the text
     */
    static Kill parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException(
                    "kill \"%s\": expected primary@STEP, backup@STEP or agent:ID@STEP, where STEP is an id (s12), a kind (PROMOTE), a kind and a node (INSTALL:eu-2) or a phase (SECOND_HALF)"
                            .formatted(text));
        }
        String agent = form.group(2);
        Victim victim =
                agent != null
                        ? Victim.AGENT
                        : Victim.valueOf(form.group(1).toUpperCase(Locale.ROOT));
        return new Kill(Duration.ZERO, victim, agent == null ? "" : agent, form.group(3));
    }

    /**
     * Reads {@code primary|backup@STEP}, for a control plane that is frozen.
     *
     * @throws IllegalArgumentException naming the text
     */
    static Kill parseFreeze(String text) {
        if (text.startsWith("agent:")) {
            throw new IllegalArgumentException(
                    "freeze \"%s\": expected primary@STEP or backup@STEP".formatted(text));
        }
        Kill kill = parse(text);
        return new Kill(FREEZE, kill.victim(), kill.agent(), kill.step());
    }

    boolean isFreeze() {
        return frozenFor.isPositive();
    }

    /** Whether an event says that the step has begun. */
    boolean isTriggeredBy(WatchEventsResponse event) {
        if (!event.getType().equals("StepStarted")) {
            return false;
        }
        return step.equals(event.getStepId())
                || step.equals(event.getStepKind())
                || step.equals(event.getStepKind() + ":" + event.getNode())
                || step.equals(event.getPhase());
    }

    @Override
    public String toString() {
        return (victim == Victim.AGENT ? "agent:" + agent : victim.name().toLowerCase(Locale.ROOT))
                + "@"
                + step;
    }
}
