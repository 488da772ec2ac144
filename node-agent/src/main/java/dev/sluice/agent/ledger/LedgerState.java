package dev.sluice.agent.ledger;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.PVector;
import org.pcollections.TreePVector;

/** Everything that the ledger's records add up to; immutable. */
public final class LedgerState {

    /** How many results of commands are kept: more than any plan has steps for one node. */
    public static final int MAX_EXECUTED = 10_000;

    private final String nodeId;
    private final long incarnation;
    private final String storeId;
    private final @Nullable Ballot highest;
    private final @Nullable Ballot promised;
    private final @Nullable Register register;
    private final PMap<String, Outcome> executed;
    private final PVector<String> executedOrder;
    private final @Nullable Boolean desiredAdmission;
    private final long configurationRevision;
    private final SortedMap<String, String> settings;
    private final SortedMap<String, Long> receivedBytes;
    private final @Nullable InstallIntent installing;
    private final String interlock;

    private LedgerState(Draft draft) {
        this.nodeId = draft.nodeId;
        this.incarnation = draft.incarnation;
        this.storeId = draft.storeId;
        this.highest = draft.highest;
        this.promised = draft.promised;
        this.register = draft.register;
        this.executed = draft.executed;
        this.executedOrder = draft.executedOrder;
        this.desiredAdmission = draft.desiredAdmission;
        this.configurationRevision = draft.configurationRevision;
        this.settings = draft.settings;
        this.receivedBytes = draft.receivedBytes;
        this.installing = draft.installing;
        this.interlock = draft.interlock;
    }

    /** The ledger of a node that has not done anything yet. */
    public static LedgerState empty() {
        return new LedgerState(new Draft());
    }

    /** Whose ledger it is; empty before the first record. */
    public String nodeId() {
        return nodeId;
    }

    /** The number of the agent's last start. */
    public long incarnation() {
        return incarnation;
    }

    /** Names this ledger; empty in one that was never opened by an agent that names them. */
    public String storeId() {
        return storeId;
    }

    /** Whom this node obeys. */
    public Optional<Ballot> highestBallot() {
        return Optional.ofNullable(highest);
    }

    /** What this node promised as a witness: never below the register's ballot. */
    public Optional<Ballot> promisedBallot() {
        return Optional.ofNullable(promised);
    }

    /** What this node accepted last as a witness. */
    public Optional<Register> register() {
        return Optional.ofNullable(register);
    }

    public Optional<Outcome> outcome(String commandId) {
        return Optional.ofNullable(executed.get(commandId));
    }

    /** Absent when nobody ever said whether the node shall accept clients. */
    public Optional<Boolean> desiredAdmission() {
        return Optional.ofNullable(desiredAdmission);
    }

    public long configurationRevision() {
        return configurationRevision;
    }

    public SortedMap<String, String> settings() {
        return settings;
    }

    /** Bytes of packages received, by the node that they came from. */
    public SortedMap<String, Long> receivedBytes() {
        return receivedBytes;
    }

    public Optional<InstallIntent> installing() {
        return Optional.ofNullable(installing);
    }

    /** Why power actions are interlocked; empty: they are not. */
    public String interlock() {
        return interlock;
    }

    /** This state and one more fact. */
    public LedgerState apply(LedgerRecord entry) {
        Draft draft = new Draft(this);
        switch (entry) {
            case LedgerRecord.Founded founded -> draft.nodeId = founded.nodeId();
            case LedgerRecord.Started started -> draft.incarnation = started.incarnation();
            case LedgerRecord.StoreNamed named -> draft.storeId = named.storeId();
            case LedgerRecord.BallotRaised raised -> draft.raise(raised.ballot());
            case LedgerRecord.BallotPromised promise -> draft.promise(promise.ballot());
            case LedgerRecord.RegisterAccepted accepted -> draft.accept(accepted.register());
            case LedgerRecord.CommandExecuted done ->
                    draft.execute(done.commandId(), done.outcome());
            case LedgerRecord.AdmissionDesired admission ->
                    draft.desiredAdmission = admission.accepting();
            case LedgerRecord.ConfigurationKept kept -> {
                draft.configurationRevision = kept.revision();
                draft.settings = kept.settings();
            }
            case LedgerRecord.BytesReceived received ->
                    draft.receive(received.fromNode(), received.total());
            case LedgerRecord.InstallBegun begun -> draft.installing = begun.intent();
            case LedgerRecord.InstallEnded _ -> draft.installing = null;
            case LedgerRecord.InterlockSet set -> draft.interlock = set.reason();
        }
        return new LedgerState(draft);
    }

