package dev.sluice.loadtest.sim;

import dev.sluice.agent.hardware.SharedAddress;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.v1.Command;
import dev.sluice.v1.HoldAddress;
import dev.sluice.v1.PushConfiguration;
import dev.sluice.v1.VerifyNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Executes the commands of the masters on the simulated node; what takes long takes long. */
final class AgentWork {

    private static final long POLL_NANOS = Duration.ofMillis(100).toNanos();
    private static final Duration ADMISSION_DEADLINE = Duration.ofSeconds(10);

    private final Life life;
    private final SimNode node;
    private final Ledger ledger;
    private final AgentKeeper keeper;
    private final Supplier<Optional<String>> running;
    private final @Nullable SharedAddress address;
    private final AgentInstaller installer;
    private final AgentStager stager;

    AgentWork(
            Life life,
            SimNode node,
            Ledger ledger,
            AgentKeeper keeper,
            Supplier<Optional<String>> running,
            @Nullable SharedAddress address,
            AgentInstaller installer,
            AgentStager stager) {
        this.life = life;
        this.node = node;
        this.ledger = ledger;
        this.keeper = keeper;
        this.running = running;
        this.address = address;
        this.installer = installer;
        this.stager = stager;
    }

    void execute(Command command, Consumer<Outcome> done) {
        try {
            switch (command.getWorkCase()) {
                case STAGE -> stager.stage(command.getStage(), done);
                case INSTALL -> installer.install(command, done);
                case SET_ADMISSION -> admission(command.getSetAdmission().getAccepting(), done);
                case CUT_SESSIONS ->
                        done.accept(
                                new Outcome.Done("%d sessions were cut".formatted(keeper.cut())));
                case VERIFY ->
                        life.after(POLL_NANOS * 5, () -> done.accept(verify(command.getVerify())));
                case HOLD_ADDRESS -> done.accept(hold(command.getHoldAddress()));
                case RELEASE_ADDRESS -> {
                    if (address != null) {
                        address.release();
                    }
                    done.accept(new Outcome.Done("no shared address is held"));
                }
                case PUSH_CONFIGURATION -> done.accept(keep(command.getPushConfiguration()));
                case WORK_NOT_SET -> done.accept(Outcome.refused("unknown work"));
            }
        } catch (IOException e) {
            done.accept(failed(e));
        }
    }

    private Outcome failed(IOException e) {
        return Outcome.retryable("node %s: %s".formatted(node.id(), e.getMessage()));
    }

    private void admission(boolean accepting, Consumer<Outcome> done) throws IOException {
        if (node.isMaster()) {
            done.accept(Outcome.refused("node %s is a master".formatted(node.id())));
            return;
        }
        keeper.setAdmission(accepting);
        if (!accepting && !node.service().isAlive()) {
            done.accept(new Outcome.Done("the service does not run"));
            return;
        }
        await(
                ADMISSION_DEADLINE,
                () ->
                        node.service()
                                .status()
                                .filter(status -> status.accepting() == accepting)
                                .isPresent(),
                isSo ->
                        done.accept(
                                isSo
                                        ? new Outcome.Done("admission is as told")
                                        : Outcome.retryable("the service does not answer")));
    }

    /** Looks until something is so, or the deadline has passed. */
    private void await(Duration deadline, BooleanSupplier condition, Consumer<Boolean> then) {
        long end = life.machine().nanos() + deadline.toNanos();
        if (condition.getAsBoolean()) {
            then.accept(true);
        } else {
            life.after(POLL_NANOS, () -> awaitUntil(end, condition, then));
        }
    }

    private void awaitUntil(long end, BooleanSupplier condition, Consumer<Boolean> then) {
        if (condition.getAsBoolean()) {
            then.accept(true);
        } else if (life.machine().nanos() - end > 0) {
            then.accept(false);
        } else {
            life.after(POLL_NANOS, () -> awaitUntil(end, condition, then));
        }
    }

    private Outcome verify(VerifyNode order) {
        List<String> wrong = new ArrayList<>();
        for (Map.Entry<String, String> expected :
                new TreeMap<>(order.getExpectedMap()).entrySet()) {
            String name = expected.getKey();
            String found = node.installed().getOrDefault(name, "none");
            String runs = running.get().orElse("no answer");
            if (!found.equals(expected.getValue())) {
                wrong.add("expected %s, found %s installed".formatted(expected, found));
            } else if (name.equals(Packages.SITE) && !runs.equals(found)) {
                wrong.add("expected %s, found %s running".formatted(expected, runs));
            }
        }
        if (running.get().isEmpty()) {
            wrong.add("expected the service to answer, found that it does not");
        }
        return wrong.isEmpty()
                ? new Outcome.Done("runs " + node.installed())
                : Outcome.retryable("node %s: %s".formatted(node.id(), String.join("; ", wrong)));
    }

    private Outcome hold(HoldAddress order) throws IOException {
        if (address == null) {
            return Outcome.refused("node %s: has no shared address".formatted(node.id()));
        }
        address.hold(Duration.ofMillis(Integer.toUnsignedLong(order.getLeaseMillis())));
        return new Outcome.Done("held");
    }

    private Outcome keep(PushConfiguration order) throws IOException {
        long kept = ledger.state().configurationRevision();
        if (Long.compareUnsigned(order.getRevision(), kept) < 0) {
            return Outcome.refused(
                    "node %s: configuration revision %d is older than %d"
                            .formatted(node.id(), order.getRevision(), kept));
        }
        ledger.append(
                new LedgerRecord.ConfigurationKept(
                        order.getRevision(), new TreeMap<>(order.getSettingsMap())));
        return new Outcome.Done("configuration revision %d".formatted(order.getRevision()));
    }
}
