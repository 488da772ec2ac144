package dev.sluice.control;

import dev.sluice.control.api.DeviceSigner;
import dev.sluice.control.api.OperatorEndpoint;
import dev.sluice.control.api.PackageImport;
import dev.sluice.control.api.Relations;
import dev.sluice.control.channel.ChannelAccess;
import dev.sluice.control.channel.HttpChannel;
import dev.sluice.control.channel.TimeSource;
import dev.sluice.control.codec.SnapshotCodec;
import dev.sluice.control.config.ControlPlaneConfig;
import dev.sluice.control.config.Inventory;
import dev.sluice.control.config.InventoryFile;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.controller.Founding;
import dev.sluice.control.depot.BasesHere;
import dev.sluice.control.depot.ContentId;
import dev.sluice.control.depot.ContentSource;
import dev.sluice.control.depot.Depot;
import dev.sluice.control.depot.DepotFill;
import dev.sluice.control.depot.DepotKeeper;
import dev.sluice.control.depot.DepotPatches;
import dev.sluice.control.depot.FetchPatience;
import dev.sluice.control.depot.ImportResult;
import dev.sluice.control.depot.LinkLimit;
import dev.sluice.control.depot.MasterSources;
import dev.sluice.control.depot.NodeBases;
import dev.sluice.control.depot.OriginContents;
import dev.sluice.control.depot.StagedContents;
import dev.sluice.control.executor.Executor;
import dev.sluice.control.executor.InstalledNow;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.failover.Timings;
import dev.sluice.control.fleet.AgentLinkEndpoint;
import dev.sluice.control.fleet.Fleet;
import dev.sluice.control.fleet.PackageSourceEndpoint;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.peer.DepotEndpoint;
import dev.sluice.control.peer.Follower;
import dev.sluice.control.peer.InSync;
import dev.sluice.control.peer.MemoryFile;
import dev.sluice.control.peer.OfficeKeeper;
import dev.sluice.control.peer.PeerDepots;
import dev.sluice.control.peer.PeerLoop;
import dev.sluice.control.peer.PeerTable;
import dev.sluice.control.peer.RecordEndpoint;
import dev.sluice.control.peer.RecordExchanges;
import dev.sluice.control.peer.RecordPuller;
import dev.sluice.control.peer.Relation;
import dev.sluice.control.peer.RelationClient;
import dev.sluice.control.peer.RelationEndpoint;
import dev.sluice.control.peer.RelationKey;
import dev.sluice.control.peer.ReplicationEndpoint;
import dev.sluice.control.pki.GrpcTls;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.recordstore.RecordStore;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.Settings;
import dev.sluice.control.vault.BackupFiles;
import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.PullTiming;
import dev.sluice.transfer.serve.ContentLibrary;
import dev.sluice.transfer.serve.ServeLimits;
import dev.sluice.transfer.serve.TransferServer;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.channel.ChannelClient;
import dev.sluice.trust.channel.ChannelSigningKey;
import dev.sluice.trust.channel.DeviceKey;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.trust.pki.OperatorSignatures;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.trust.x509.PemFiles;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that runs in a master's process, wired by hand. Closed in the opposite order of
 * starting, also when starting fails half way.
 */
