package dev.sluice.loadtest.sim;

import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.session.Answers;
import dev.sluice.agent.session.Ballots;
import dev.sluice.v1.HardwareStatus;
import dev.sluice.v1.Hello;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.ServiceStatus;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.StagedPackage;
import dev.sluice.v1.Welcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** One life of a node's agent: the real ledger and session core, wired to the simulated node. */
final class SimAgent {

    private static final long REPORT_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long BURST_NANOS = Duration.ofMillis(20).toNanos();

    private final World world;
    private final Life life;
    private final SimNode node;
    private final Ledger ledger;
    private final AgentDesk desk;
    private final AgentKeeper keeper;
    private final Optional<LeasedAddress> address;
    private final List<AgentLink> links = new ArrayList<>();
    private long sequence;
    private boolean reportDue;

    /**
     * Opens the ledger; {@link #start} begins.
     *
     * @throws IOException when the ledger can't be read or written: the agent can't start
     */
    SimAgent(World world, SimNode node, Life life) throws IOException {
        this.world = world;
        this.life = life;
        this.node = node;
        this.ledger =
                Ledger.open(
                        node.ledger().storage(life, forgetting(world.mutation())),
                        node.id().value(),
                        world.dice().random(),
                        InPlace::new);
        this.address =
                node.isMaster()
                        ? Optional.of(
                                new LeasedAddress(
                                        world.addresses(),
                                        life,
                                        this::changed,
                                        world.mutation() == Mutation.LEASE_IGNORED))
                        : Optional.empty();
        this.keeper = new AgentKeeper(life, node, ledger, world.promises().budget(), this::changed);
        this.desk =
                new AgentDesk(
                        world,
                        life,
                        node,
                        ledger,
                        address.orElse(null),
                        this::answer,
                        this::changed);
        desk.worksWith(
                new AgentWork(
                        life,
                        node,
                        ledger,
                        keeper,
                        this::running,
                        address.orElse(null),
                        new AgentInstaller(world, life, node, ledger, keeper, this::running),
                        new AgentStager(world, life, node, this::changed)));
        for (String master : world.masters()) {
            links.add(
                    new AgentLink(
                            world,
                            life,
                            node.id().value(),
                            master,
                            desk,
                            this::hello,
                            this::changed));
        }
    }

    void start() {
        keeper.start();
        links.forEach(AgentLink::dial);
        life.every(REPORT_NANOS, this::report);
    }

    LedgerState ledger() {
        return ledger.state();
    }

    Life life() {
        return life;
    }

    private static LedgerDisk.Forgetting forgetting(Mutation mutation) {
        return switch (mutation) {
            case AGENT_FORGETS_BALLOT -> without("\"is\":\"ballot\"");
            case WITNESS_FORGETS -> without("\"is\":\"promise\"", "\"is\":\"register\"");
            default -> LedgerDisk.Forgetting.NOTHING;
        };
    }

    private static LedgerDisk.Forgetting without(String... marks) {
        return content ->
                new String(content, StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> List.of(marks).stream().noneMatch(line::contains))
                        .map(line -> line + "\n")
                        .collect(Collectors.joining())
                        .getBytes(StandardCharsets.UTF_8);
    }

    /** What the site answers; on a master what its control plane said in the session with it. */
    private Optional<String> running() {
        return node.isMaster()
                ? links.stream()
                        .filter(link -> link.master().equals(node.id().value()))
                        .findFirst()
                        .flatMap(AgentLink::welcome)
                        .map(Welcome::getControlPlaneVersion)
                : node.service().status().map(ServiceUnit.Status::version);
    }

    private SessionRequest hello() {
        LedgerState known = ledger.state();
        Hello.Builder hello =
                Hello.newBuilder()
                        .setNodeId(node.id().value())
                        .setAgentVersion("1.0.0")
                        .setIncarnation(known.incarnation())
                        .setPackageSource(World.packageSource(node.id().value()))
                        .setStoreId(known.storeId())
                        .setReport(observe());
        known.highestBallot().ifPresent(ballot -> hello.setHighestBallot(Ballots.toWire(ballot)));
        return SessionRequest.newBuilder().setHello(hello).build();
    }

    private void answer(String master, SessionRequest.Builder message) {
        SessionRequest whole = Answers.withReport(message, this::observe).build();
        links.stream()
                .filter(link -> link.master().equals(master))
                .forEach(link -> link.send(whole));
    }

    /** Something has changed: it is reported soon; changes in a burst share one report. */
    private void changed() {
        if (!reportDue) {
            reportDue = true;
            life.after(
                    BURST_NANOS,
                    () -> {
                        reportDue = false;
                        report();
                    });
        }
    }

    private void report() {
        SessionRequest message = SessionRequest.newBuilder().setReport(observe()).build();
        links.forEach(link -> link.offerReport(message));
    }

    private NodeReport observe() {
        LedgerState known = ledger.state();
        NodeReport.Builder report =
                NodeReport.newBuilder()
                        .setSequence(++sequence)
                        .setService(service())
                        .setHardware(HardwareStatus.newBuilder().setPower("on"))
                        .setHeldAddress(address.map(LeasedAddress::held).orElse(""))
                        .setConfigurationRevision(known.configurationRevision())
                        .setExecuting(desk.executing())
                        .setDiskFreeBytes(1L << 40)
                        .setInterlock(known.interlock())
                        .putAllInstalled(node.installed());
        node.service()
                .status()
                .ifPresent(site -> {
                    report.setAccepting(site.accepting());
                    if (site.clients() > 0) {
                        report.putSessions("customer", site.clients());
                    }
                });
        node.staged().forEach((content, bytes) -> report.addStaged(staged(content, bytes)));
        return report.build();
    }

    private StagedPackage staged(String content, long bytes) {
        long size = world.packages().byContent(content).content().size();
        return StagedPackage.newBuilder()
                .setContentSha256(content)
                .setBytesPresent(bytes)
                .setBytesTotal(size)
                .setComplete(bytes >= size)
                .build();
    }

    private ServiceStatus service() {
        Optional<String> version = running();
        boolean alive = node.service().isAlive();
        return ServiceStatus.newBuilder()
                .setRunning(alive)
                .setVersion(version.orElse(""))
                .setHealthy(alive && version.isPresent())
                .setAddress(node.isMaster() ? "" : node.id() + ":8443")
                .build();
    }
}
