package dev.sluice.control.controller;

import dev.sluice.control.codec.EntryTooLargeException;
import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decider;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.Office;
import dev.sluice.control.state.Recorded;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides commands in order, each on the state that the one before left, and gives their events the
 * journal's form. A command whose events have no such form is rejected; none of its events happens
 * then.
 *
 * @param incarnation of this process, under which alone it may decide
 */
record BatchDecider(NodeId self, long incarnation, EventCodec codec, InstantSource clock) {

    /** What a batch comes to, before any of it is in the journal. */
    record Decided(
            List<Decision> decisions,
            List<Recorded> recorded,
            List<byte[]> payloads,
            ClusterState after) {}

    /** One command's events in the journal's form. */
    private sealed interface Writing {

        record Written(List<Recorded> recorded, List<byte[]> payloads, ClusterState after)
                implements Writing {}

        record Unwritable(String why) implements Writing {}
    }

    Decided decide(ClusterState at, List<Command> commands) {
        ClusterState next = at;
        List<Decision> decisions = new ArrayList<>(commands.size());
        List<Recorded> recorded = new ArrayList<>();
        List<byte[]> payloads = new ArrayList<>();
        for (Command command : commands) {
            Decision decision = decideOne(next, command);
            if (decision instanceof Decision.Accepted(var events)) {
                switch (write(next, events)) {
                    case Writing.Written written -> {
                        next = written.after();
                        recorded.addAll(written.recorded());
                        payloads.addAll(written.payloads());
                    }
                    case Writing.Unwritable(var why) ->
                            decision = Decision.rejected("journal", why);
                }
            }
            decisions.add(decision);
        }
        return new Decided(decisions, recorded, payloads, next);
    }

    /** Encodes each event before it is applied, so that what can't be written never happens. */
    private Writing write(ClusterState before, List<Event> events) {
        ClusterState next = before;
        List<Recorded> recorded = new ArrayList<>(events.size());
        List<byte[]> payloads = new ArrayList<>(events.size());
        for (Event event : events) {
            Recorded one =
                    new Recorded(next.index() + 1, clock.instant(), ballotFor(next, event), event);
            try {
                payloads.add(codec.encode(one));
            } catch (EntryTooLargeException | IllegalArgumentException e) {
                return new Writing.Unwritable(String.valueOf(e.getMessage()));
            }
            next = next.apply(one);
            recorded.add(one);
        }
        return new Writing.Written(recorded, payloads, next);
    }

    private Decision decideOne(ClusterState at, Command command) {
        if (command instanceof Command.TakeOffice || isInOffice(at)) {
            return Decider.decide(at, command);
        }
        Office office = at.office();
        return Decision.rejected(
                "master " + self,
                office == null
                        ? "is not the primary, and there is none yet"
                        : "is not the primary; ask master %s".formatted(office.entitled()));
    }

    /** Whether this process may decide at a state. */
    boolean isInOffice(ClusterState at) {
        Office office = at.office();
        return office != null
                && office.handedTo() == null
                && office.ballot().master().equals(self)
                && office.ballot().incarnation() == incarnation;
    }

    private static Ballot ballotFor(ClusterState at, Event event) {
        if (event instanceof Event.PrimaryTookOffice(var ballot, var _, var _)) {
            return ballot;
        }
        Office office = at.office();
        if (office == null) {
            throw new IllegalStateException(
                    "event %s before any primary took office".formatted(event));
        }
        return office.ballot();
    }
}