final class MasterProcess implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MasterProcess.class);

    private static final long KEEPALIVE_SECONDS = 2;

    /**
     * Package uploads come in parts of 256 KiB, journal batches of 512 KiB, plans of 10,000 nodes
     * as one document.
     */
    private static final int MAX_INBOUND_BYTES = 4 << 20;

    /** Larger packages are refused at import. */
    private static final long MAX_PACKAGE_BYTES = 64L << 30;

    /** The writer answers what takes longer to commit. */
    private static final long LONGEST_DECISION_SECONDS = 15;

    private final Deque<AutoCloseable> running = new ArrayDeque<>();

    private MasterProcess() {}

    /**
     * Starts a master.
     *
     * @param version of this control plane's distribution
     * @param onEnd told the exit code when the process has to end by itself
     * @throws IOException naming what was wrong, when it can't start; nothing runs then
     */
    static MasterProcess start(ControlPlaneConfig config, String version, IntConsumer onEnd)
            throws IOException {
        MasterProcess process = new MasterProcess();
        try {
            process.wire(config, version, onEnd);
            return process;
        } catch (IOException | RuntimeException e) {
            process.close();
            throw e;
        }
    }

    private void wire(ControlPlaneConfig config, String version, IntConsumer onEnd)
            throws IOException {
        NodeId self = config.masterId();
        InstantSource clock = InstantSource.system();
        TlsIdentity identity = identity(config, clock);
        Inventory inventory = InventoryFile.read(config.inventory());
        NodeId founder = founder(inventory.topology(), config);
        TrustedSigners signers = signers(config);
        Optional<Relation> relation = relation(config, identity);

        long incarnation = new SecureRandom().nextLong() & Long.MAX_VALUE;
        Path data = directory(config.dataDir());
        DurableState durable =
                DurableState.recover(
                        self,
                        incarnation,
                        NioDisk.in(directory(data.resolve("journal"))),
                        JournalOptions.defaults(),
                        clock);
        durable.warnings().forEach(warning -> LOG.warn("Recovery: {}", warning));
        InSync inSync = new InSync(System::nanoTime);
        Controller controller =
                closing(
                        new Controller(
                                durable,
                                inSync,
                                System::nanoTime,
                                () -> onEnd.accept(ControlPlane.EXIT_JOURNAL)));

        RecordStore records =
                closing(
                        new RecordStore(
                                NioDisk.in(directory(data.resolve("records"))),
                                config.sessionRecords(),
                                clock,
                                System::nanoTime));
        RecordExchanges exchanges = new RecordExchanges(config.masters().keySet(), clock);

        Late late = new Late();
        Fleet fleet =
                new Fleet(
                        self,
                        version,
                        node -> isMember(controller.state().topology(), node),
                        System::nanoTime,
                        ballot -> late.keeper().obeyed(ballot),
                        late::wake,
                        (node, request, reply) -> late.keeper().replied(node, request, reply),
                        generation -> late.keeper().signedFor(generation),
                        () -> late.transferAddress);
        OfficeKeeper keeper =
                closing(
                        new OfficeKeeper(
                                new OfficeKeeper.Ports(
                                        durable.replica(),
                                        incarnation,
                                        version,
                                        self.equals(founder)
                                                ? Optional.of(
                                                        new Founding(
                                                                inventory.topology(),
                                                                inventory.policy()))
                                                : Optional.empty(),
                                        Timings.DEFAULT,
                                        controller,
                                        fleet,
                                        inSync,
                                        new MemoryFile(NioDisk.in(data)),
                                        clock,
                                        System::nanoTime,
                                        _ -> onEnd.accept(ControlPlane.EXIT_SUPERSEDED),
                                        () -> onEnd.accept(ControlPlane.EXIT_JOURNAL))));
        late.keeper = keeper;
        PeerTable peers = new PeerTable(config.masters().keySet());
        String address = words(config.listen());
        Depot depot =
                Depot.open(
                        data.resolve("depot"),
                        signers,
                        clock,
                        MAX_PACKAGE_BYTES,
                        config.depotMaxBytes().orElse(Depot.UNBOUNDED));
        DepotKeeper depotKeeper =
                new DepotKeeper(
                        new DepotKeeper.Ports(
                                depot,
                                controller::state,
                                () -> InstalledNow.of(fleet.observe()),
                                controller::isInOffice,
                                command -> decided(controller, command)));
        Optional<ContentSource> staged = config.stagedPackages().map(StagedContents::new);
        List<ContentSource> contents = new ArrayList<>(List.of(depot));
        staged.ifPresent(contents::add);
        Path tables = data.resolve("depot").resolve("leaves");
        Supplier<Collection<PackageRecord>> imported = () -> controller.state().packages().values();
        Supplier<Collection<NodeObservation>> observed = () -> fleet.observe().values();
        TransferNetwork network = closing(new TransferNetwork(identity));
        ContentPull.Means pulls =
                new ContentPull.Means(
                        network,
                        DiskSpace.system(),
                        new RateLimit(0, Ticker.system()),
                        PullTiming.standard(),
                        Ticker.system());
        Optional<Zstd> zstd = Zstd.load();
        LinkLimit links = new LinkLimit(controller::state, self);
        NodeBases bases =
                new NodeBases(
                        new NodeBases.Ports(
                                data.resolve("depot").resolve("bases"),
                                depot,
                                observed,
                                links::near,
                                () ->
                                        Settings.nodeBytesPerSecond(
                                                controller.state().configuration().settings()),
                                pulls,
                                FetchPatience.standard()));
        DepotPatches patches =
                closing(
                        DepotPatches.start(
                                new DepotPatches.Ports(
                                        data.resolve("depot"),
                                        tables,
                                        zstd,
                                        imported,
                                        observed,
                                        contents,
                                        Optional.of(bases),
                                        System::nanoTime)));
        controller.subscribe((_, _) -> patches.wake());
        OriginContents origin = new OriginContents(imported, contents, tables);
        TransferServer transfers =
                serveContents(config, network, new Library(origin, patches, late));
        InetSocketAddress transferAddress =
                InetSocketAddress.createUnresolved(
                        config.transferListen().getHostString(), transfers.address().getPort());
        late.transferAddress = words(transferAddress);
        MasterSources sources =
                new MasterSources(
                        ref -> Optional.ofNullable(controller.state().packages().get(ref)),
                        contents,
                        Optional.of(patches),
                        address,
                        words(transferAddress));
        ExecutorService disk = Executors.newVirtualThreadPerTaskExecutor();
        closing(disk::shutdownNow);
        Executor executor =
                closing(
                        new Executor(
                                new Executor.Ports(
                                        self,
                                        controller,
                                        fleet,
                                        peers,
                                        new BackupFiles(
                                                data.resolve("backups"),
                                                new SnapshotCodec()::encode),
                                        sources,
                                        clock,
                                        System::nanoTime,
                                        disk,
                                        config.sharedAddress().orElse(null),
                                        keeper::electorate)));
        late.executor = executor;
        executor.start();

        Optional<RelationEndpoint> related =
                relation.map(r -> new RelationEndpoint(r, System::nanoTime));
        Optional<RelationClient> relating = relation.map(RelationClient::new);
        SortedMap<NodeId, ManagedChannel> channels = channels(config, identity, relating);
        AgentLinkEndpoint agents = new AgentLinkEndpoint(fleet, System::nanoTime, records::take);
        ReplicationEndpoint replication =
                closing(
                        new ReplicationEndpoint(
                                self,
                                version,
                                controller,
                                inSync,
                                keeper::register,
                                peers,
                                clock,
                                executor::wake));
        OperatorEndpoint operators =
                closing(
                        new OperatorEndpoint(
                                new OperatorEndpoint.Ports(
                                        self,
                                        version,
                                        controller,
                                        fleet,
                                        peers,
                                        executor::waits,
                                        new DepotImport(depot, depotKeeper),
                                        new ElectedMasters(
                                                keeper, fleet, controller, peers, late::resync),
                                        relating.map(r -> r.over(channels))
                                                .orElseGet(Relations::none),
                                        new OperatorSignatures(identity),
                                        clock,
                                        channel(config, identity, data),
                                        config.sharedAddress().orElse(null),
                                        new KeptRecords(records, exchanges))));
        List<ServerServiceDefinition> services =
                new ArrayList<>(
                        List.of(
                                operators.bindService(),
                                agents.bindService(),
                                new PackageSourceEndpoint(contents, disk).bindService(),
                                gated(replication, related),
                                gated(
                                        new DepotEndpoint(contents, patches, transferAddress),
                                        related),
                                gated(
                                        new RecordEndpoint(
                                                config.masters().keySet(), records, exchanges),
                                        related),
                                ProtoReflectionServiceV1.newInstance().bindService()));
        related.ifPresent(r -> services.add(r.bindService()));
        serve(config.listen(), identity, services);
        late.follower =
                closing(
                        new Follower(
                                new Follower.Ports(
                                        self,
                                        version,
                                        controller,
                                        channels,
                                        peers,
                                        keeper,
                                        () -> !keeper.isPrimary() && !controller.isInOffice(),
                                        NioDisk.in(directory(data.resolve("archive"))),
                                        NioDisk.in(directory(data.resolve("resync"))),
                                        keeper::replaced,
                                        System::nanoTime)));
        closing(new RecordPuller(records, exchanges, channels, RecordPuller.Pace.DEFAULT));
        ScheduledExecutorService timer =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().name("silence").factory());
        closing(timer::shutdownNow);
        var _ = timer.scheduleWithFixedDelay(agents::expireSilent, 1, 1, TimeUnit.SECONDS);
        DepotFill fill =
                closing(
                        DepotFill.start(
                                new DepotFill.Ports(
                                        depot,
                                        imported,
                                        staged,
                                        new PeerDepots(channels),
                                        zstd.map(z ->
                                                new DepotFill.Differences(
                                                        z,
                                                        new BasesHere(
                                                                imported, observed, contents))),
                                        links::from,
                                        pulls,
                                        FetchPatience.standard(),
                                        transfers::appeared,
                                        Optional.of(depotKeeper))));
        late.fill = fill;
        controller.subscribe((_, _) -> fill.wake());
        keeper.start();
        LOG.info("Master {} {} listens on {}", self, version, address);
    }

    /** Has a command decided; says why not. */
    private static Optional<String> decided(Controller controller, Command command) {
        try {
            return switch (controller
                    .submit(command)
                    .get(LONGEST_DECISION_SECONDS, TimeUnit.SECONDS)) {
                case Decision.Accepted _ -> Optional.empty();
                case Decision.Rejected(var refusal) -> Optional.of(refusal.reason());
            };
        } catch (ExecutionException | TimeoutException e) {
            return Optional.of("its removal was not decided: " + e.getMessage());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Optional.of("this master is closing");
        }
    }

    private record DepotImport(Depot depot, DepotKeeper keeper) implements PackageImport {
        @Override
        public ImportResult importPackage(InputStream input) throws IOException {
            return depot.importPackage(input, keeper);
        }

        @Override
        public boolean holds(PackageRecord pkg) {
            return depot.holds(new ContentId(pkg.contentSha256()));
        }
    }

    /** For masters that have proved the key alone. */
    private static ServerServiceDefinition gated(
            BindableService service, Optional<RelationEndpoint> related) {
        return ServerInterceptors.intercept(
                service, related.map(r -> List.of(r.gate())).orElse(List.of()));
    }

    /** Parts that are made later than those which call them; nothing calls before they are set. */
    private static final class Late {
        private volatile @Nullable OfficeKeeper keeper;
        private volatile @Nullable Executor executor;
        private volatile @Nullable Follower follower;
        private volatile @Nullable DepotFill fill;
        private volatile String transferAddress = "";

        OfficeKeeper keeper() {
            OfficeKeeper made = keeper;
            if (made == null) {
                throw new IllegalStateException("an agent's word came before the server was open");
            }
            return made;
        }

        /** Has this master's journal compared with the primary's anew; says why not. */
        Optional<String> resync() {
            Follower made = follower;
            return made == null ? Optional.of("this master is still starting") : made.resync();
        }

        void wake() {
            Executor made = executor;
            if (made != null) {
                made.wake();
            }
            keeper().wake();
        }
    }

    /** Packages, those that the depot fetches just now too, then patches. */
    private record Library(OriginContents origin, DepotPatches patches, Late late)
            implements ContentLibrary {
        @Override
        public Optional<ReadableContent> find(Sha256 content) throws IOException {
            DepotFill fill = late.fill;
            Optional<ReadableContent> growing =
                    fill == null ? Optional.empty() : fill.growing(content.hex());
            if (growing.isPresent()) {
                return growing;
            }
            Optional<ReadableContent> whole = origin.find(content);
            return whole.isPresent() ? whole : patches.find(content);
        }

        @Override
        public boolean mayComeSoon(Sha256 content) {
            DepotFill fill = late.fill;
            return fill != null && fill.isComing(content.hex());
        }
    }

    /** Serves contents by the transfer protocol. */
    private TransferServer serveContents(
            ControlPlaneConfig config, TransferNetwork network, ContentLibrary library)
            throws IOException {
        return closing(
                TransferServer.start(
                        network,
                        config.transferListen(),
                        PeerExpectation.kind(PeerName.Kind.NODE, PeerName.Kind.MASTER),
                        library,
                        ServeLimits.standard(),
                        new RateLimit(0, Ticker.system()),
                        Ticker.system()));
    }

    private static String words(InetSocketAddress address) {
        return address.getHostString() + ":" + address.getPort();
    }

    private <T extends AutoCloseable> T closing(T part) {
        running.push(part);
        return part;
    }

    /** A root that cannot be read is told at the start, and not when somebody needs it. */
    private static OperatorEndpoint.ChannelPorts channel(
            ControlPlaneConfig config, TlsIdentity identity, Path data) throws IOException {
        ChannelSigningKey key =
                ChannelSigningKey.of(
                        PemFiles.readPrivateKey(config.tls().key()),
                        identity.certificate().getPublicKey());
        Optional<ChannelAccess> access = Optional.empty();
        if (config.channel().isPresent()) {
            ControlPlaneConfig.ChannelConfig channel = config.channel().get();
            byte[] root = Files.readAllBytes(channel.root());
            try {
                var _ = ChannelClient.pinned(root);
            } catch (InvalidPackageException e) {
                throw new IOException("channel.root: " + channel.root() + ": " + e.reason(), e);
            }
            access =
                    Optional.of(
                            new ChannelAccess(
                                    root,
                                    channel.url()
                                            .map(url ->
                                                    new HttpChannel.Address(
                                                            url, channel.ca(), channel.proxy())),
                                    data.resolve("channel")));
        }
        return new OperatorEndpoint.ChannelPorts(
                access,
                new DeviceSigner() {
                    @Override
                    public X509Certificate certificate() {
                        return identity.certificate();
                    }

                    @Override
                    public byte[] sign(DeviceKey device) {
                        return device.signed(key);
                    }
                },
                TimeSource.system());
    }

    private static TlsIdentity identity(ControlPlaneConfig config, InstantSource clock)
            throws IOException {
        ControlPlaneConfig.Tls tls = config.tls();
        TlsIdentity identity = TlsIdentity.load(tls.ca(), tls.certificate(), tls.key(), clock);
        PeerName expected = PeerName.master(config.masterId().value());
        if (!identity.self().equals(expected)) {
            throw new IOException(
                    "%s: expected the certificate of %s, found that of %s"
                            .formatted(tls.certificate(), expected, identity.self()));
        }
        return identity;
    }

    private static Path directory(Path path) throws IOException {
        try {
            return Files.createDirectories(path);
        } catch (FileAlreadyExistsException e) {
            throw new IOException(
                    "dataDir: %s: expected a directory, found a file".formatted(path), e);
        } catch (IOException e) {
            throw new IOException(
                    "dataDir: %s: expected a directory or a place where one can be made, found: %s"
                            .formatted(path, e),
                    e);
        }
    }

    private static TrustedSigners signers(ControlPlaneConfig config) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Path file : config.trustedSigners()) {
            certificates.addAll(TrustedSigners.load(file).certificates());
        }
        return new TrustedSigners(certificates);
    }

    private static NodeId founder(Topology topology, ControlPlaneConfig config) throws IOException {
        if (topology.master(config.masterId()).isEmpty()) {
            throw new IOException(
                    "%s: expected master %s in it, found %s"
                            .formatted(
                                    config.inventory(),
                                    config.masterId(),
                                    topology.masters().stream().map(m -> m.id()).toList()));
        }
        return topology.masters().stream()
                .filter(m -> m.role() == MasterRole.PRIMARY)
                .findFirst()
                .orElseThrow(() ->
                        new IOException(
                                "%s: expected one master with role primary, found none"
                                        .formatted(config.inventory())))
                .id();
    }

    private static boolean isMember(@Nullable Topology topology, NodeId node) {
        return topology == null
                || topology.master(node).isPresent()
                || topology.nodes().stream().anyMatch(n -> n.id().equals(node));
    }

    /** Empty for the only master there is. */
    private static Optional<Relation> relation(ControlPlaneConfig config, TlsIdentity identity)
            throws IOException {
        if (config.interApplianceKeyFile().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                new Relation(
                        config.masterId(),
                        RelationKey.read(config.interApplianceKeyFile().get()),
                        identity,
                        config.listen(),
                        config.masters()));
    }

    private SortedMap<NodeId, ManagedChannel> channels(
            ControlPlaneConfig config, TlsIdentity identity, Optional<RelationClient> relating)
            throws IOException {
        SortedMap<NodeId, ManagedChannel> channels = new TreeMap<>();
        PeerLoop loop = closing(new PeerLoop());
        for (var peer : config.masters().entrySet()) {
            NettyChannelBuilder builder =
                    loop.carry(NettyChannelBuilder.forAddress(peer.getValue()))
                            .sslContext(
                                    GrpcTls.client(
                                            identity,
                                            PeerExpectation.exactly(
                                                    PeerName.master(peer.getKey().value()))))
                            .maxInboundMessageSize(64 << 20)
                            .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
                            .keepAliveTimeout(KEEPALIVE_SECONDS, TimeUnit.SECONDS);
            relating.ifPresent(r -> builder.intercept(r.proving(peer.getKey())));
            ManagedChannel channel = builder.build();
            channels.put(peer.getKey(), channel);
            closing(channel::shutdownNow);
        }
        return channels;
    }

    private void serve(
            InetSocketAddress listen, TlsIdentity identity, List<ServerServiceDefinition> services)
            throws IOException {
        ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
        closing(calls::shutdownNow);
        HealthStatusManager health = new HealthStatusManager();
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(listen)
                        .sslContext(GrpcTls.server(identity))
                        .executor(calls)
                        .callExecutor(ReplicationEndpoint.calls(calls))
                        .intercept(PeerIdentity.interceptor())
                        .maxInboundMessageSize(MAX_INBOUND_BYTES)
                        .permitKeepAliveTime(500, TimeUnit.MILLISECONDS)
                        .permitKeepAliveWithoutCalls(true)
                        .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
                        .keepAliveTimeout(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
                        .addService(health.getHealthService());
        services.forEach(builder::addService);
        Server server = builder.build();
        try {
            server.start();
        } catch (IOException e) {
            throw new IOException(
                    "listen %s: the address can't be bound (%s); is another process using it?"
                            .formatted(listen, rootMessage(e)),
                    e);
        }
        closing(() -> {
            if (!server.shutdownNow().awaitTermination(2, TimeUnit.SECONDS)) {
                LOG.warn("The gRPC server did not end within 2 s");
            }
        });
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }

    /** Half-open sessions make no event of their own: time has to find them. */
    @Override
    public synchronized void close() {
        while (!running.isEmpty()) {
            AutoCloseable part = running.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("Closing {} failed", part, e);
            }
        }
    }
}