    /** The shortest list of records that adds up to this state. */
    public List<LedgerRecord> records() {
        List<LedgerRecord> records = new ArrayList<>();
        records.add(new LedgerRecord.Founded(nodeId));
        records.add(new LedgerRecord.Started(incarnation));
        if (!storeId.isEmpty()) {
            records.add(new LedgerRecord.StoreNamed(storeId));
        }
        if (highest != null) {
            records.add(new LedgerRecord.BallotRaised(highest));
        }
        if (promised != null) {
            records.add(new LedgerRecord.BallotPromised(promised));
        }
        if (register != null) {
            records.add(new LedgerRecord.RegisterAccepted(register));
        }
        if (desiredAdmission != null) {
            records.add(new LedgerRecord.AdmissionDesired(desiredAdmission));
        }
        if (configurationRevision != 0 || !settings.isEmpty()) {
            records.add(new LedgerRecord.ConfigurationKept(configurationRevision, settings));
        }
        receivedBytes.forEach(
                (node, total) -> records.add(new LedgerRecord.BytesReceived(node, total)));
        if (installing != null) {
            records.add(new LedgerRecord.InstallBegun(installing));
        }
        if (!interlock.isEmpty()) {
            records.add(new LedgerRecord.InterlockSet(interlock));
        }
        for (String commandId : executedOrder) {
            Outcome outcome = executed.get(commandId);
            if (outcome != null) {
                records.add(new LedgerRecord.CommandExecuted(commandId, outcome));
            }
        }
        return List.copyOf(records);
    }

    /** The fields of a state while the next one is made; never leaves this class. */
    private static final class Draft {
        private String nodeId = "";
        private long incarnation;
        private String storeId = "";
        private @Nullable Ballot highest;
        private @Nullable Ballot promised;
        private @Nullable Register register;
        private PMap<String, Outcome> executed = HashTreePMap.empty();
        private PVector<String> executedOrder = TreePVector.empty();
        private @Nullable Boolean desiredAdmission;
        private long configurationRevision;
        private SortedMap<String, String> settings = Collections.emptySortedMap();
        private SortedMap<String, Long> receivedBytes = Collections.emptySortedMap();
        private @Nullable InstallIntent installing;
        private String interlock = "";

        Draft() {}

        Draft(LedgerState from) {
            this.nodeId = from.nodeId;
            this.incarnation = from.incarnation;
            this.storeId = from.storeId;
            this.highest = from.highest;
            this.promised = from.promised;
            this.register = from.register;
            this.executed = from.executed;
            this.executedOrder = from.executedOrder;
            this.desiredAdmission = from.desiredAdmission;
            this.configurationRevision = from.configurationRevision;
            this.settings = from.settings;
            this.receivedBytes = from.receivedBytes;
            this.installing = from.installing;
            this.interlock = from.interlock;
        }

        private void raise(Ballot ballot) {
            if (highest == null || ballot.isAbove(highest)) {
                highest = ballot;
            }
        }

        private void promise(Ballot ballot) {
            if (promised == null || ballot.isAbove(promised)) {
                promised = ballot;
            }
        }

        private void accept(Register next) {
            promise(next.ballot());
            if (register == null || register.isOlderThan(next)) {
                register = next;
            }
        }

        private void execute(String commandId, Outcome outcome) {
            if (!executed.containsKey(commandId)) {
                executedOrder = executedOrder.plus(commandId);
            }
            executed = executed.plus(commandId, outcome);
            if (executedOrder.size() > MAX_EXECUTED) {
                executed = executed.minus(executedOrder.getFirst());
                executedOrder = executedOrder.minus(0);
            }
        }

        private void receive(String node, long total) {
            SortedMap<String, Long> next = new TreeMap<>(receivedBytes);
            next.put(node, total);
            receivedBytes = Collections.unmodifiableSortedMap(next);
        }
    }
}
