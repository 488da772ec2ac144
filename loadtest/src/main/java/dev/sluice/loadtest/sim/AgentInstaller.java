package dev.sluice.loadtest.sim;

import dev.sluice.agent.install.InstallGuard;
import dev.sluice.agent.ledger.InstallIntent;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.v1.Command;
import dev.sluice.v1.InstallPackage;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Makes the simulated node run a package, in the order in which the agent's installer does: check,
 * note, cut, stop, change, start, wait until it answers.
 */
final class AgentInstaller {

    private static final long POLL_NANOS = Duration.ofMillis(100).toNanos();
    private static final Duration START_DEADLINE = Duration.ofSeconds(30);

    private final World world;
    private final Life life;
    private final SimNode node;
    private final Ledger ledger;
    private final AgentKeeper keeper;
    private final Supplier<Optional<String>> running;

    AgentInstaller(
            World world,
            Life life,
            SimNode node,
            Ledger ledger,
            AgentKeeper keeper,
            Supplier<Optional<String>> running) {
        this.world = world;
        this.life = life;
        this.node = node;
        this.ledger = ledger;
        this.keeper = keeper;
        this.running = running;
    }

    void install(Command command, Consumer<Outcome> done) throws IOException {
        InstallPackage order = command.getInstall();
        Manifest manifest = world.packages().byContent(order.getContentSha256());
        String version = manifest.version().value();
        long present = node.staged().getOrDefault(order.getContentSha256(), 0L);
        if (present < manifest.content().size()) {
            done.accept(Outcome.refused(manifest.title() + " is not staged"));
            return;
        }
        if (version.equals(node.installed().get(manifest.name().value())) && runs(manifest)) {
            ledger.append(new LedgerRecord.InstallEnded());
            done.accept(new Outcome.Done(manifest.title() + " is installed and runs"));
            return;
        }
        Optional<String> refusal = InstallGuard.refusal(manifest, facts(), order.getCutClients());
        if (refusal.isPresent()) {
            done.accept(Outcome.refused(refusal.get()));
            return;
        }
        ledger.append(
                new LedgerRecord.InstallBegun(
                        new InstallIntent(
                                command.getCommandId(),
                                manifest.name().value(),
                                version,
                                order.getContentSha256())));
        world.promises().installBegins(node, order.getCutClients());
        if (order.getCutClients()) {
            keeper.cut();
        }
        if (node.failsInstall()) {
            done.accept(Outcome.retryable("node %s: the slot broke".formatted(node.id())));
        } else if (manifest.kind() == PackageKind.BASE) {
            installBase(manifest, done);
        } else {
            installSite(manifest, done);
        }
    }

    private InstallGuard.Facts facts() {
        Optional<ServiceUnit.Status> site = node.service().status();
        return new InstallGuard.Facts(
                node.id().value(),
                "sx-100",
                new TreeMap<>(node.installed()),
                site.map(ServiceUnit.Status::accepting).orElse(false)
                        || ledger.state().desiredAdmission().orElse(false),
                site.map(ServiceUnit.Status::clients).orElse(0),
                ledger.state().interlock());
    }

    private boolean runs(Manifest manifest) {
        return manifest.kind() == PackageKind.BASE
                ? node.service().isAlive()
                : node.service().isAlive()
                        && running.get().equals(Optional.of(manifest.version().value()));
    }

    private void installSite(Manifest manifest, Consumer<Outcome> done) {
        takes(
                Duration.ofSeconds(1),
                Duration.ofSeconds(15),
                () -> {
                    keeper.pause();
                    activate(manifest);
                    keeper.resume();
                    awaitService(Optional.of(manifest.version().value()), done);
                });
    }

    /** The slot changes at one instant, and lastingly. */
    private void activate(Manifest manifest) {
        life.point();
        world.promises().activates(node, manifest);
        node.installed().put(manifest.name().value(), manifest.version().value());
        life.point();
    }

    private void installBase(Manifest manifest, Consumer<Outcome> done) {
        keeper.pause();
        takes(
                Duration.ofSeconds(2),
                Duration.ofSeconds(20),
                () -> {
                    if (!manifest.version()
                            .value()
                            .equals(node.installed().get(manifest.name().value()))) {
                        activate(manifest);
                        if (world.rebootEndsAgent(node)) {
                            world.reboot(node);
                            life.point();
                        }
                    }
                    takes(
                            Duration.ofSeconds(5),
                            Duration.ofSeconds(30),
                            () -> {
                                keeper.resume();
                                awaitService(Optional.empty(), done);
                            });
                });
    }

    private void takes(Duration least, Duration most, Runnable then) {
        life.after(world.dice().between(least, most), then);
    }

    /** It answers in this version, or in whatever it had. */
    private void awaitService(Optional<String> version, Consumer<Outcome> done) {
        poll(version, life.machine().nanos() + START_DEADLINE.toNanos(), done);
    }

    private void poll(Optional<String> version, long end, Consumer<Outcome> done) {
        Optional<String> answer = node.service().isAlive() ? running.get() : Optional.empty();
        if (answer.isPresent() && (version.isEmpty() || answer.equals(version))) {
            done.accept(ended());
        } else if (life.machine().nanos() - end > 0) {
            done.accept(
                    Outcome.retryable(
                            "node %s: expected the service to answer as %s, found %s"
                                    .formatted(node.id(), version, answer)));
        } else {
            life.after(POLL_NANOS, () -> poll(version, end, done));
        }
    }

    private Outcome ended() {
        try {
            ledger.append(new LedgerRecord.InstallEnded());
            return new Outcome.Done("installed " + node.installed());
        } catch (IOException e) {
            return Outcome.retryable("node %s: %s".formatted(node.id(), e.getMessage()));
        }
    }
}
