package dev.sluice.control.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.sluice.control.controller.Writer;
import dev.sluice.control.depot.ImportResult;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Step;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.UpgradeStatus;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.AbortUpgradeRequest;
import dev.sluice.v1.ConfirmStepRequest;
import dev.sluice.v1.DistributePackageRequest;
import dev.sluice.v1.GetConfigurationRequest;
import dev.sluice.v1.GetStatusRequest;
import dev.sluice.v1.ImportPackageRequest;
import dev.sluice.v1.ImportPackageResponse;
import dev.sluice.v1.ListNodesRequest;
import dev.sluice.v1.ListPackagesRequest;
import dev.sluice.v1.OperatorServiceGrpc;
import dev.sluice.v1.OperatorServiceGrpc.OperatorServiceBlockingStub;
import dev.sluice.v1.PackageRef;
import dev.sluice.v1.PackageStatus;
import dev.sluice.v1.PauseUpgradeRequest;
import dev.sluice.v1.PlanUpgradeRequest;
import dev.sluice.v1.PlanUpgradeResponse;
import dev.sluice.v1.RemovePackageRequest;
import dev.sluice.v1.ResumeUpgradeRequest;
import dev.sluice.v1.SetConfigurationRequest;
import dev.sluice.v1.SetConfigurationResponse;
import dev.sluice.v1.SetNodeAdmissionRequest;
import dev.sluice.v1.StartUpgradeRequest;
import dev.sluice.v1.UpgradeState;
import dev.sluice.v1.WatchEventsRequest;
import dev.sluice.v1.WatchEventsResponse;
import dev.sluice.v1.WatchUpgradeRequest;
import dev.sluice.v1.WatchUpgradeResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over mutual TLS on loopback, with a real controller on a real journal. */
final class OperatorEndpointTest {

    private static final NodeId EU_1 = new NodeId("eu-1");
    private static final PlanUpgradeRequest TO_BASE_7 =
            PlanUpgradeRequest.newBuilder().putTarget("base", "7.0.0").build();

    @AutoClose private final ServedMaster primary;

    OperatorEndpointTest(@TempDir Path directory) throws Exception {
        this.primary = new ServedMaster(Scene.A, directory);
    }

    private OperatorServiceBlockingStub alice;

    @BeforeEach
    void connect() throws Exception {
        alice = primary.inOffice().alice();
    }

    private static StatusRuntimeException error(ThrowingCallable call) {
        return catchThrowableOfType(StatusRuntimeException.class, call);
    }

    private static void assertRefused(ThrowingCallable call, String... words) {
        StatusRuntimeException e = error(call);
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(ServedMaster.info(e).getReason()).isEqualTo("REFUSED");
        assertThat(e.getStatus().getDescription()).contains(words);
    }

    private static void assertInvalid(ThrowingCallable call, String subject, String found) {
        StatusRuntimeException e = error(call);
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(ServedMaster.info(e).getMetadataMap())
                .containsEntry("subject", subject)
                .containsEntry("found", found)
                .containsKey("expected");
    }

    private String plan() {
        PlanUpgradeResponse planned = alice.planUpgrade(TO_BASE_7);
        assertThat(planned.getRefused()).as(planned.getDocumentJson()).isFalse();
        return planned.getPlanId();
    }

    private void start(String plan) {
        var _ = alice.startUpgrade(StartUpgradeRequest.newBuilder().setPlanId(plan).build());
    }

    private Step firstStep() {
        return primary.controller.state().currentUpgrade().orElseThrow().graph().steps().getFirst();
    }

    private SetConfigurationRequest.Builder banner(String value) {
        return SetConfigurationRequest.newBuilder().setKey("site.banner").setValue(value);
    }

