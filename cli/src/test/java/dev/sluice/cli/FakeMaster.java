package dev.sluice.cli;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.AcceptEulaRequest;
import dev.sluice.v1.AcceptEulaResponse;
import dev.sluice.v1.ChannelOffer;
import dev.sluice.v1.CheckChannelRequest;
import dev.sluice.v1.CheckChannelResponse;
import dev.sluice.v1.CheckRelationsRequest;
import dev.sluice.v1.CheckRelationsResponse;
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
import dev.sluice.v1.ListPackagesRequest;
import dev.sluice.v1.ListPackagesResponse;
import dev.sluice.v1.ListSessionRecordsRequest;
import dev.sluice.v1.ListSessionRecordsResponse;
import dev.sluice.v1.OperatorServiceGrpc;
import dev.sluice.v1.PackageRef;
import dev.sluice.v1.PackageStatus;
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
import dev.sluice.v1.ResyncMasterRequest;
import dev.sluice.v1.ResyncMasterResponse;
import dev.sluice.v1.SetAutomaticFailoverRequest;
import dev.sluice.v1.SetAutomaticFailoverResponse;
import dev.sluice.v1.StartUpgradeRequest;
import dev.sluice.v1.StartUpgradeResponse;
import dev.sluice.v1.WatchEventsRequest;
import dev.sluice.v1.WatchEventsResponse;
import dev.sluice.v1.WatchUpgradeRequest;
import dev.sluice.v1.WatchUpgradeResponse;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.okhttp.OkHttpServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import org.jspecify.annotations.Nullable;

/** A master's operator service with scripted answers, over real sockets and mutual TLS. */
final class FakeMaster implements AutoCloseable {
    private final Server server;
    private final Service service;

    private FakeMaster(Server server, Service service) {
        this.server = server;
        this.service = service;
    }

    /** Listens on a free port of 127.0.0.1, as whom {@code name} says. */
    static FakeMaster start(CertificateAuthority authority, PeerName name) throws IOException {
        return start(authority, name, 0);
    }

    static FakeMaster start(CertificateAuthority authority, PeerName name, int port)
            throws IOException {
        TlsIdentity identity =
                TlsIdentity.of(
                        authority.issue(name, Set.of(), Duration.ofHours(1)),
                        InstantSource.system());
        Service service = new Service(name.id());
        Server server =
                OkHttpServerBuilder.forPort(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                                InsecureServerCredentials.create())
                        .socketFactory(new Tls13Sockets(identity))
                        .addService(service)
                        .build()
                        .start();
        return new FakeMaster(server, service);
    }

    int port() {
        return server.getPort();
    }

    String address() {
        return "127.0.0.1:" + port();
    }

    /** What was asked, in order. */
    List<Object> asked() {
        return List.copyOf(service.asked);
    }

    void answerPlan(PlanUpgradeResponse plan) {
        service.plan = plan;
    }

    /** Whom this one names as primary; empty: nobody. */
    void primary(String id) {
        service.primary = id;
    }

    /** What a request of this kind is answered with; it may throw a refusal. */
    <Q extends Message> void answer(Class<Q> kind, Function<Q, ? extends Message> with) {
        service.answers.put(kind, request -> with.apply(kind.cast(request)));
    }

    void refuse(StatusRuntimeException refusal) {
        service.refusal = refusal;
    }

    /** One watch is answered with these updates and then ends. */
    void watch(WatchUpgradeResponse... updates) {
        service.watches.add(new Watch(Arrays.asList(updates), null));
    }

    /** One watch is answered with these updates and then breaks. */
    void brokenWatch(io.grpc.Status end, WatchUpgradeResponse... updates) {
        service.watches.add(new Watch(Arrays.asList(updates), end));
    }

    void event(WatchEventsResponse event) {
        service.events.add(event);
    }

    /** A refusal with rich details, as masters send it. */
    static StatusRuntimeException refusal(
            Code code, String message, String reason, Map<String, String> metadata) {
        return StatusProto.toStatusRuntimeException(
                Status.newBuilder()
                        .setCode(code.getNumber())
                        .setMessage(message)
                        .addDetails(
                                Any.pack(
                                        ErrorInfo.newBuilder()
                                                .setReason(reason)
                                                .setDomain("sluice")
                                                .putAllMetadata(metadata)
                                                .build()))
                        .build());
    }

