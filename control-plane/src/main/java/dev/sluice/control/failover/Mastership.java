package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One master's part in the election: follower, candidate, primary. Without I/O, threads or clock:
 * the same calls give the same effects.
 *
 * <p>It is told the time with each call (nanoseconds of a monotonic clock) and looks at {@link
 * MastershipView} whenever {@link #look} is called, which has to happen some times within {@link
 * Timings#resend}. The rules are in {@code docs/design/one-primary.md}.
 */
public final class Mastership {

    /** The id under which a primary says that it lives; nobody waits for the replies. */
    private static final long ALIVE_ID = 0;

    /** How often a master stands for the office after an operator asked once. */
    private static final int ASKED_ATTEMPTS = 5;

    /** Silences for which a successor is waited for. */
    private static final int SUCCESSOR_SILENCES = 3;

    private final NodeId self;
    private final long incarnation;
    private final boolean founder;
    private final Timings timings;
    private Replica replica;
    private Memory memory;
    private Role role = new Role.Follower("it has just started");
    private List<MastershipEffect> effects = new ArrayList<>();
    private long requests = ALIVE_ID;
    private int attempts;
    private long heardAt;
    private long notBefore;
    private long lookedAt;
    private int asked;
    private boolean heardAnother;
    private @Nullable Ballot succeeding;
    private boolean founding;
    private boolean begun;

    /** What a master is in the election. */
    public sealed interface Role {

        /**
         * @param why why it is no candidate, for people
         */
        record Follower(String why) implements Role {}

        /** It asks the witnesses for promises, or to accept. */
        record Candidate(Ballot ballot, String doing) implements Role {}

        record Primary(Register register) implements Role {}

        /** Another master has its place; this process is over. */
        record Superseded(Ballot higher) implements Role {}
    }

    private @Nullable Round round;
    private @Nullable Reign reign;

    /**
     * A master that has just started.
     *
     * @param replica itself, with the journal that it has
     * @param incarnation of this process; another one with each start
     * @param founder whether it founds the cluster, if there is none yet
     * @param memory what its last process remembered
     */
    public Mastership(
            Replica replica, long incarnation, boolean founder, Timings timings, Memory memory) {
        this.self = replica.master();
        this.replica = replica;
        this.incarnation = incarnation;
        this.founder = founder;
        this.timings = timings;
        this.memory = memory;
    }

    public Role role() {
        return role;
    }

    public Memory memory() {
        return memory;
    }

    /**
     * Its journal is about to be replaced: what the old one was in sync with, the new one is not.
     * Only a follower's is; a candidate gives up.
     */
    public void replaced(Replica with) {
        if (reign != null) {
            throw new IllegalStateException(
                    "journal of master %s: expected to be replaced while it follows, found it primary under %s"
                            .formatted(self, reign.ballot()));
        }
        replica = with;
        if (round != null) {
            round = null;
            role = new Role.Follower("its journal was replaced");
        }
    }

    /** Looks what is to be done now. */
    public List<MastershipEffect> look(long now, MastershipView view) {
        if (!begun) {
            begun = true;
            heardAt = now;
            notBefore = now;
        }
        lookedAt = now;
        if (role instanceof Role.Superseded) {
            return taken();
        }
        if (reign != null) {
            reign(now, view, reign);
        } else if (round != null) {
            pursue(now, round);
        } else {
            wait(now, view);
        }
        return taken();
    }

    /** A witness has answered. */
    public List<MastershipEffect> replied(
            long now, NodeId node, long requestId, WitnessReply reply) {
        if (role instanceof Role.Superseded) {
            return taken();
        }
        remember(memory.saw(reply.promised()).saw(reply.register()));
        Witness witness = new Witness(node, reply.store());
        Reign reigning = reign;
        Round current = round;
        if (reigning != null) {
            heard(reigning, witness, requestId, reply);
        } else if (current != null && current.id() == requestId) {
            heard(now, current, witness, reply);
        }
        return taken();
    }

    /**
     * A primary was heard. One below the register that is known is none any more: it is not
     * followed, and has to be answered with that register's ballot, so that it ends. One below a
     * ballot that was only tried may well be: a candidate that got no promise goes on following.
     */
    public List<MastershipEffect> heardPrimary(
            long now, Ballot ballot, @Nullable Register register) {
        Register known = memory.register();
        if (role instanceof Role.Superseded || (known != null && known.ballot().isAbove(ballot))) {
            return taken();
        }
        remember(memory.saw(ballot).saw(register));
        heardAt = now;
        heardAnother = true;
        Round current = round;
        if (reign != null && ballot.isAbove(reign.ballot())) {
            standDown(ballot, "master %s is primary".formatted(ballot.master()));
        } else if (current != null
                && (current.stage() == Round.Stage.PRE_VOTE || ballot.isAbove(current.ballot()))) {
            give(now, "master %s is primary".formatted(ballot.master()));
        }
        return taken();
    }

    /** Somebody obeys this ballot. Whoever founds a cluster is too late then, however low it is. */
    public List<MastershipEffect> saw(Ballot ballot) {
        remember(memory.saw(ballot));
        if (reign != null && ballot.isAbove(reign.ballot())) {
            standDown(ballot, "ballot %s is obeyed".formatted(ballot));
        } else if (round != null && (founding || ballot.isAbove(round.ballot()))) {
            give(lookedAt, "ballot %s is obeyed".formatted(ballot));
        }
        return taken();
    }

    /**
     * Replication can't begin what {@link MastershipEffect.Writing} says: the write is not sent,
     * and another is made at the next look.
     */
    public void withdraw() {
        if (reign != null) {
            reign.withdraw();
        }
    }

    /**
     * An operator asks this master to become primary if the witnesses let it. It tries some times;
     * a primary has nothing to do.
     */
    public void promote() {
        asked = reign == null ? ASKED_ATTEMPTS : 0;
    }

    /**
     * An operator makes this master primary without those that can't be reached. One that is
     * primary has to end first: it commands under its ballot until then.
     *
     * @param generation above every generation known, and above every one that was tried
     * @param witnesses who decides from now on
     */
    public List<MastershipEffect> force(long now, int generation, SortedSet<Witness> witnesses) {
        if (reign != null || role instanceof Role.Superseded) {
            throw new IllegalArgumentException(
                    "forced promotion of master %s: expected one that is not primary, found %s"
                            .formatted(self, role));
        }
        int known = memory.highest() == null ? 0 : memory.highest().generation();
        if (generation <= known) {
            throw new IllegalArgumentException(
                    "forced promotion of master %s: expected a generation above %d, found %d"
                            .formatted(self, known, generation));
        }
        Register before = memory.register();
        Ballot ballot = new Ballot(generation, 1, self, incarnation);
        WitnessSet set =
                WitnessSet.of(before == null ? 1 : before.witnesses().version() + 1, witnesses);
        Register forced = new Register(ballot, 0, only(), set, Optional.empty());
        founding = false;
        begin(now, new Round(nextId(), ballot, Round.Stage.PREPARE, Optional.of(forced), now));
        return taken();
    }

    // A follower.

    private void wait(long now, MastershipView view) {
        if (memory.register() == null) {
            found(now, view);
            return;
        }
        if (now - notBefore < 0) {
            return;
        }
        MastershipView.Log log = view.log();
        if (log.isHandedTo(self) && isNewest(log)) {
            succeed(now, log.office());
        } else if (asked > 0) {
            asked--;
            campaign(now, Round.Stage.PRE_VOTE);
        } else if (!view.automatic() && !wasPrimary(log)) {
            role = new Role.Follower("it takes over only when an operator asks");
        } else if (now - heardAt < patience(log).toNanos()) {
            role = new Role.Follower("a primary was heard, or may still be");
        } else {
            campaign(now, Round.Stage.PRE_VOTE);
        }
    }

    /** Whether the journal's last word on the office is not older than what is known otherwise. */
    private boolean isNewest(MastershipView.Log log) {
        Register known = memory.register();
        return log.office() != null
                && (known == null || known.ballot().compareTo(log.office()) <= 0);
    }

    /** Skips the pre-vote once for each handover, if it knows that it is in sync. */
    private void succeed(long now, @Nullable Ballot handedUnder) {
        Register known = memory.register();
        boolean skips =
                known != null
                        && known.inSync().contains(replica)
                        && !Objects.equals(handedUnder, succeeding);
        succeeding = handedUnder;
        campaign(now, skips ? Round.Stage.PREPARE : Round.Stage.PRE_VOTE);
    }

    /**
     * Whether this master was the last primary, by its journal or by the register, and since it
     * started no other was heard. It may come back though failover is broken, and may take the
     * office again that its successor does not take.
     */
    private boolean wasPrimary(MastershipView.Log log) {
        Register known = memory.register();
        boolean byLog = log.office() != null && log.office().master().equals(self);
        boolean byRegister = known != null && known.primary().equals(self);
        return !heardAnother && (byLog || byRegister);
    }

    /** The last primary comes back at once; one that handed over lets its successor go first. */
    private Duration patience(MastershipView.Log log) {
        Duration silence = timings.silence().plusNanos(jitter() / 2);
        if (log.handedTo() != null) {
            return silence.multipliedBy(SUCCESSOR_SILENCES);
        }
        return wasPrimary(log) ? Duration.ZERO : silence;
    }

    private void campaign(long now, Round.Stage stage) {
        founding = false;
        begin(now, new Round(nextId(), nextBallot(), stage, Optional.empty(), now));
    }

    private Ballot nextBallot() {
        Ballot highest = memory.highest();
        return highest == null
                ? new Ballot(0, 1, self, incarnation)
                : highest.next(self, incarnation);
    }

    private void begin(long now, Round next) {
        round = next;
        attempts++;
        if (next.stage() != Round.Stage.PRE_VOTE && !isForce(next)) {
            remember(memory.saw(next.ballot()));
        }
        role = new Role.Candidate(next.ballot(), next.stage().doing());
        pursue(now, next);
    }

    /**
     * A generation that no witness has promised is not one to campaign in: only an operator's
     * certificate begins it. Whoever forces sees to it that it is not tried again.
     */
    private static boolean isForce(Round next) {
        return next.stage() == Round.Stage.PREPARE && next.template().isPresent();
    }

    // A founder.

    private void found(long now, MastershipView view) {
        if (!founder) {
            role = new Role.Follower("it knows no register yet");
            return;
        }
        Ballot highest = memory.highest();
        if (!view.log().isEmpty() || (highest != null && !highest.master().equals(self))) {
            role =
                    new Role.Follower(
                            "it has a journal or another's ballot, but no register: its memory is lost");
            return;
        }
        if (view.witnesses().isEmpty()) {
            role = new Role.Follower("the agents that are to be the first witnesses are not here");
            return;
        }
        for (var agent : view.present().entrySet()) {
            Ballot obeyed = agent.getValue().obeyed();
            if (obeyed != null) {
                role =
                        new Role.Follower(
                                "node %s obeys ballot %s: the cluster is founded, and this journal is a lost one"
                                        .formatted(agent.getKey(), obeyed));
                return;
            }
        }
        if (now - notBefore < 0) {
            return;
        }
        Ballot ballot = nextBallot();
        Register first =
                new Register(
                        ballot, 0, only(), new WitnessSet(1, view.witnesses()), Optional.empty());
        founding = true;
        begin(now, new Round(nextId(), ballot, Round.Stage.FOUND, Optional.of(first), now));
    }

    // A candidate.

    private void pursue(long now, Round current) {
        if (now - current.begunAt() > timings.round().toNanos()) {
            give(
                    now,
                    current.outcome(memory.register()) instanceof Round.Outcome.Won(var register)
                                    && register.isPresent()
                            ? outOfSync(register.get())
                            : "no quorum of witnesses answered for " + current.stage().doing());
            return;
        }
        WitnessRequest request = current.request();
        for (Witness witness : current.toAsk(memory.register())) {
            if (current.isDue(witness, now, timings.resend().toNanos())) {
                effects.add(new MastershipEffect.Ask(witness.node(), current.id(), request));
            }
        }
    }

    private void heard(long now, Round current, Witness witness, WitnessReply reply) {
        if (!reply.granted()) {
            Ballot promised = reply.promised();
            if (promised != null && promised.isAbove(current.ballot())) {
                give(now, "witness %s promised %s".formatted(witness.node(), promised));
            }
            return;
        }
        if (!current.isGrantedBy(reply)) {
            return;
        }
        current.granted(witness, reply.register());
        switch (current.outcome(memory.register())) {
            case Round.Outcome.Open _ -> pursue(now, current);
            case Round.Outcome.Refused(var why) -> give(now, why);
            case Round.Outcome.Won(var register) -> advance(now, current, register);
        }
    }

    private void advance(long now, Round won, Optional<Register> from) {
        if (from.isPresent() && !from.get().inSync().contains(replica)) {
            if (won.isCertain(from.get())) {
                give(now, outOfSync(from.get()));
            } else {
                pursue(now, won);
            }
            return;
        }
        switch (won.stage()) {
            case PRE_VOTE -> campaign(now, Round.Stage.PREPARE);
            case FOUND, PREPARE -> {
                Register base = won.template().or(() -> from).orElseThrow();
                Register mine =
                        new Register(won.ballot(), 0, only(), base.witnesses(), base.leaving());
                begin(
                        now,
                        new Round(
                                nextId(),
                                won.ballot(),
                                Round.Stage.ACCEPT,
                                Optional.of(mine),
                                now));
            }
            case ACCEPT -> reignOver(won.template().orElseThrow());
        }
    }

    private static String outOfSync(Register by) {
        return "its journal is not in sync by the register of ballot %s".formatted(by.ballot());
    }

    /** Gives the round up, and waits a while of its own length before the next. */
    private void give(long now, String why) {
        round = null;
        notBefore = now + jitter();
        role = new Role.Follower(why);
    }

    /** Differs between masters, processes and attempts; no dice, so that a history replays. */
    private long jitter() {
        long mixed = (incarnation ^ self.value().hashCode()) + attempts * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 31)) * 0xBF58476D1CE4E5B9L;
        return Math.floorMod(mixed ^ (mixed >>> 29), Math.max(1, timings.spread().toNanos()));
    }

    // A primary.

    private void reignOver(Register accepted) {
        round = null;
        asked = 0;
        heardAnother = false;
        reign = new Reign(accepted);
        remember(memory.saw(accepted));
        role = new Role.Primary(accepted);
        effects.add(
                new MastershipEffect.TakeOffice(
                        accepted, "a quorum of witnesses accepted ballot " + accepted.ballot()));
    }

    private void reign(long now, MastershipView view, Reign current) {
        MastershipView.Log log = view.log();
        if (log.handedTo() != null && current.ballot().equals(log.office())) {
            reign = null;
            heardAt = now;
            role = new Role.Follower("it handed the office to master " + log.handedTo());
            return;
        }
        if (current.isAliveDue(now, timings.alive().toNanos())) {
            WitnessRequest alive = new WitnessRequest.Alive(current.ballot());
            for (Witness witness : current.everyone()) {
                effects.add(new MastershipEffect.Ask(witness.node(), ALIVE_ID, alive));
            }
        }
        if (current.writing().isEmpty() && current.ballot().equals(log.office())) {
            nextWrite(view, current).ifPresent(next -> write(current, next));
        }
        current.writing()
                .ifPresent(next -> {
                    WitnessRequest accept = new WitnessRequest.Accept(next);
                    for (Witness witness : next.everyone()) {
                        if (current.isDue(witness, now, timings.resend().toNanos())) {
                            effects.add(
                                    new MastershipEffect.Ask(witness.node(), current.id(), accept));
                        }
                    }
                });
    }

    private Optional<Register> nextWrite(MastershipView view, Reign current) {
        Register written = current.written();
        if (written.leaving().isPresent()) {
            return Optional.of(
                    current.next(written.inSync(), written.witnesses(), Optional.empty()));
        }
        SortedSet<Replica> inSync = new TreeSet<>(view.inSync());
        inSync.add(replica);
        if (!inSync.equals(written.inSync())) {
            return Optional.of(current.next(inSync, written.witnesses(), Optional.empty()));
        }
        return WitnessChange.next(written.witnesses(), view.witnesses(), view.present())
                .map(set -> current.next(inSync, set, Optional.of(written.witnesses())));
    }

    private void write(Reign current, Register next) {
        current.begin(next, nextId());
        effects.add(new MastershipEffect.Writing(next));
    }

    private void heard(Reign current, Witness witness, long requestId, WitnessReply reply) {
        Ballot promised = reply.promised();
        if (!reply.granted() && promised != null && promised.isAbove(current.ballot())) {
            standDown(promised, "witness %s promised it".formatted(witness.node()));
            return;
        }
        if (reply.granted()
                && requestId == current.id()
                && current.writing().equals(Optional.ofNullable(reply.register()))) {
            current.accepted(witness)
                    .ifPresent(written -> {
                        remember(memory.saw(written));
                        role = new Role.Primary(written);
                        effects.add(new MastershipEffect.Written(written));
                    });
        }
    }

    private void standDown(Ballot higher, String reason) {
        reign = null;
        round = null;
        role = new Role.Superseded(higher);
        effects.add(new MastershipEffect.StandDown(higher, reason));
    }

    // Everybody.

    private SortedSet<Replica> only() {
        return new TreeSet<>(List.of(replica));
    }

    private long nextId() {
        return ++requests;
    }

    private void remember(Memory next) {
        if (!next.equals(memory)) {
            memory = next;
            effects.add(new MastershipEffect.Remember(next));
        }
    }

    private List<MastershipEffect> taken() {
        List<MastershipEffect> taken = effects;
        effects = new ArrayList<>();
        return taken;
    }
}
