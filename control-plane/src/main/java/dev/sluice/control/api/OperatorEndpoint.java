package dev.sluice.control.api;

import dev.sluice.control.channel.ChannelAccess;
import dev.sluice.control.channel.TimeSource;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.executor.AgentGateway;
import dev.sluice.control.executor.InstalledNow;
import dev.sluice.control.executor.Peers;
import dev.sluice.control.executor.Waiting;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Version;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.Settings;
import dev.sluice.trust.pki.OperatorSignatures;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.AbortUpgradeRequest;
import dev.sluice.v1.AbortUpgradeResponse;
import dev.sluice.v1.AcceptEulaRequest;
import dev.sluice.v1.AcceptEulaResponse;
import dev.sluice.v1.CheckChannelRequest;
import dev.sluice.v1.CheckChannelResponse;
import dev.sluice.v1.CheckRelationsRequest;
import dev.sluice.v1.CheckRelationsResponse;
import dev.sluice.v1.ConfirmStepRequest;
import dev.sluice.v1.ConfirmStepResponse;
import dev.sluice.v1.DemoteMasterRequest;
import dev.sluice.v1.DemoteMasterResponse;
import dev.sluice.v1.DistributePackageRequest;
import dev.sluice.v1.DistributePackageResponse;
import dev.sluice.v1.ForcePromotionRequest;
import dev.sluice.v1.ForcePromotionResponse;
import dev.sluice.v1.GetConfigurationRequest;
import dev.sluice.v1.GetConfigurationResponse;
import dev.sluice.v1.GetDeviceKeyRequest;
import dev.sluice.v1.GetDeviceKeyResponse;
import dev.sluice.v1.GetEulaRequest;
import dev.sluice.v1.GetEulaResponse;
import dev.sluice.v1.GetStatusRequest;
import dev.sluice.v1.GetStatusResponse;
import dev.sluice.v1.ImportFromChannelRequest;
import dev.sluice.v1.ImportFromChannelResponse;
import dev.sluice.v1.ImportPackageRequest;
import dev.sluice.v1.ImportPackageResponse;
import dev.sluice.v1.ListMastersRequest;
import dev.sluice.v1.ListMastersResponse;
import dev.sluice.v1.ListNodesRequest;
import dev.sluice.v1.ListNodesResponse;
import dev.sluice.v1.ListPackagesRequest;
import dev.sluice.v1.ListPackagesResponse;
import dev.sluice.v1.ListSessionRecordsRequest;
import dev.sluice.v1.ListSessionRecordsResponse;
import dev.sluice.v1.OperatorServiceGrpc;
import dev.sluice.v1.PauseUpgradeRequest;
import dev.sluice.v1.PauseUpgradeResponse;
import dev.sluice.v1.PlanUpgradeRequest;
import dev.sluice.v1.PlanUpgradeResponse;
import dev.sluice.v1.PromoteMasterRequest;
import dev.sluice.v1.PromoteMasterResponse;
import dev.sluice.v1.ProposeForcedPromotionRequest;
import dev.sluice.v1.ProposeForcedPromotionResponse;
import dev.sluice.v1.RemovePackageRequest;
import dev.sluice.v1.RemovePackageResponse;
import dev.sluice.v1.ResumeUpgradeRequest;
import dev.sluice.v1.ResumeUpgradeResponse;
import dev.sluice.v1.ResyncMasterRequest;
import dev.sluice.v1.ResyncMasterResponse;
import dev.sluice.v1.SetAutomaticFailoverRequest;
import dev.sluice.v1.SetAutomaticFailoverResponse;
import dev.sluice.v1.SetConfigurationRequest;
import dev.sluice.v1.SetConfigurationResponse;
import dev.sluice.v1.SetNodeAdmissionRequest;
import dev.sluice.v1.SetNodeAdmissionResponse;
import dev.sluice.v1.StartUpgradeRequest;
import dev.sluice.v1.StartUpgradeResponse;
import dev.sluice.v1.WatchEventsRequest;
import dev.sluice.v1.WatchEventsResponse;
import dev.sluice.v1.WatchUpgradeRequest;
import dev.sluice.v1.WatchUpgradeResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operators' service of one master. Reads are answered by every master from what it knows;
 * writes only by the one in office. Who calls is known by certificate.
 *
 * <p>The server must have {@link PeerIdentity#interceptor} and threads that may block.
 */
public final class OperatorEndpoint extends OperatorServiceGrpc.OperatorServiceImplBase
        implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(OperatorEndpoint.class);

    private static final long TICK_MILLIS = 200;
    private static final int MAX_REASON = 500;

    private final Ports ports;
    private final OperatorWrites writes;
    private final MasterCalls masters;
    private final ChannelCalls channels;
    private final SupplyCalls supply;
    private final SessionRecordsView records;
    private final EventFeed events;
    private final UpgradeFeed upgrades;
    private final ScheduledExecutorService timer;

    /**
     * What the service works with.
     *
     * @param version of this master's control plane
     * @param waits what the executor does or waits for now
     * @param masters this master's part in the election
     * @param relations looks at everything between this master and the others
     * @param signatures who signed what
     * @param channel where packages come from
     * @param sharedAddress null: the cluster has none
     * @param records of sessions that ended
     */
    public record Ports(
            NodeId self,
            String version,
            Controller controller,
            AgentGateway agents,
            Peers peers,
            Supplier<List<Waiting>> waits,
            PackageImport packages,
            Masters masters,
            Relations relations,
            OperatorSignatures signatures,
            InstantSource clock,
            ChannelPorts channel,
            @Nullable String sharedAddress,
            SessionRecords records) {}

    /**
     * What channels and device keys work with.
     *
     * @param access empty: no channel is configured
     */
    public record ChannelPorts(
            Optional<ChannelAccess> access, DeviceSigner signer, TimeSource time) {}

    /** Starts the thread that serves watchers; {@link #close} ends it. */
    public OperatorEndpoint(Ports ports) {
        this.ports = ports;
        this.writes = new OperatorWrites(ports.self(), ports.controller(), this::outlook);
        this.masters =
                new MasterCalls(
                        ports.self(),
                        ports.controller(),
                        ports.masters(),
                        this::outlook,
                        writes,
                        ports.signatures(),
                        ports.clock());
        this.channels =
                new ChannelCalls(
                        ports.channel().access(),
                        ports.packages(),
                        ports.controller(),
                        writes,
                        this::outlook,
                        ports.clock(),
                        ports.channel().time());
        this.supply =
                new SupplyCalls(
                        this::outlook,
                        writes,
                        ports.channel().access(),
                        channels,
                        ports.channel().signer(),
                        ports.clock());
        this.records = new SessionRecordsView(ports.self(), ports.records());
        this.events = new EventFeed(ports.controller());
        this.upgrades =
                new UpgradeFeed(
                        () -> UpgradeProgressView.of(outlook()),
                        () -> ports.controller().state().index());
        this.timer =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().name("upgrade-watchers").factory());
        var _ =
                timer.scheduleWithFixedDelay(
                        () -> guarded(upgrades::tick),
                        TICK_MILLIS,
                        TICK_MILLIS,
                        TimeUnit.MILLISECONDS);
    }

    private void guarded(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            upgrades.fail(ApiErrors.internal("WatchUpgrade", e));
        }
    }

    /** The ballot is read first: an office lost meanwhile is seen in nodes that obey another. */
    private Outlook outlook() {
        var ballot = ports.controller().ballot();
        return new Outlook(
                ports.controller().state(),
                ports.self(),
                ports.version(),
                ballot,
                ports.agents().observe(),
                ports.peers().observe(),
                ballot == null ? List.of() : ports.waits().get(),
                ports.sharedAddress());
    }

    // Reads.

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> observer) {
        read("GetStatus", observer, StatusView::of);
    }

    @Override
    public void listNodes(ListNodesRequest request, StreamObserver<ListNodesResponse> observer) {
        read("ListNodes", observer, outlook -> NodesView.of(outlook, request.getRegion()));
    }

    @Override
    public void listPackages(
            ListPackagesRequest request, StreamObserver<ListPackagesResponse> observer) {
        read(
                "ListPackages",
                observer,
                outlook ->
                        PackagesView.of(outlook).toBuilder()
                                .setTransfersWait(transfersWait())
                                .build());
    }

    @Override
    public void getConfiguration(
            GetConfigurationRequest request, StreamObserver<GetConfigurationResponse> observer) {
        read("GetConfiguration", observer, outlook -> ConfigurationView.of(outlook.state()));
    }

    @Override
    public void watchUpgrade(
            WatchUpgradeRequest request, StreamObserver<WatchUpgradeResponse> observer) {
        watch(
                "WatchUpgrade",
                observer,
                watcher -> {
                    watcher.setOnCancelHandler(() -> {});
                    timer.execute(() -> guarded(() -> upgrades.add(watcher)));
                });
    }

    @Override
    public void watchEvents(
            WatchEventsRequest request, StreamObserver<WatchEventsResponse> observer) {
        watch("WatchEvents", observer, watcher -> events.watch(request, watcher));
    }

    @Override
    public void listMasters(
            ListMastersRequest request, StreamObserver<ListMastersResponse> observer) {
        read(
                "ListMasters",
                observer,
                outlook ->
                        masters.list(outlook).toBuilder()
                                .setSessionRecords(records.status())
                                .build());
    }

    @Override
    public void listSessionRecords(
            ListSessionRecordsRequest request,
            StreamObserver<ListSessionRecordsResponse> observer) {
        read("ListSessionRecords", observer, _ -> records.list(request));
    }

    // The masters.

    @Override
    public void promoteMaster(
            PromoteMasterRequest request, StreamObserver<PromoteMasterResponse> observer) {
        act("PromoteMaster", observer, _ -> masters.promote(request));
    }

    @Override
    public void demoteMaster(
            DemoteMasterRequest request, StreamObserver<DemoteMasterResponse> observer) {
        act("DemoteMaster", observer, _ -> masters.demote(request));
    }

    @Override
    public void resyncMaster(
            ResyncMasterRequest request, StreamObserver<ResyncMasterResponse> observer) {
        act("ResyncMaster", observer, _ -> masters.resync(request));
    }

    @Override
    public void setAutomaticFailover(
            SetAutomaticFailoverRequest request,
            StreamObserver<SetAutomaticFailoverResponse> observer) {
        write("SetAutomaticFailover", observer, actor -> masters.switchFailover(request, actor));
    }

    @Override
    public void proposeForcedPromotion(
            ProposeForcedPromotionRequest request,
            StreamObserver<ProposeForcedPromotionResponse> observer) {
        act("ProposeForcedPromotion", observer, _ -> masters.forced().propose(request));
    }

    @Override
    public void forcePromotion(
            ForcePromotionRequest request, StreamObserver<ForcePromotionResponse> observer) {
        act("ForcePromotion", observer, _ -> masters.forced().force(request));
    }

    @Override
    public void checkRelations(
            CheckRelationsRequest request, StreamObserver<CheckRelationsResponse> observer) {
        act(
                "CheckRelations",
                observer,
                _ ->
                        CheckRelationsResponse.newBuilder()
                                .setAnsweredBy(ports.self().value())
                                .addAllChecks(ports.relations().check())
                                .build());
    }

    // Writes.

    @Override
    public void planUpgrade(
            PlanUpgradeRequest request, StreamObserver<PlanUpgradeResponse> observer) {
        write("PlanUpgrade", observer, actor -> writes.plan(request, actor));
    }

    @Override
    public void startUpgrade(
            StartUpgradeRequest request, StreamObserver<StartUpgradeResponse> observer) {
        write(
                "StartUpgrade",
                observer,
                actor -> {
                    writes.start(
                            Arguments.name("plan_id", request.getPlanId(), PlanId::new), actor);
                    return StartUpgradeResponse.getDefaultInstance();
                });
    }

    @Override
    public void pauseUpgrade(
            PauseUpgradeRequest request, StreamObserver<PauseUpgradeResponse> observer) {
        write(
                "PauseUpgrade",
                observer,
                actor -> {
                    var _ = writes.submit(new Command.PauseUpgrade(actor));
                    return PauseUpgradeResponse.getDefaultInstance();
                });
    }

    @Override
    public void resumeUpgrade(
            ResumeUpgradeRequest request, StreamObserver<ResumeUpgradeResponse> observer) {
        write(
                "ResumeUpgrade",
                observer,
                actor -> {
                    writes.resume(actor);
                    return ResumeUpgradeResponse.getDefaultInstance();
                });
    }

    @Override
    public void abortUpgrade(
            AbortUpgradeRequest request, StreamObserver<AbortUpgradeResponse> observer) {
        write(
                "AbortUpgrade",
                observer,
                actor -> {
                    String reason = Arguments.atMost("reason", MAX_REASON, request.getReason());
                    var _ = writes.submit(new Command.AbortUpgrade(reason, actor));
                    return AbortUpgradeResponse.getDefaultInstance();
                });
    }

    @Override
    public void confirmStep(
            ConfirmStepRequest request, StreamObserver<ConfirmStepResponse> observer) {
        write(
                "ConfirmStep",
                observer,
                actor -> {
                    StepId step = Arguments.name("step_id", request.getStepId(), StepId::new);
                    var _ = writes.submit(decision(request, step, actor));
                    return ConfirmStepResponse.getDefaultInstance();
                });
    }

    private static Command decision(ConfirmStepRequest request, StepId step, Actor actor) {
        return switch (request.getDecision()) {
            case DECISION_CONFIRM -> new Command.ConfirmStep(step, true, actor);
            case DECISION_REJECT -> new Command.ConfirmStep(step, false, actor);
            case DECISION_CUT -> new Command.DecideDrain(step, DrainDecision.CUT, actor);
            case DECISION_EXTEND -> new Command.DecideDrain(step, DrainDecision.EXTEND, actor);
            case DECISION_UNSPECIFIED, UNRECOGNIZED ->
                    throw ApiErrors.invalid(
                            "decision",
                            "CONFIRM, REJECT, CUT or EXTEND",
                            String.valueOf(request.getDecisionValue()));
        };
    }

    @Override
    public void setConfiguration(
            SetConfigurationRequest request, StreamObserver<SetConfigurationResponse> observer) {
        write(
                "SetConfiguration",
                observer,
                actor -> {
                    // A setting's value is never empty: no text removes it.
                    Optional<String> value =
                            Optional.of(request.getValue()).filter(text -> !text.isEmpty());
                    List<Event> events =
                            writes.submit(
                                    new Command.ChangeSetting(
                                            request.getKey(), value, request.getForce(), actor));
                    return SetConfigurationResponse.newBuilder()
                            .setRevision(ports.controller().state().configuration().revision())
                            .setWillBeOverwritten(
                                    events.stream()
                                            .anyMatch(e ->
                                                    e instanceof Event.SettingChanged changed
                                                            && changed.forced()))
                            .build();
                });
    }

    @Override
    public void setNodeAdmission(
            SetNodeAdmissionRequest request, StreamObserver<SetNodeAdmissionResponse> observer) {
        write(
                "SetNodeAdmission",
                observer,
                actor -> {
                    NodeId node = Arguments.name("node_id", request.getNodeId(), NodeId::new);
                    var _ =
                            writes.submit(
                                    new Command.ChooseNodeAdmission(
                                            node, request.getAccepting(), actor));
                    return SetNodeAdmissionResponse.getDefaultInstance();
                });
    }

    @Override
    public void distributePackage(
            DistributePackageRequest request, StreamObserver<DistributePackageResponse> observer) {
        write(
                "DistributePackage",
                observer,
                actor -> {
                    PackageRef pkg = ref(request.getPackage());
                    var _ =
                            writes.submit(
                                    new Command.ChooseDistribution(pkg, !request.getStop(), actor));
                    return DistributePackageResponse.newBuilder()
                            .setPackage(PackagesView.of(outlook(), pkg))
                            .setTransfersWait(transfersWait())
                            .build();
                });
    }

    /** Why no transfer is begun now, in words; empty: they are. */
    private String transfersWait() {
        return Settings.window(ports.controller().state().configuration().settings())
                .flatMap(window -> window.whyClosed(ports.clock().instant()))
                .orElse("");
    }

    @Override
    public void removePackage(
            RemovePackageRequest request, StreamObserver<RemovePackageResponse> observer) {
        write(
                "RemovePackage",
                observer,
                actor -> {
                    PackageRef pkg = ref(request.getPackage());
                    Outlook now = outlook();
                    PackageRecord known = now.state().packages().get(pkg);
                    var _ =
                            writes.submit(
                                    new Command.RemovePackage(
                                            pkg,
                                            InstalledNow.of(now.fleet()),
                                            "an operator removed it",
                                            actor));
                    return RemovePackageResponse.newBuilder()
                            .setPackage(request.getPackage())
                            .setSizeBytes(known == null ? 0 : known.descriptor().sizeBytes())
                            .build();
                });
    }

    private static PackageRef ref(dev.sluice.v1.PackageRef wanted) {
        return new PackageRef(
                Arguments.name("package.name", wanted.getName(), PackageName::new),
                Arguments.name("package.version", wanted.getVersion(), Version::parse));
    }

    @Override
    public StreamObserver<ImportPackageRequest> importPackage(
            StreamObserver<ImportPackageResponse> observer) {
        try {
            Actor actor = operator();
            writes.requireOffice();
            return new PackageUpload(
                    (ServerCallStreamObserver<ImportPackageResponse>) observer,
                    content -> channels.imported(content, actor));
        } catch (StatusRuntimeException e) {
            observer.onError(e);
            return new Ignored<>();
        }
    }

    // Where packages come from, and under which terms.

    @Override
    public void checkChannel(
            CheckChannelRequest request, StreamObserver<CheckChannelResponse> observer) {
        write("CheckChannel", observer, _ -> channels.check());
    }

    @Override
    public void importFromChannel(
            ImportFromChannelRequest request, StreamObserver<ImportFromChannelResponse> observer) {
        try {
            Actor actor = operator();
            writes.requireOffice();
            channels.importFrom(request, actor, observer::onNext);
            LOG.info("ImportFromChannel by operator {}", actor);
        } catch (StatusRuntimeException e) {
            observer.onError(e);
            return;
        } catch (RuntimeException e) {
            observer.onError(ApiErrors.internal("ImportFromChannel", e));
            return;
        }
        observer.onCompleted();
    }

    @Override
    public void getDeviceKey(
            GetDeviceKeyRequest request, StreamObserver<GetDeviceKeyResponse> observer) {
        write("GetDeviceKey", observer, _ -> supply.deviceKey());
    }

    @Override
    public void getEula(GetEulaRequest request, StreamObserver<GetEulaResponse> observer) {
        read("GetEula", observer, _ -> supply.terms(request));
    }

    @Override
    public void acceptEula(AcceptEulaRequest request, StreamObserver<AcceptEulaResponse> observer) {
        write("AcceptEula", observer, actor -> supply.accept(request, actor));
    }

    /** Takes what still arrives of a call that was answered. */
    private static final class Ignored<T> implements StreamObserver<T> {
        @Override
        public void onNext(T message) {}

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
    }

    // Who calls, and how errors are told.

    private static Actor operator() {
        return new Actor(PeerIdentity.require(PeerName.Kind.OPERATOR).id());
    }

    private static void reader() {
        var _ = PeerIdentity.require(PeerName.Kind.OPERATOR, PeerName.Kind.MASTER);
    }

    private <T> void read(String call, StreamObserver<T> observer, Function<Outlook, T> view) {
        answer(
                call,
                observer,
                () -> {
                    reader();
                    return view.apply(outlook());
                });
    }

    private <T> void write(String call, StreamObserver<T> observer, Function<Actor, T> work) {
        act(
                call,
                observer,
                actor -> {
                    writes.requireOffice();
                    return work.apply(actor);
                });
    }

    /** Does what an operator asks of this master, whether it is in office or not. */
    private static <T> void act(String call, StreamObserver<T> observer, Function<Actor, T> work) {
        answer(
                call,
                observer,
                () -> {
                    Actor actor = operator();
                    T answer = work.apply(actor);
                    LOG.info("{} by operator {}", call, actor);
                    return answer;
                });
    }

    private static <T> void answer(String call, StreamObserver<T> observer, Supplier<T> work) {
        T answer;
        try {
            answer = work.get();
        } catch (StatusRuntimeException e) {
            observer.onError(e);
            return;
        } catch (RuntimeException e) {
            observer.onError(ApiErrors.internal(call, e));
            return;
        }
        observer.onNext(answer);
        observer.onCompleted();
    }

    private static <T> void watch(
            String call,
            StreamObserver<T> observer,
            java.util.function.Consumer<ServerCallStreamObserver<T>> begin) {
        try {
            reader();
            begin.accept((ServerCallStreamObserver<T>) observer);
        } catch (StatusRuntimeException e) {
            observer.onError(e);
        } catch (RejectedExecutionException _) {
            observer.onError(ApiErrors.exhausted(call, "this master is closing; ask another"));
        } catch (RuntimeException e) {
            observer.onError(ApiErrors.internal(call, e));
        }
    }

    /** Lets go of all watchers. */
    @Override
    public void close() {
        timer.shutdownNow();
        events.close();
    }
}