    @Override
    public void close() {
        try {
            if (!server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the fake master does not stop");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What OkHttp's own server credentials don't offer: TLS 1.3, as masters demand it. */
    private static final class Tls13Sockets extends ServerSocketFactory {
        private final ServerSocketFactory tls;

        Tls13Sockets(TlsIdentity identity) {
            this.tls =
                    identity.sslContext(PeerExpectation.kind(PeerName.Kind.OPERATOR))
                            .getServerSocketFactory();
        }

        private static ServerSocket speakingHttp2(ServerSocket socket) {
            SSLServerSocket secured = (SSLServerSocket) socket;
            SSLParameters parameters = secured.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2"});
            parameters.setNeedClientAuth(true);
            secured.setSSLParameters(parameters);
            return secured;
        }

        @Override
        public ServerSocket createServerSocket() throws IOException {
            return speakingHttp2(tls.createServerSocket());
        }

        @Override
        public ServerSocket createServerSocket(int port) throws IOException {
            return speakingHttp2(tls.createServerSocket(port));
        }

        @Override
        public ServerSocket createServerSocket(int port, int backlog) throws IOException {
            return speakingHttp2(tls.createServerSocket(port, backlog));
        }

        @Override
        public ServerSocket createServerSocket(int port, int backlog, InetAddress address)
                throws IOException {
            return speakingHttp2(tls.createServerSocket(port, backlog, address));
        }
    }

    private record Watch(List<WatchUpgradeResponse> updates, io.grpc.@Nullable Status end) {}

    private static final class Service extends OperatorServiceGrpc.OperatorServiceImplBase {
        private final String id;
        private final List<Object> asked = new CopyOnWriteArrayList<>();
        private final AtomicInteger looks = new AtomicInteger();
        private final Map<Class<?>, Function<Object, Message>> answers = new ConcurrentHashMap<>();
        private volatile String primary = "m-a";
        private final Deque<Watch> watches = new ArrayDeque<>();
        private final List<WatchEventsResponse> events = new ArrayList<>();
        private volatile @Nullable StatusRuntimeException refusal;
        private volatile PlanUpgradeResponse plan = PlanUpgradeResponse.getDefaultInstance();

        Service(String id) {
            this.id = id;
        }

        private <T> void answer(StreamObserver<T> observer, Object request, T response) {
            asked.add(request);
            StatusRuntimeException refused = refusal;
            if (refused != null) {
                observer.onError(refused);
                return;
            }
            observer.onNext(response);
            observer.onCompleted();
        }

        /** Answers as the test said for this kind, or with nothing set. */
        private <T extends Message> void scripted(
                StreamObserver<T> observer, Message request, T otherwise) {
            Function<Object, Message> with = answers.get(request.getClass());
            try {
                @SuppressWarnings("unchecked") // the test names the kind that belongs to it
                T response = with == null ? otherwise : (T) with.apply(request);
                answer(observer, request, response);
            } catch (StatusRuntimeException refused) {
                asked.add(request);
                observer.onError(refused);
            }
        }

        @Override
        public void listMasters(
                ListMastersRequest request, StreamObserver<ListMastersResponse> observer) {
            scripted(observer, request, ListMastersResponse.getDefaultInstance());
        }

        @Override
        public void listSessionRecords(
                ListSessionRecordsRequest request,
                StreamObserver<ListSessionRecordsResponse> observer) {
            scripted(observer, request, ListSessionRecordsResponse.getDefaultInstance());
        }

        @Override
        public void promoteMaster(
                PromoteMasterRequest request, StreamObserver<PromoteMasterResponse> observer) {
            scripted(observer, request, PromoteMasterResponse.getDefaultInstance());
        }

        @Override
        public void proposeForcedPromotion(
                ProposeForcedPromotionRequest request,
                StreamObserver<ProposeForcedPromotionResponse> observer) {
            scripted(observer, request, ProposeForcedPromotionResponse.getDefaultInstance());
        }

        @Override
        public void forcePromotion(
                ForcePromotionRequest request, StreamObserver<ForcePromotionResponse> observer) {
            scripted(observer, request, ForcePromotionResponse.getDefaultInstance());
        }

        @Override
        public void getConfiguration(
                GetConfigurationRequest request,
                StreamObserver<GetConfigurationResponse> observer) {
            scripted(observer, request, GetConfigurationResponse.getDefaultInstance());
        }

        @Override
        public void checkRelations(
                CheckRelationsRequest request, StreamObserver<CheckRelationsResponse> observer) {
            scripted(observer, request, CheckRelationsResponse.getDefaultInstance());
        }

        @Override
        public void demoteMaster(
                DemoteMasterRequest request, StreamObserver<DemoteMasterResponse> observer) {
            scripted(observer, request, DemoteMasterResponse.getDefaultInstance());
        }

        @Override
        public void resyncMaster(
                ResyncMasterRequest request, StreamObserver<ResyncMasterResponse> observer) {
            scripted(observer, request, ResyncMasterResponse.getDefaultInstance());
        }

        @Override
        public void setAutomaticFailover(
                SetAutomaticFailoverRequest request,
                StreamObserver<SetAutomaticFailoverResponse> observer) {
            scripted(observer, request, SetAutomaticFailoverResponse.getDefaultInstance());
        }

        @Override
        public void getStatus(
                GetStatusRequest request, StreamObserver<GetStatusResponse> observer) {
            GetStatusResponse status =
                    GetStatusResponse.newBuilder()
                            .setCluster("acme")
                            .setAnsweredBy(id)
                            .setPrimary(primary)
                            .setNodesTotal(6)
                            .setNodesAccepting(5)
                            .setSessions(420)
                            .setCommittedIndex(9_000_000_000L)
                            .setSharedAddress("10.0.0.10:7443")
                            .build();
            answer(observer, request, status);
        }

        @Override
        public void planUpgrade(
                PlanUpgradeRequest request, StreamObserver<PlanUpgradeResponse> observer) {
            answer(observer, request, plan);
        }

        @Override
        public void startUpgrade(
                StartUpgradeRequest request, StreamObserver<StartUpgradeResponse> observer) {
            answer(observer, request, StartUpgradeResponse.getDefaultInstance());
        }

        @Override
        public void pauseUpgrade(
                PauseUpgradeRequest request, StreamObserver<PauseUpgradeResponse> observer) {
            answer(observer, request, PauseUpgradeResponse.getDefaultInstance());
        }

        @Override
        public void distributePackage(
                DistributePackageRequest request,
                StreamObserver<DistributePackageResponse> observer) {
            asked.add(
                    "distribute %s %s"
                            .formatted(request.getPackage().getName(), request.getStop()));
            observer.onNext(
                    DistributePackageResponse.newBuilder()
                            .setPackage(staged(request.getPackage(), 0))
                            .setTransfersWait("distribution.window opens at 22:00")
                            .build());
            observer.onCompleted();
        }

        @Override
        public void removePackage(
                RemovePackageRequest request, StreamObserver<RemovePackageResponse> observer) {
            String asking =
                    "%s %s"
                            .formatted(
                                    request.getPackage().getName(),
                                    request.getPackage().getVersion());
            asked.add("remove " + asking);
            if (asking.equals("site 25.2.0")) {
                observer.onError(
                        io.grpc.Status.FAILED_PRECONDITION
                                .withDescription(
                                        "package site 25.2.0: is needed: node eu-1 has it installed")
                                .asRuntimeException());
                return;
            }
            observer.onNext(
                    RemovePackageResponse.newBuilder()
                            .setPackage(request.getPackage())
                            .setSizeBytes(2 << 20)
                            .build());
            observer.onCompleted();
        }

        private PackageStatus staged(PackageRef pkg, int nodes) {
            return PackageStatus.newBuilder()
                    .setPackage(pkg)
                    .setSizeBytes(100)
                    .setNodesSuited(4)
                    .setNodesStaged(nodes)
                    .setNodesLacking(4 - nodes)
                    .setBytesStaged(100L * nodes)
                    .build();
        }

        /** Each look finds one node more that has it. */
        @Override
        public void listPackages(
                ListPackagesRequest request, StreamObserver<ListPackagesResponse> observer) {
            PackageRef site = PackageRef.newBuilder().setName("site").setVersion("25.2.0").build();
            observer.onNext(
                    ListPackagesResponse.newBuilder()
                            .addPackages(staged(site, looks.incrementAndGet()))
                            .build());
            observer.onCompleted();
        }

        @Override
        public StreamObserver<ImportPackageRequest> importPackage(
                StreamObserver<ImportPackageResponse> observer) {
            return new StreamObserver<>() {
                private long bytes;

                @Override
                public void onNext(ImportPackageRequest part) {
                    bytes += part.getData().size();
                    if (part.hasFileName()) {
                        asked.add(part.getFileName());
                    }
                }

                @Override
                public void onError(Throwable t) {}

                @Override
                public void onCompleted() {
                    PackageStatus status =
                            PackageStatus.newBuilder()
                                    .setPackage(PackageRef.newBuilder().setName("site"))
                                    .setSizeBytes(bytes)
                                    .build();
                    observer.onNext(ImportPackageResponse.newBuilder().setPackage(status).build());
                    observer.onCompleted();
                }
            };
        }

        @Override
        public void checkChannel(
                CheckChannelRequest request, StreamObserver<CheckChannelResponse> observer) {
            answer(
                    observer,
                    request,
                    CheckChannelResponse.newBuilder()
                            .setChannel("stable")
                            .addOffers(
                                    ChannelOffer.newBuilder()
                                            .setPackage(site("25.2.0"))
                                            .setKind("SITE")
                                            .setSizeBytes(1 << 20)
                                            .setAvailability("BLOCKED")
                                            .setBlockedBy("enabled by site 25.1.0"))
                            .build());
        }

        private static PackageRef site(String version) {
            return PackageRef.newBuilder().setName("site").setVersion(version).build();
        }

        @Override
        public void importFromChannel(
                ImportFromChannelRequest request,
                StreamObserver<ImportFromChannelResponse> observer) {
            asked.add(request);
            for (String version : List.of("25.1.0", "25.2.0")) {
                for (String state : List.of("DOWNLOADING", "IMPORTED")) {
                    observer.onNext(
                            ImportFromChannelResponse.newBuilder()
                                    .setPackage(site(version))
                                    .setState(state)
                                    .build());
                }
            }
            observer.onCompleted();
        }

        @Override
        public void getDeviceKey(
                GetDeviceKeyRequest request, StreamObserver<GetDeviceKeyResponse> observer) {
            answer(
                    observer,
                    request,
                    GetDeviceKeyResponse.newBuilder()
                            .setDeviceKey(ByteString.copyFromUtf8("the key"))
                            .build());
        }

        @Override
        public void getEula(GetEulaRequest request, StreamObserver<GetEulaResponse> observer) {
            answer(
                    observer,
                    request,
                    GetEulaResponse.newBuilder()
                            .setText("You may use this.\n")
                            .setSha256("ab12")
                            .build());
        }

        @Override
        public void acceptEula(
                AcceptEulaRequest request, StreamObserver<AcceptEulaResponse> observer) {
            answer(observer, request, AcceptEulaResponse.getDefaultInstance());
        }

        @Override
        public void watchUpgrade(
                WatchUpgradeRequest request, StreamObserver<WatchUpgradeResponse> observer) {
            asked.add(request);
            Watch watch;
            synchronized (watches) {
                watch = watches.poll();
            }
            if (watch == null) {
                observer.onError(
                        io.grpc.Status.UNAVAILABLE.withDescription("away").asRuntimeException());
                return;
            }
            watch.updates().forEach(observer::onNext);
            if (watch.end() == null) {
                observer.onCompleted();
            } else {
                observer.onError(watch.end().asRuntimeException());
            }
        }

        @Override
        public void watchEvents(
                WatchEventsRequest request, StreamObserver<WatchEventsResponse> observer) {
            asked.add(request);
            events.stream()
                    .filter(event -> event.getIndex() >= request.getFromIndex())
                    .forEach(observer::onNext);
            observer.onCompleted();
        }
    }
}
