package dev.sluice.agent;

import dev.sluice.agent.hardware.SharedAddress;
import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.v1.HoldAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Executes the commands about the shared address. */
final class SharedAddressCommands {

    private final String nodeId;
    private final Optional<SharedAddress> sharedAddress;
    private final Ledger ledger;

    SharedAddressCommands(String nodeId, Optional<SharedAddress> sharedAddress, Ledger ledger) {
        this.nodeId = nodeId;
        this.sharedAddress = sharedAddress;
        this.ledger = ledger;
    }

    Outcome hold(Ballot under, HoldAddress order) throws IOException {
        if (sharedAddress.isEmpty()) {
            return Outcome.refused(
                    "node %s: has no sharedAddress in its configuration".formatted(nodeId));
        }
        SharedAddress address = sharedAddress.get();
        if (!order.getAddress().equals(address.configured())) {
            return Outcome.refused(
                    "node %s: expected shared address %s, found %s in the command"
                            .formatted(nodeId, address.configured(), order.getAddress()));
        }
        Duration lease = Duration.ofMillis(Integer.toUnsignedLong(order.getLeaseMillis()));
        if (!lease.isPositive() || lease.compareTo(SharedAddress.MAX_LEASE) > 0) {
            return Outcome.refused(
                    "node %s: expected a lease of 1 to %d ms, found %d"
                            .formatted(
                                    nodeId, SharedAddress.MAX_LEASE.toMillis(), lease.toMillis()));
        }
        address.hold(lease);
        return releasedForAnother(address, under)
                .orElseGet(() ->
                        new Outcome.Done(
                                "%s is held for %d ms"
                                        .formatted(address.configured(), lease.toMillis())));
    }

    /**
     * Gives back what was just taken for a master that is obeyed no more. Its successor's ballot
     * released the address while this command was being executed, so that looking before taking
     * would not be enough: the ballot is in the ledger before that release.
     */
    private Optional<Outcome> releasedForAnother(SharedAddress address, Ballot under) {
        return ledger.state()
                .highestBallot()
                .filter(obeyed -> !obeyed.master().equals(under.master()))
                .map(obeyed -> {
                    address.release();
                    return Outcome.retryable(
                            "node %s: ballot %s is obeyed meanwhile; shared address %s is not held for ballot %s"
                                    .formatted(nodeId, obeyed, address.configured(), under));
                });
    }

    Outcome release() {
        sharedAddress.ifPresent(SharedAddress::release);
        return new Outcome.Done("no shared address is held");
    }
}