    @Test
    @Tag("REL-2")
    @Tag("REL-4")
    void whoWaitsTooLongForACommitIsToldWhoIsMissingAndThatItMayStillHappen() throws Exception {
        primary.gate.hold();
        CompletableFuture<StatusRuntimeException> failure =
                CompletableFuture.supplyAsync(
                        () -> error(() -> alice.setConfiguration(banner("late").build())));
        assertThat(primary.gate.waiting.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
        primary.passedNanos.addAndGet(Writer.LONGEST_COMMIT_NANOS);
        primary.gate.wake();

        StatusRuntimeException e = failure.get(30, TimeUnit.SECONDS);
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(ServedMaster.info(e).getReason()).isEqualTo("UNANSWERED");
        assertThat(e.getStatus().getDescription())
                .contains("waiting for master m-b", "may still happen", "sluice status");
        assertThat(primary.controller.state().configuration().settings())
                .doesNotContainKey("site.banner");

        primary.gate.release();
        assertThat(primary.controller.maintain(_ -> {}).get(30, TimeUnit.SECONDS)).isTrue();
        assertThat(primary.controller.state().configuration().settings())
                .containsEntry("site.banner", "late");
    }

    @Test
    @Tag("OPS-2")
    void answersWhatTheClusterIs() {
        var status = alice.getStatus(GetStatusRequest.getDefaultInstance());

        assertThat(status.getCluster()).isEqualTo("test");
        assertThat(status.getPrimary()).isEqualTo("m-a");
        assertThat(status.getAnsweredBy()).isEqualTo("m-a");
        assertThat(status.getNodesAccepting()).isEqualTo(6);
        assertThat(status.getSessions()).isEqualTo(60);
        assertThat(status.getSharedAddressHolder()).isEqualTo("m-a");
        assertThat(status.getMastersList())
                .extracting(m -> m.getId() + " " + m.getRole() + " " + m.getConnected())
                .containsExactly("m-a PRIMARY true", "m-b BACKUP true");
        assertThat(alice.listNodes(ListNodesRequest.getDefaultInstance()).getNodesCount())
                .isEqualTo(8);
    }

    @Test
    @Tag("SEC-1")
    void letsOnlyOperatorsWriteAndNoNodeRead() throws Exception {
        OperatorServiceBlockingStub node = primary.as(PeerName.node("eu-1"));
        OperatorServiceBlockingStub master = primary.as(PeerName.master("m-b"));

        assertThat(
                        error(() -> node.getStatus(GetStatusRequest.getDefaultInstance()))
                                .getStatus()
                                .getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(
                        error(() ->
                                        node.watchEvents(WatchEventsRequest.getDefaultInstance())
                                                .next())
                                .getStatus()
                                .getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(master.getStatus(GetStatusRequest.getDefaultInstance()).getPrimary())
                .isEqualTo("m-a");
        assertThat(error(() -> master.planUpgrade(TO_BASE_7)).getStatus().getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    void aBackupAnswersReadsAndNamesThePrimaryForWrites(@TempDir Path other) throws Exception {
        try (ServedMaster backup = new ServedMaster(Scene.B, other).following(primary)) {
            OperatorServiceBlockingStub there = backup.alice();

            assertThat(there.getStatus(GetStatusRequest.getDefaultInstance()).getPrimary())
                    .isEqualTo("m-a");
            assertThat(
                            there.watchEvents(
                                            WatchEventsRequest.newBuilder().setFromIndex(1).build())
                                    .next()
                                    .getType())
                    .isEqualTo("PrimaryTookOffice");
            StatusRuntimeException e = error(() -> there.planUpgrade(TO_BASE_7));
            assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(ServedMaster.info(e).getReason()).isEqualTo("NOT_PRIMARY");
            assertThat(ServedMaster.info(e).getMetadataMap()).containsEntry("primary", "m-a");
        }
    }

    @Test
    void plansStartsPausesResumesAndAborts() {
        String plan = plan();
        assertThat(plan).isEqualTo("p-1");
        start(plan);
        assertThat(status()).isEqualTo(UpgradeStatus.RUNNING);

        var _ = alice.pauseUpgrade(PauseUpgradeRequest.getDefaultInstance());
        assertThat(status()).isEqualTo(UpgradeStatus.PAUSED);
        var _ = alice.resumeUpgrade(ResumeUpgradeRequest.getDefaultInstance());
        assertThat(status()).isEqualTo(UpgradeStatus.RUNNING);
        var _ = alice.abortUpgrade(AbortUpgradeRequest.newBuilder().setReason("enough").build());
        assertThat(status()).isEqualTo(UpgradeStatus.ABORTING);
        assertRefused(
                () -> alice.pauseUpgrade(PauseUpgradeRequest.getDefaultInstance()),
                "upgrade p-1",
                "found it ABORTING");
    }

    private UpgradeStatus status() {
        return primary.controller.state().currentUpgrade().orElseThrow().status();
    }

    @Test
    void aDryRunAnswersTheDocumentAndKeepsNothing() {
        long before = primary.controller.state().index();
        PlanUpgradeResponse dry = alice.planUpgrade(TO_BASE_7.toBuilder().setDryRun(true).build());

        assertThat(dry.getPlanId()).isEmpty();
        assertThat(dry.getDocumentJson()).contains("\"strategy\" : \"CLUSTER\"", "\"steps\"");
        assertThat(primary.controller.state().index()).isEqualTo(before);
        assertThat(alice.planUpgrade(TO_BASE_7).getDocumentJson()).isEqualTo(dry.getDocumentJson());
    }

    @Test
    void plansFromWhatIsObservedAndNotFromTheInventory() {
        SortedMap<NodeId, NodeObservation> fleet = Scene.fleet(Scene.OF_A);
        fleet.replaceAll((node, _) ->
                Scene.observed(
                        node,
                        Scene.OF_A,
                        Scene.facts(
                                node, true, 0, Fixture.installed("base 7.0.0", "site 24.1.0"))));
        primary.agents.fleet = fleet;
        PlanUpgradeResponse nothingToDo = alice.planUpgrade(TO_BASE_7);

        assertThat(nothingToDo.getRefused()).isTrue();
        assertThat(nothingToDo.getDocumentJson()).contains("base 7.0.0");
    }

    @Test
    void refusesToPlanOverNodesItDoesNotKnow() {
        SortedMap<NodeId, NodeObservation> fleet = Scene.fleet(Scene.OF_A);
        fleet.put(EU_1, Scene.gone(EU_1));
        primary.agents.fleet = fleet;
        PlanUpgradeResponse refused = alice.planUpgrade(TO_BASE_7);

        assertThat(refused.getRefused()).isTrue();
        assertThat(refused.getPlanId()).isEmpty();
        assertThat(refused.getDocumentJson())
                .contains("\"refused\"", "\"node eu-1\"", "its agent is not connected");
        assertThat(primary.controller.state().currentUpgrade()).isEmpty();
    }

    @Test
    @Tag("PRE-11")
    void startsNothingWhileTheBackupDoesNotFollow() {
        String plan = plan();
        primary.peers = new TreeMap<>();

        assertRefused(() -> start(plan), "master m-b", "found that it does not");
        assertThat(status()).isEqualTo(UpgradeStatus.PLANNED);
    }

    @Test
    @Tag("PRE-11")
    void startsNothingWhenANodeHasChangedSinceThePlan() {
        String plan = plan();
        SortedMap<NodeId, NodeObservation> fleet = Scene.fleet(Scene.OF_A);
        fleet.put(
                EU_1,
                Scene.observed(
                        EU_1,
                        Scene.OF_A,
                        Scene.facts(
                                EU_1, true, 3, Fixture.installed("base 7.0.0", "site 24.1.0"))));
        primary.agents.fleet = fleet;

        assertRefused(() -> start(plan), "the cluster has changed since it was made", "plan again");
    }

    @Test
    void startsNoOtherThanTheCurrentPlan() {
        plan();
        assertThat(plan()).isEqualTo("p-2");

        assertRefused(() -> start("p-1"), "plan p-1", "is not the current plan");
    }

    @Test
    @Tag("PRE-1")
    void aPlanWithoutABackupIsAuditedWithWhoAskedForIt() {
        var _ = alice.planUpgrade(TO_BASE_7.toBuilder().setWithoutBackup(true).build());
        WatchEventsResponse last = last(events(1));

        assertThat(last.getType()).isEqualTo("UpgradePlanned");
        assertThat(last.getActor()).isEqualTo("alice");
        assertThat(last.getSummary()).contains("WITHOUT A BACKUP as asked by name");
    }

    private static WatchEventsResponse last(List<WatchEventsResponse> events) {
        return events.getLast();
    }

    private List<WatchEventsResponse> events(long from) {
        Iterator<WatchEventsResponse> stream =
                alice.watchEvents(WatchEventsRequest.newBuilder().setFromIndex(from).build());
        List<WatchEventsResponse> all = new java.util.ArrayList<>();
        stream.forEachRemaining(all::add);
        return all;
    }

    @Test
    @Tag("CLU-6")
    void refusesAChangeWhileFrozenTakesAForcedOneAndListsIt() throws Exception {
        start(plan());
        for (Step step :
                primary.controller.state().currentUpgrade().orElseThrow().graph().steps()) {
            primary.decide(new Command.StartStep(Scene.PLAN, step.id(), java.util.Set.of()));
            if (primary.controller.state().configuration().frozenBy() != null) {
                break;
            }
            primary.decide(new Command.CompleteStep(Scene.PLAN, step.id(), List.of()));
            if (primary.controller.state().configuration().frozenBy() != null) {
                break;
            }
        }

        assertRefused(
                () -> alice.setConfiguration(banner("hello").build()),
                "setting site.banner",
                "frozen by plan p-1");
        SetConfigurationResponse forced =
                alice.setConfiguration(banner("hello").setForce(true).build());
        assertThat(forced.getWillBeOverwritten()).isTrue();
        var configuration = alice.getConfiguration(GetConfigurationRequest.getDefaultInstance());
        assertThat(configuration.getFrozenBy()).isEqualTo("p-1");
        assertThat(configuration.getForcedChangesList())
                .singleElement()
                .satisfies(change -> {
                    assertThat(change.getForcedValue()).isEqualTo("hello");
                    assertThat(change.getFrozenValue()).isEmpty();
                    assertThat(change.getActor()).isEqualTo("alice");
                    assertThat(change.hasAt()).isTrue();
                    assertThat(change.getFate()).isEqualTo("PENDING");
                });
    }

    @Test
    void changesAndRemovesSettingsAndShowsThePolicyInForce() {
        SetConfigurationResponse set = alice.setConfiguration(banner("hello").build());
        assertThat(set.getWillBeOverwritten()).isFalse();
        assertThat(set.getRevision()).isEqualTo(1);

        var shown = alice.getConfiguration(GetConfigurationRequest.getDefaultInstance());
        assertThat(shown.getSettingsMap())
                .containsEntry("site.banner", "hello")
                .containsEntry("policy.waves", "2")
                .containsKeys(
                        dev.sluice.control.state.Settings.policyKeys().toArray(String[]::new));

        var _ = alice.setConfiguration(banner("").build());
        assertThat(
                        alice.getConfiguration(GetConfigurationRequest.getDefaultInstance())
                                .getSettingsMap())
                .doesNotContainKey("site.banner");
        assertRefused(
                () ->
                        alice.setConfiguration(
                                SetConfigurationRequest.newBuilder()
                                        .setKey("policy.waves")
                                        .setValue("many")
                                        .build()),
                "setting policy.waves");
    }

    @Test
    @Tag("REL-3")
    void namesWhatIsWrongWithAnArgumentAndChangesNothing() {
        long before = primary.controller.state().index();

        assertInvalid(
                () -> alice.planUpgrade(PlanUpgradeRequest.getDefaultInstance()),
                "target",
                "nothing");
        assertInvalid(
                () ->
                        alice.planUpgrade(
                                PlanUpgradeRequest.newBuilder().putTarget("base", "seven").build()),
                "target base",
                "\"seven\"");
        assertInvalid(
                () -> alice.planUpgrade(TO_BASE_7.toBuilder().setStrategy("luck").build()),
                "strategy",
                "\"luck\"");
        assertInvalid(() -> start("../p"), "plan_id", "\"../p\"");
        assertInvalid(
                () -> alice.confirmStep(ConfirmStepRequest.newBuilder().setStepId("s1").build()),
                "decision",
                "\"0\"");
        assertInvalid(
                () ->
                        alice.setNodeAdmission(
                                SetNodeAdmissionRequest.newBuilder().setNodeId("a\u0007b").build()),
                "node_id",
                "\"a?b\"");
        assertInvalid(
                () ->
                        alice.abortUpgrade(
                                AbortUpgradeRequest.newBuilder()
                                        .setReason("x".repeat(501))
                                        .build()),
                "reason",
                "\"501 characters\"");
        assertRefused(
                () ->
                        alice.setNodeAdmission(
                                SetNodeAdmissionRequest.newBuilder().setNodeId("eu-99").build()),
                "node eu-99",
                "is no traffic node");
        assertThat(primary.controller.state().index()).isEqualTo(before);
    }

    @Test
    void aFaultIsToldByAnIdAndNothingElse() {
        primary.agents.fleet =
                new TreeMap<>() {
                    private static final long serialVersionUID = 1L;

                    @Override
                    public java.util.Set<Map.Entry<NodeId, NodeObservation>> entrySet() {
                        throw new IllegalStateException("secret of the inside");
                    }

                    @Override
                    public int size() {
                        throw new IllegalStateException("secret of the inside");
                    }
                };
        StatusRuntimeException e =
                error(() -> alice.getStatus(GetStatusRequest.getDefaultInstance()));

        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(ServedMaster.info(e).getMetadataMap()).containsKey("error_id");
        assertThat(String.valueOf(e.getStatus().getDescription()))
                .contains(ServedMaster.info(e).getMetadataOrThrow("error_id"))
                .doesNotContain("secret", "IllegalState");
    }

    @Test
    void confirmsOnlyWhatWaitsForAnOperator() throws Exception {
        start(plan());
        Step first = firstStep();
        primary.decide(new Command.StartStep(Scene.PLAN, first.id(), java.util.Set.of()));

        assertRefused(
                () ->
                        alice.confirmStep(
                                ConfirmStepRequest.newBuilder()
                                        .setStepId(first.id().value())
                                        .setDecision(ConfirmStepRequest.Decision.DECISION_CONFIRM)
                                        .build()),
                "expected a CONFIRM step");
        assertRefused(
                () ->
                        alice.confirmStep(
                                ConfirmStepRequest.newBuilder()
                                        .setStepId(first.id().value())
                                        .setDecision(ConfirmStepRequest.Decision.DECISION_CUT)
                                        .build()),
                "expected a DRAIN step");
    }

    @Test
    void anOperatorTakesANodeOutAndGivesItBack() {
        var _ =
                alice.setNodeAdmission(
                        SetNodeAdmissionRequest.newBuilder().setNodeId("eu-1").build());
        assertThat(primary.controller.state().operatorClosed()).containsExactly(EU_1);
        var _ =
                alice.setNodeAdmission(
                        SetNodeAdmissionRequest.newBuilder()
                                .setNodeId("eu-1")
                                .setAccepting(true)
                                .build());
        assertThat(primary.controller.state().operatorClosed()).isEmpty();
    }

    // Packages.

    @Test
    @Tag("PKG-4")
    void anOperatorHasAPackageDistributedAndEndsThat() {
        PackageRef base =
                PackageRef.newBuilder()
                        .setName(Scene.base().ref().name().value())
                        .setVersion(Scene.base().ref().version().toString())
                        .build();
        PackageStatus status =
                alice.distributePackage(
                                DistributePackageRequest.newBuilder().setPackage(base).build())
                        .getPackage();
        assertThat(status.getDistributed()).isTrue();
        assertThat(status.getNodesSuited()).isPositive();

        assertThat(
                        alice.distributePackage(
                                        DistributePackageRequest.newBuilder()
                                                .setPackage(base)
                                                .setStop(true)
                                                .build())
                                .getPackage()
                                .getDistributed())
                .isFalse();
    }

    @Test
    @Tag("PKG-4")
    void aPackageIsRemovedUnlessItIsNeededAndTheJournalSaysByWhom() {
        PackageRef base =
                PackageRef.newBuilder()
                        .setName(Scene.base().ref().name().value())
                        .setVersion(Scene.base().ref().version().toString())
                        .build();
        RemovePackageRequest remove = RemovePackageRequest.newBuilder().setPackage(base).build();
        var _ =
                alice.distributePackage(
                        DistributePackageRequest.newBuilder().setPackage(base).build());

        assertThatThrownBy(() -> alice.removePackage(remove))
                .hasMessageContaining("package base 7.0.0: is needed: it is distributed")
                .hasMessageContaining("packages distribute --stop");

        var _ =
                alice.distributePackage(
                        DistributePackageRequest.newBuilder()
                                .setPackage(base)
                                .setStop(true)
                                .build());
        assertThat(alice.removePackage(remove).getSizeBytes())
                .isEqualTo(Scene.base().descriptor().sizeBytes());
        assertThat(primary.controller.state().packages()).isEmpty();
        assertThatThrownBy(() -> alice.removePackage(remove))
                .hasMessageContaining("is not imported");
    }

    @Test
    void listsPackagesWithWhatTheClusterIsWithThem() {
        assertThat(alice.listPackages(ListPackagesRequest.getDefaultInstance()).getPackagesList())
                .singleElement()
                .satisfies(pkg -> {
                    assertThat(pkg.getPackage().getVersion()).isEqualTo("7.0.0");
                    assertThat(pkg.getAvailability()).isEqualTo("INSTALLABLE");
                    assertThat(pkg.getRequiresList()).containsExactly("base >=6.1.0");
                    assertThat(pkg.getNodesInstalled()).isZero();
                    assertThat(pkg.getSigner()).isEqualTo("CN=Releases");
                });
    }

    @Test
    void handsAnUploadToTheDepotByteForByteAndSaysWhenItIsKnown() throws Exception {
        CompletableFuture<String> stored = new CompletableFuture<>();
        primary.depot =
                content -> {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    content.transferTo(bytes);
                    stored.complete(bytes.toString(StandardCharsets.US_ASCII));
                    return new ImportResult.Imported(Scene.base());
                };
        ImportPackageResponse response = upload(name("base.sluice"), data("ab"), data("c"));

        assertThat(stored).isCompletedWithValue("abc");
        assertThat(response.getKnown()).isTrue();
        assertThat(response.getPackage().getPackage().getName()).isEqualTo("base");
        assertThat(response.getPackage().getContentSha256()).isEqualTo(Scene.SHA);
    }

    @Test
    @Tag("PKG-3")
    void tellsWhyTheDepotRefusesAnUploadAndRecordsNothing() {
        long before = primary.controller.state().index();
        primary.depot = _ -> new ImportResult.Refused(new Refusal("package", "is not signed"));

        assertRefused(() -> upload(name("bad.sluice"), data("x")), "package: is not signed");
        assertThat(primary.controller.state().index()).isEqualTo(before);
    }

    @Test
    @Tag("REL-3")
    void refusesAnUploadWithoutANameAndPartsThatAreTooLarge() {
        assertInvalid(() -> upload(data("x")), "part", "\"data\"");
        assertInvalid(() -> upload(), "part", "nothing");
        assertInvalid(() -> upload(name("n".repeat(256))), "file_name", "\"256 characters\"");
        primary.depot =
                content -> {
                    content.transferTo(java.io.OutputStream.nullOutputStream());
                    throw new AssertionError("the upload has no end");
                };
        assertInvalid(
                () ->
                        upload(
                                name("large"),
                                ImportPackageRequest.newBuilder()
                                        .setData(
                                                ByteString.copyFrom(
                                                        new byte[PackageUpload.MAX_PART_BYTES + 1]))
                                        .build()),
                "data",
                "\"262145 bytes\"");
    }

    @Test
    void aBrokenUploadEndsTheImport() throws Exception {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        CompletableFuture<Void> began = new CompletableFuture<>();
        primary.depot =
                content -> {
                    try {
                        var _ = content.read();
                        began.complete(null);
                        content.transferTo(java.io.OutputStream.nullOutputStream());
                        throw new AssertionError("the upload has no end");
                    } catch (java.io.IOException e) {
                        ended.complete(e);
                        throw e;
                    }
                };
        StreamObserver<ImportPackageRequest> upload =
                OperatorServiceGrpc.newStub(primary.channel(PeerName.operator("alice")))
                        .importPackage(new Answer(new CompletableFuture<>()));
        upload.onNext(name("base.sluice"));
        upload.onNext(data("x"));
        began.get(30, TimeUnit.SECONDS);
        upload.onError(Status.CANCELLED.asRuntimeException());

        assertThat(ended.get(30, TimeUnit.SECONDS)).isInstanceOf(java.io.IOException.class);
    }

    private static ImportPackageRequest name(String name) {
        return ImportPackageRequest.newBuilder().setFileName(name).build();
    }

    private static ImportPackageRequest data(String text) {
        return ImportPackageRequest.newBuilder().setData(ByteString.copyFromUtf8(text)).build();
    }

    private ImportPackageResponse upload(ImportPackageRequest... parts) throws Exception {
        CompletableFuture<ImportPackageResponse> answer = new CompletableFuture<>();
        StreamObserver<ImportPackageRequest> upload =
                OperatorServiceGrpc.newStub(alice.getChannel()).importPackage(new Answer(answer));
        for (ImportPackageRequest part : parts) {
            upload.onNext(part);
        }
        upload.onCompleted();
        try {
            return answer.orTimeout(30, TimeUnit.SECONDS).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof StatusRuntimeException status) {
                throw status;
            }
            throw e;
        }
    }

    private record Answer(CompletableFuture<ImportPackageResponse> answer)
            implements StreamObserver<ImportPackageResponse> {
        @Override
        public void onNext(ImportPackageResponse response) {
            answer.complete(response);
        }

        @Override
        public void onError(Throwable failure) {
            answer.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {}
    }

    // Watching.

    @Test
    @Tag("OPS-1")
    void watchesAnUpgradeToItsEnd() {
        var plan = plan();
        Iterator<WatchUpgradeResponse> watch =
                alice.watchUpgrade(WatchUpgradeRequest.getDefaultInstance());
        assertThat(watch.next().getSummary().getState())
                .isEqualTo(UpgradeState.UPGRADE_STATE_PLANNED);

        start(plan);
        awaitState(watch, UpgradeState.UPGRADE_STATE_RUNNING);
        var _ = alice.pauseUpgrade(PauseUpgradeRequest.getDefaultInstance());
        awaitState(watch, UpgradeState.UPGRADE_STATE_PAUSED);
        var _ = alice.abortUpgrade(AbortUpgradeRequest.getDefaultInstance());
        awaitState(watch, UpgradeState.UPGRADE_STATE_ABORTING);
        var _ = primary.controller.submit(new Command.FinishAbort(Scene.PLAN, List.of()));
        awaitState(watch, UpgradeState.UPGRADE_STATE_ABORTED);
        assertThat(watch.hasNext()).isFalse();
    }

    private static void awaitState(Iterator<WatchUpgradeResponse> watch, UpgradeState state) {
        WatchUpgradeResponse update = watch.next();
        while (update.getSummary().getState() != state) {
            update = watch.next();
        }
    }

    @Test
    void readsRecordedEventsFromAnIndexOn() {
        plan();

        assertThat(events(0))
                .extracting(WatchEventsResponse::getType)
                .containsExactly(
                        "PrimaryTookOffice", "ClusterFounded", "PackageImported", "UpgradePlanned");
        assertThat(events(3)).extracting(WatchEventsResponse::getIndex).containsExactly(3L, 4L);
        assertThat(events(5)).isEmpty();
    }

    @Test
    void followsNewEventsWithWhatTheyAreAbout() throws Exception {
        String plan = plan();
        Iterator<WatchEventsResponse> stream =
                alice.watchEvents(
                        WatchEventsRequest.newBuilder().setFromIndex(5).setFollow(true).build());
        start(plan);
        assertThat(stream.next().getType()).isEqualTo("UpgradeStarted");

        Step first = firstStep();
        primary.decide(new Command.StartStep(Scene.PLAN, first.id(), java.util.Set.of()));
        WatchEventsResponse started = stream.next();
        assertThat(started.getIndex()).isEqualTo(6);
        assertThat(started.getStepKind()).isEqualTo(first.kind().name());
        assertThat(started.getNode()).isEqualTo(first.node().value());
        assertThat(started.getPhase()).isEqualTo("PREPARE");
    }
}
