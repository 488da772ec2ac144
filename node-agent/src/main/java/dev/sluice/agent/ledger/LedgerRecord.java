package dev.sluice.agent.ledger;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** One durable fact. Applying it to a {@link LedgerState} never fails. */
public sealed interface LedgerRecord {

    /** The first record: whose ledger this is. */
    record Founded(String nodeId) implements LedgerRecord {}

    /** A start of the agent; the number grows by one with each. */
    record Started(long incarnation) implements LedgerRecord {}

    /** The name of this ledger: one that is founded anew has another. */
    record StoreNamed(String storeId) implements LedgerRecord {}

    record BallotRaised(Ballot ballot) implements LedgerRecord {}

    /** As a witness: no lower ballot gets a promise, or its register accepted. */
    record BallotPromised(Ballot ballot) implements LedgerRecord {}

    /** As a witness: this is the register, and its ballot is promised. */
    record RegisterAccepted(Register register) implements LedgerRecord {}

    record CommandExecuted(String commandId, Outcome outcome) implements LedgerRecord {}

    record AdmissionDesired(boolean accepting) implements LedgerRecord {}

    record ConfigurationKept(long revision, SortedMap<String, String> settings)
            implements LedgerRecord {
        public ConfigurationKept {
            settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
        }
    }

    /**
     * The bytes of packages received from a node so far: a total, so that repeating is harmless.
     */
    record BytesReceived(String fromNode, long total) implements LedgerRecord {}

    record InstallBegun(InstallIntent intent) implements LedgerRecord {}

    record InstallEnded() implements LedgerRecord {}

    /** Power actions are not allowed from here on. */
    record InterlockSet(String reason) implements LedgerRecord {}
}
