package dev.sluice.agent;

import dev.sluice.agent.config.AgentConfig;
import dev.sluice.agent.config.HostPort;
import dev.sluice.agent.disk.Durable;
import dev.sluice.agent.hardware.Hardware;
import dev.sluice.agent.hardware.HardwareWatch;
import dev.sluice.agent.hardware.LoopbackListener;
import dev.sluice.agent.hardware.SharedAddress;
import dev.sluice.agent.install.InstalledPackages;
import dev.sluice.agent.install.Installer;
import dev.sluice.agent.install.ServiceKeeper;
import dev.sluice.agent.install.ServiceProcess;
import dev.sluice.agent.install.Slots;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.records.RecordKeeper;
import dev.sluice.agent.report.NodeObserver;
import dev.sluice.agent.report.Reporter;
import dev.sluice.agent.session.Ballots;
import dev.sluice.agent.session.CommandDesk;
import dev.sluice.agent.session.MasterLink;
import dev.sluice.agent.session.MasterLinks;
import dev.sluice.agent.session.SignedPromotions;
import dev.sluice.agent.stage.ContentTransfers;
import dev.sluice.agent.stage.GrpcContentSource;
import dev.sluice.agent.stage.KeptPackages;
import dev.sluice.agent.stage.PackageSource;
import dev.sluice.agent.stage.ReceivedBytes;
import dev.sluice.agent.stage.StageArea;
import dev.sluice.agent.stage.StageRoom;
import dev.sluice.agent.stage.StagedPackages;
import dev.sluice.agent.stage.Stager;
import dev.sluice.agent.traffic.SampleTraffic;
import dev.sluice.agent.traffic.TrafficPort;
import dev.sluice.agent.traffic.TrafficStatus;
import dev.sluice.agent.transport.PeerTransport;
import dev.sluice.agent.trusted.TrustedVersions;
import dev.sluice.agent.trusted.VerifiedChannels;
import dev.sluice.agent.verify.NodeVerifier;
import dev.sluice.agent.verify.ScriptRunner;
import dev.sluice.transfer.TransferWarmUp;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.pki.OperatorSignatures;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.Hello;
import dev.sluice.v1.SessionRecordBatch;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.Welcome;
import io.grpc.Server;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running agent: its parts, put together, started and stopped in order. */
public final class Agent implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final Duration SOURCE_SILENCE = Duration.ofSeconds(5);
    private static final Duration SCRIPT_DEADLINE = Duration.ofSeconds(60);
    private static final Duration FIRST_LOOK = Duration.ofSeconds(3);
    private static final Duration HARDWARE_INTERVAL = Duration.ofSeconds(2);

    private final AgentConfig config;
    private final Ledger ledger;
    private final Hardware hardware;
    private final PeerTransport transport;
    private final Server packageServer;
    private final HostPort packageSource;
    private final Optional<Zstd> zstd = Zstd.load();
    private final ContentTransfers transfers;
    private final HostPort transferAddress;
    private final Thread warmUp;
    private final ServiceKeeper keeper;
    private final HardwareWatch hardwareWatch;
    private final Optional<SharedAddress> sharedAddress;
    private final Optional<SampleTraffic> traffic;
    private final Optional<RecordKeeper> records;
    private final NodeObserver observer;
    private final CommandDesk desk;
    private final MasterLinks links;
    private final Reporter reporter;
    private final ExecutorService packageCalls = Executors.newVirtualThreadPerTaskExecutor();
    private volatile String activity = "";

    /**
     * Opens everything; {@link #start} begins to act.
     *
     * @param ledger closed with the agent, like the hardware
     * @throws IOException when something cannot be opened; the message names it
     */
    public Agent(
            AgentConfig config,
            Ledger ledger,
            Hardware hardware,
            TlsIdentity identity,
            SignatureVerifier signatures,
            String version,
            RandomGenerator random)
            throws IOException {
        this.config = config;
        this.ledger = ledger;
        this.hardware = hardware;
        Layout layout = new Layout(config.dataDir());
        Slots slots = new Slots(layout.slots(), Provisioning.roleOf(config));
        slots.clean();
        StageArea area = new StageArea(layout.staged());
        ReceivedBytes received = new ReceivedBytes(ledger);
        this.traffic =
                config.traffic()
                        .map(site ->
                                new SampleTraffic(
                                        site.controlSocket(), site.address(), config.nodeId()));
        Optional<TrafficPort> port = traffic.map(site -> site);
        this.keeper =
                new ServiceKeeper(
                        slots,
                        new ServiceProcess(
                                layout.run(),
                                layout.serviceData(),
                                ServiceEnvironment.of(config),
                                config.service().stopDeadline()),
                        port,
                        ledger,
                        this::changed,
                        this::lastLook);
        this.hardwareWatch =
                new HardwareWatch(
                        hardware, config.hardwareModel(), HARDWARE_INTERVAL, this::changed);
        this.sharedAddress =
                config.sharedAddress()
                        .map(shared ->
                                new LoopbackListener(
                                        shared.address(), shared.forwardTo(), this::changed));
        TrustedVersions trusted = TrustedVersions.open(config.dataDir());
        VerifiedChannels channels =
                VerifiedChannels.open(
                        config.dataDir(), config.channelRoots(), trusted, InstantSource.system());
        InstalledPackages installed = new InstalledPackages(slots, hardware.firmware());
        StagedPackages staged = new StagedPackages(area, signatures);
        this.transport = new PeerTransport(identity);
        this.transfers = transfers(area, received, identity);
        this.transferAddress = config.transferListen().withPort(transfers.port());
        KeptPackages kept = new KeptPackages();
        StageRoom room =
                new StageRoom(
                        area, kept, installed::slots, () -> DiskSpace.usable(config.dataDir()));
        Stager stager =
                new Stager(
                        area,
                        signatures,
                        new GrpcContentSource(transport, SOURCE_SILENCE),
                        Optional.of(transfers),
                        received,
                        room,
                        this::changed);
        Installer installer =
                new Installer(
                        installed,
                        slots,
                        staged,
                        keeper,
                        this::runningVersion,
                        hardware,
                        ledger,
                        trusted,
                        channels,
                        new Installer.Limits(
                                config.nodeId(),
                                config.hardwareModel(),
                                config.service().startDeadline(),
                                config.redfish()
                                        .map(AgentConfig.Redfish::resetDeadline)
                                        .orElse(Duration.ZERO)),
                        layout.scratch(),
                        this::doing);
        NodeVerifier verifier =
                new NodeVerifier(
                        config.nodeId(),
                        installed,
                        keeper,
                        this::runningVersion,
                        port,
                        new ScriptRunner(config.scriptsDir(), config.nodeId(), SCRIPT_DEADLINE));
        this.desk =
                new CommandDesk(
                        ledger,
                        this::answer,
                        new NodeCommands(
                                config.nodeId(),
                                traffic.isPresent(),
                                stager,
                                kept,
                                installer,
                                keeper,
                                verifier,
                                new SharedAddressCommands(config.nodeId(), sharedAddress, ledger),
                                ledger,
                                channels,
                                layout.siteProperties()),
                        sharedAddress,
                        System::nanoTime,
                        this::changed,
                        new SignedPromotions(new OperatorSignatures(identity)));
        this.observer =
                new NodeObserver(
                        new NodeObserver.Sources(
                                config.dataDir(),
                                ledger,
                                slots,
                                area,
                                transfers::telling,
                                transfers.takesPatches(),
                                transfers::uplinkBytesPerSecond,
                                room,
                                received,
                                keeper,
                                this::runningVersion,
                                port,
                                hardwareWatch,
                                sharedAddress,
                                desk::executing,
                                () -> activity,
                                channels::versions));
        this.packageServer = serve(area);
        this.packageSource = config.listen().withPort(packageServer.getPort());
        this.warmUp = warmUp(identity, layout.scratch().resolveSibling("warm-up"));
        this.links = new MasterLinks(links(version, random));
        this.reporter = new Reporter(observer::report, links::broadcast);
        this.records = port.isEmpty() ? Optional.empty() : Optional.of(records(layout, port.get()));
    }

    /** Begins: adopts or starts the site, dials the masters, reports. */
    public void start() {
        keeper.start();
        hardwareWatch.start();
        desk.start();
        hardwareWatch.awaitFirstLook(FIRST_LOOK);
        links.start();
        reporter.start();
        records.ifPresent(RecordKeeper::start);
        warmUp.start();
        ledger.state()
                .installing()
                .ifPresent(intent ->
                        LOG.warn(
                                "the install of {} {} was interrupted; its command is awaited",
                                intent.packageName(),
                                intent.version()));
    }

    /** Where other agents pull packages from this one. */
    public HostPort packageSource() {
        return packageSource;
    }

    /** Stops the agent; the site goes on running. */
    @Override
    public void close() {
        records.ifPresent(RecordKeeper::close);
        warmUp.interrupt();
        reporter.close();
        links.close();
        desk.close();
        packageServer.shutdownNow();
        transfers.close();
        closeParts();
    }

    private void closeParts() {
        keeper.close();
        hardwareWatch.close();
        sharedAddress.ifPresent(SharedAddress::close);
        traffic.ifPresent(SampleTraffic::close);
        packageCalls.shutdownNow();
        transport.close();
        hardware.close();
        ledger.close();
    }

    /** Compiles the code of transfers before they are needed. */
    private Thread warmUp(TlsIdentity identity, Path directory) {
        int mebibytes = config.transferWarmUpMebibytes();
        Thread thread =
                Thread.ofPlatform()
                        .name("transfer-warm-up")
                        .daemon()
                        .unstarted(() -> {
                            try {
                                Durable.removeTree(directory);
                                if (mebibytes > 0) {
                                    TransferWarmUp.run(identity, directory, mebibytes, zstd);
                                }
                            } catch (IOException e) {
                                LOG.warn("warm-up of transfers: {}", e.getMessage());
                            } catch (InterruptedException _) {
                                // The agent stops.
                            }
                        });
        return thread;
    }

    private ContentTransfers transfers(StageArea area, ReceivedBytes received, TlsIdentity identity)
            throws IOException {
        try {
            return ContentTransfers.start(
                    new ContentTransfers.Ports(
                            area,
                            new Layout(config.dataDir()).patches(),
                            zstd,
                            received,
                            this::changed,
                            identity,
                            DiskSpace.system(),
                            this::ownMaster),
                    config.transferListen());
        } catch (IOException e) {
            transport.close();
            hardware.close();
            ledger.close();
            throw e;
        }
    }

    /** What the master on this node says in its session; traffic nodes have none of their name. */
    private Optional<Source> ownMaster() {
        return links.welcome(config.nodeId())
                .map(Welcome::getTransferAddress)
                .filter(address -> !address.isEmpty())
                .flatMap(address -> {
                    try {
                        HostPort at = HostPort.parse(address);
                        return Optional.of(new Source(config.nodeId(), at.host(), at.port(), 0));
                    } catch (IllegalArgumentException e) {
                        LOG.warn(
                                "master {}: transfer address: {}", config.nodeId(), e.getMessage());
                        return Optional.empty();
                    }
                });
    }

    private Server serve(StageArea area) throws IOException {
        try {
            return transport.serve(
                    config.listen(),
                    PeerExpectation.kind(PeerName.Kind.NODE, PeerName.Kind.MASTER),
                    packageCalls,
                    new PackageSource(area));
        } catch (IOException e) {
            transfers.close();
            closeParts();
            throw e;
        }
    }

    private List<MasterLink> links(String version, RandomGenerator random) {
        List<MasterLink> made = new ArrayList<>();
        for (AgentConfig.Master master : config.masters()) {
            made.add(
                    new MasterLink(
                            master.id(),
                            transport.channel(
                                    master.address(),
                                    PeerExpectation.exactly(PeerName.master(master.id()))),
                            desk,
                            () -> hello(version),
                            this::changed,
                            ack ->
                                    records.ifPresent(
                                            keeper -> keeper.acknowledged(master.id(), ack)),
                            random));
        }
        return made;
    }

    private RecordKeeper records(Layout layout, TrafficPort site) throws IOException {
        try {
            return RecordKeeper.open(
                    config.nodeId(),
                    layout.spool(),
                    site,
                    () -> keeper.view().pid(),
                    new RecordKeeper.Masters() {
                        @Override
                        public SortedMap<String, Long> sessions() {
                            return links.sessions();
                        }

                        @Override
                        public void sendRecords(String master, SessionRecordBatch batch) {
                            links.sendRecords(master, batch);
                        }
                    });
        } catch (IOException e) {
            packageServer.shutdownNow();
            closeParts();
            throw e;
        }
    }

    private void lastLook() throws InterruptedException {
        if (records.isPresent()) {
            records.get().lastLook();
        }
    }

    private SessionRequest hello(String version) {
        LedgerState known = ledger.state();
        Hello.Builder hello =
                Hello.newBuilder()
                        .setNodeId(config.nodeId())
                        .setAgentVersion(version)
                        .setIncarnation(known.incarnation())
                        .setPackageSource(packageSource.toString())
                        .setTransferAddress(transferAddress.toString())
                        .setStoreId(known.storeId())
                        .setReport(observer.report());
        known.highestBallot().ifPresent(ballot -> hello.setHighestBallot(Ballots.toWire(ballot)));
        return SessionRequest.newBuilder().setHello(hello).build();
    }

    private void answer(String toMaster, SessionRequest.Builder message) {
        links.send(toMaster, message, observer::report);
    }

    /** What the site answers; on a master what its control plane said in the session with it. */
    private Optional<String> runningVersion() {
        return traffic.isPresent()
                ? keeper.view().site().map(TrafficStatus::version)
                : links.welcome(config.nodeId()).map(Welcome::getControlPlaneVersion);
    }

    private void doing(String now) {
        activity = now;
        changed();
    }

    private void changed() {
        reporter.changed();
    }
}
