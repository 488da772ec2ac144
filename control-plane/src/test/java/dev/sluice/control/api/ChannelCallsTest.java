package dev.sluice.control.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import dev.sluice.control.channel.ChannelAccess;
import dev.sluice.control.channel.HttpChannel;
import dev.sluice.control.channel.TestChannel;
import dev.sluice.control.channel.WebServer;
import dev.sluice.control.config.InventoryFile;
import dev.sluice.control.depot.Depot;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ChannelVersions;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.UpgradeStatus;
import dev.sluice.trust.channel.Bundle;
import dev.sluice.trust.channel.ChannelClient;
import dev.sluice.trust.channel.ChannelName;
import dev.sluice.trust.channel.ChannelOutcome;
import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.channel.DeviceKey;
import dev.sluice.trust.channel.InMemorySource;
import dev.sluice.trust.channel.SeenVersions;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageBuilder;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageSigner;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.RolePayload;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.AcceptEulaRequest;
import dev.sluice.v1.ChannelOffer;
import dev.sluice.v1.CheckChannelRequest;
import dev.sluice.v1.CheckChannelResponse;
import dev.sluice.v1.GetDeviceKeyRequest;
import dev.sluice.v1.GetEulaRequest;
import dev.sluice.v1.ImportFromChannelRequest;
import dev.sluice.v1.ImportFromChannelResponse;
import dev.sluice.v1.ImportPackageRequest;
import dev.sluice.v1.ImportPackageResponse;
import dev.sluice.v1.OperatorServiceGrpc;
import dev.sluice.v1.OperatorServiceGrpc.OperatorServiceBlockingStub;
import dev.sluice.v1.PlanUpgradeRequest;
import dev.sluice.v1.PlanUpgradeResponse;
import dev.sluice.v1.ResumeUpgradeRequest;
import dev.sluice.v1.StartUpgradeRequest;
import dev.sluice.v1.WatchEventsRequest;
import dev.sluice.v1.WatchEventsResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A master with a channel on a web server: real packages, real keys, a real journal. */
final class ChannelCallsTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final String TERMS = "You may use this.\n";

    @TempDir private Path directory;
    private final PackageSigningKey signer =
            PackageSigningKey.create("Acme releases", Duration.ofDays(365), () -> NOW);
    private final TestChannel channel = new TestChannel(NOW);
    private WebServer web;
    private ServedMaster master;
    private OperatorServiceBlockingStub alice;

    @BeforeEach
    void setUp() throws Exception {
        web = new WebServer(directory);
        master =
                new ServedMaster(
                        Scene.A,
                        directory.resolve("journal"),
                        Optional.of(
                                new ChannelAccess(
                                        channel.root(),
                                        Optional.of(
                                                new HttpChannel.Address(
                                                        web.url(),
                                                        Optional.of(web.ca()),
                                                        Optional.empty())),
                                        directory.resolve("spool"))));
        master.now = NOW;
        Depot depot =
                Depot.open(
                        directory.resolve("depot"),
                        TrustedSigners.of(signer.certificate()),
                        () -> NOW,
                        1 << 20);
        master.depot = depot::importPackage;
        alice = master.inOffice().alice();
    }

    @AfterEach
    void tearDown() {
        master.close();
        web.close();
    }

    private Path site(String version, int counter, String oldest, String terms) throws IOException {
        ManifestDraft draft =
                new ManifestDraft(
                        new dev.sluice.trust.packages.PackageName("site"),
                        PackageKind.SITE,
                        new PackageVersion(version),
                        counter,
                        List.of(),
                        oldest.isEmpty() ? null : new PackageVersion(oldest),
                        List.of(),
                        false,
                        false,
                        null,
                        terms.isEmpty() ? null : terms,
                        Installation.Roles.of(
                                Map.of(
                                        Role.TRAFFIC,
                                        new RolePayload(new PayloadPath("traffic"), List.of()),
                                        Role.MASTER,
                                        new RolePayload(new PayloadPath("traffic"), List.of()))));
        Path payload = Files.createTempDirectory(directory, "payload-");
        Files.createDirectory(payload.resolve("traffic"));
        Files.writeString(payload.resolve("traffic/version"), version);
        Path file = directory.resolve("site-" + version + ".sluice");
        var _ = PackageBuilder.build(draft, payload, new PackageSigner(signer, () -> NOW), file);
        return file;
    }

    private static PackageRef ref(String version) {
        return new PackageRef(new PackageName("site"), Version.parse(version));
    }

    private static ImportFromChannelRequest wanted(String version) {
        return ImportFromChannelRequest.newBuilder()
                .setPackage(WireValues.of(ref(version)))
                .build();
    }

    private CheckChannelResponse check() {
        return alice.checkChannel(CheckChannelRequest.getDefaultInstance());
    }

    private static String refusal(ThrowingCallable call) {
        StatusRuntimeException e = catchThrowableOfType(StatusRuntimeException.class, call);
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        return String.valueOf(e.getStatus().getDescription());
    }

    private ChannelVersions seen() {
        return master.controller.state().supply().channel("stable").orElseThrow();
    }

    @Test
    @Tag("PKG-1")
    @Tag("PRE-3")
    void aCheckTellsWhatCanBeInstalledNowAndWhatBlocksTheOthers() throws Exception {
        channel.publish(1, site("24.2.0", 1, "", ""));
        channel.publish(2, site("25.1.0", 2, "24.2.0", ""));
        channel.serve(web);

        CheckChannelResponse response = check();

        assertThat(response.getChannel()).isEqualTo("stable");
        assertThat(response.getOffersList())
                .extracting(o -> o.getPackage().getVersion(), ChannelOffer::getAvailability)
                .containsExactly(tuple("24.2.0", "INSTALLABLE"), tuple("25.1.0", "BLOCKED"));
        assertThat(response.getOffers(1).getBlockedBy()).endsWith("enabled by site 24.2.0");
        assertThat(seen()).isEqualTo(new ChannelVersions("stable", 1, 2, 2, 2));
    }

    @Test
    @Tag("PKG-3")
    void whatWasReadIsKeptForTheNodesToVerify() throws Exception {
        channel.publish(1, site("24.2.0", 1, "", ""));
        channel.serve(web);
        var _ = check();
        long index = master.controller.state().index();
        var _ = check();
        assertThat(master.controller.state().index()).as("nothing is new").isEqualTo(index);
        channel.publish(2, site("25.1.0", 2, "24.2.0", ""));
        channel.serve(web);
        var _ = check();

        ChannelCopy copy = master.controller.state().supply().copy("stable").orElseThrow();
        assertThat(ChannelCopy.MAX_BYTES)
                .as("what is kept is what nodes take")
                .isEqualTo(InMemorySource.MAX_BYTES);
        assertThat(ChannelCopy.MAX_FILES).isEqualTo(InMemorySource.MAX_FILES);

        assertThat(copy.versions()).isEqualTo(seen());
        SortedMap<String, byte[]> files = new TreeMap<>();
        copy.files().forEach((name, content) -> files.put(name, content.toArray()));
        assertThat(ChannelClient.timeless(channel.root()).read(new InMemorySource(files, "a copy")))
                .isInstanceOfSatisfying(
                        ChannelOutcome.Current.class,
                        current -> assertThat(current.channel().packages()).hasSize(2));
    }

    @Test
    @Tag("PKG-1")
    @Tag("PRE-3")
    void anImportFromTheChannelBringsTheSteppingStonesBeforeThePackage() throws Exception {
        channel.publish(1, site("24.2.0", 1, "", ""));
        channel.publish(2, site("25.1.0", 2, "24.2.0", ""));
        channel.publish(3, site("25.2.0", 3, "24.2.0", ""));
        channel.serve(web);
        List<String> steps = new ArrayList<>();

        alice.importFromChannel(wanted("25.1.0"))
                .forEachRemaining(
                        step -> steps.add(step.getState() + " " + step.getPackage().getVersion()));

        assertThat(steps)
                .containsExactly(
                        "DOWNLOADING 24.2.0",
                        "IMPORTED 24.2.0",
                        "DOWNLOADING 25.1.0",
                        "IMPORTED 25.1.0");
        assertThat(master.controller.state().packages())
                .containsKeys(ref("24.2.0"), ref("25.1.0"))
                .doesNotContainKey(ref("25.2.0"));
        assertThat(directory.resolve("spool")).isEmptyDirectory();
    }

    @Test
    @Tag("PKG-3")
    void anOldStateOfTheChannelIsRefusedByAMasterThatTookOverToo() throws Exception {
        channel.publish(1, site("24.2.0", 1, "", ""));
        TestChannel old = channel;
        var before = new TreeMap<>(old.metadata);
        channel.publish(2, site("25.1.0", 2, "", ""));
        channel.serve(web);
        var _ = check();
        before.forEach((name, bytes) -> web.file("/channel/" + name, bytes));

        assertThat(refusal(this::check)).contains("version 1 is older than 2, which was seen");
    }

    @Test
    @Tag("PKG-1")
    @Tag("PKG-3")
    void anotherFileUnderThePackagesNameChangesNothing() throws Exception {
        ChannelPackage pkg = channel.publish(1, site("24.2.0", 1, "", ""));
        channel.serve(web);
        web.file(
                "/channel/" + pkg.path(),
                "<html>sign in</html>".getBytes(StandardCharsets.US_ASCII));

        assertThat(
                        refusal(() ->
                                alice.importFromChannel(wanted("24.2.0"))
                                        .forEachRemaining(ChannelCallsTest::ignore)))
                .contains("the server has another file there");
        assertThat(master.controller.state().packages()).doesNotContainKey(ref("24.2.0"));
    }

    private static void ignore(ImportFromChannelResponse step) {
        assertThat(step.getState()).isEqualTo("DOWNLOADING");
    }

    @Test
    @Tag("PKG-1")
    void whatTheChannelDoesNotOfferIsRefused() throws Exception {
        channel.publish(1, site("24.2.0", 1, "", ""));
        channel.serve(web);

        assertThat(refusal(() -> alice.importFromChannel(wanted("29.0.0")).hasNext()))
                .contains("package site 29.0.0", "is not offered by channel stable");
    }

    @Test
    @Tag("PKG-2")
    @Tag("PRE-11")
    void aWrongClockIsNamedWithItsSource() throws Exception {
        channel.publish(1, site("24.2.0", 1, "", ""));
        channel.serve(web);
        master.now = NOW.minus(Duration.ofHours(3));

        assertThat(refusal(this::check))
                .contains("the clock is behind by at least PT3H", "time source: none found");

        master.now = NOW.plus(Duration.ofDays(8));
        assertThat(refusal(this::check)).contains("expired at", "time source: none found");
    }

    private ImportPackageResponse upload(Path file) throws Exception {
        CompletableFuture<ImportPackageResponse> answer = new CompletableFuture<>();
        StreamObserver<ImportPackageRequest> call =
                OperatorServiceGrpc.newStub(master.channel(PeerName.operator("alice")))
                        .importPackage(
                                new StreamObserver<>() {
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
                                });
        call.onNext(ImportPackageRequest.newBuilder().setFileName("file").build());
        try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(file))) {
            for (byte[] part = in.readNBytes(1 << 17);
                    part.length > 0;
                    part = in.readNBytes(1 << 17)) {
                call.onNext(
                        ImportPackageRequest.newBuilder()
                                .setData(ByteString.copyFrom(part))
                                .build());
            }
        }
        call.onCompleted();
        try {
            return answer.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof StatusRuntimeException status ? status : e;
        }
    }

    private Path bundle(Instant created, ChannelPackage... packages) throws IOException {
        Path file = directory.resolve("bundle");
        List<String> paths = new ArrayList<>();
        var files = new TreeMap<String, Path>();
        for (ChannelPackage pkg : packages) {
            paths.add(pkg.path());
            files.put(pkg.path(), channel.files.getOrDefault(pkg.path(), Path.of("")));
        }
        Bundle.write(
                file,
                new Bundle.Index(new ChannelName("stable"), created, paths),
                channel.metadata,
                files);
        return file;
    }

    @Test
    @Tag("PKG-2")
    void aBundleIsTakenApartWithAllTheChecksOfAChannel() throws Exception {
        ChannelPackage first = channel.publish(1, site("24.2.0", 1, "", ""));
        ChannelPackage second = channel.publish(2, site("25.1.0", 2, "24.2.0", ""));

        ImportPackageResponse response = upload(bundle(NOW, first, second));

        assertThat(response.getBundleList())
                .extracting(status -> status.getPackage().getVersion())
                .containsExactly("24.2.0", "25.1.0");
        assertThat(master.controller.state().packages()).containsKeys(ref("24.2.0"), ref("25.1.0"));
        assertThat(seen().targets()).isEqualTo(2);
        assertThat(web.requests).isEmpty();
        assertThat(directory.resolve("spool")).isEmptyDirectory();
    }

    @Test
    @Tag("PKG-2")
    @Tag("PKG-3")
    void aBundleOfAnotherChannelOrWithAnotherPackageIsRefusedAndLeavesNothing() throws Exception {
        ChannelPackage first = channel.publish(1, site("24.2.0", 1, "", ""));
        channel.files.put(first.path(), site("24.3.0", 2, "", ""));
        Path swapped = bundle(NOW, first);
        assertThat(refusal(() -> upload(swapped))).contains("expected a file with sha256");

        TestChannel stranger = new TestChannel(NOW);
        stranger.publish(1, site("24.4.0", 3, "", ""));
        channel.metadata.putAll(stranger.metadata);
        Path foreign = bundle(NOW);
        assertThat(refusal(() -> upload(foreign))).contains("which is not one for this");

        assertThat(master.controller.state().packages()).hasSize(1);
        assertThat(directory.resolve("spool")).isEmptyDirectory();
    }

    @Test
    @Tag("PKG-2")
    @Tag("PRE-11")
    void aClockBehindTheBundleIsNamedBeforeAnySignature() throws Exception {
        ChannelPackage first = channel.publish(1, site("24.2.0", 1, "", ""));
        Path late = bundle(NOW.plus(Duration.ofDays(1)), first);

        assertThat(refusal(() -> upload(late)))
                .contains(
                        "but the bundle was made at",
                        "the clock is behind by at least PT24H",
                        "time source: none found");
    }

    @Test
    @Tag("PKG-2")
    void theDeviceKeyHasTheClustersInventoryAndWhatItHasSeen() throws Exception {
        channel.publish(1, site("24.2.0", 1, "", ""));
        channel.serve(web);
        var _ = check();

        DeviceKey key =
                DeviceKey.parse(
                        alice.getDeviceKey(GetDeviceKeyRequest.getDefaultInstance())
                                .getDeviceKey()
                                .toByteArray());

        assertThat(key.time()).isEqualTo(NOW);
        assertThat(key.seen()).contains(new SeenVersions(new ChannelName("stable"), 1, 1, 1, 1));
        assertThat(InventoryFile.parse("device key", key.inventory()).topology().nodes())
                .extracting(node -> node.id().value())
                .contains("eu-1", "us-2");
        assertThat(key.certificate().getSubjectX500Principal().getName()).contains("m-a");
    }

    @Test
    @Tag("PKG-6")
    void anUpgradeDoesNotGoOnWithoutLicenceTermsEither() throws Exception {
        var _ = upload(site("24.2.0", 1, "", TERMS));
        String plan = planned("24.2.0");
        // As a release would have started it that did not ask for the terms.
        master.decide(new Command.StartUpgrade(new PlanId(plan), Scene.ALICE));
        master.decide(new Command.PauseUpgrade(Scene.ALICE));
        var pkg = WireValues.of(ref("24.2.0"));
        String hash =
                alice.getEula(GetEulaRequest.newBuilder().setPackage(pkg).build()).getSha256();

        assertThat(refusal(() -> alice.resumeUpgrade(ResumeUpgradeRequest.getDefaultInstance())))
                .contains("upgrade " + plan + ": can't go on", "licence terms", hash);

        var _ =
                alice.acceptEula(
                        AcceptEulaRequest.newBuilder().setPackage(pkg).setSha256(hash).build());
        var _ = alice.resumeUpgrade(ResumeUpgradeRequest.getDefaultInstance());
        assertThat(master.controller.state().currentUpgrade().orElseThrow().status())
                .isEqualTo(UpgradeStatus.RUNNING);
    }

    private String planned(String version) throws Exception {
        PlanUpgradeResponse planned =
                alice.planUpgrade(
                        PlanUpgradeRequest.newBuilder().putTarget("site", version).build());
        assertThat(planned.getRefused()).as(planned.getDocumentJson()).isFalse();
        return planned.getPlanId();
    }

    @Test
    @Tag("PKG-6")
    void anUpgradeDoesNotStartBeforeItsLicenceTermsAreAcceptedOnRecord() throws Exception {
        var _ = upload(site("24.2.0", 1, "", TERMS));
        String plan = planned("24.2.0");
        StartUpgradeRequest start = StartUpgradeRequest.newBuilder().setPlanId(plan).build();
        var pkg = WireValues.of(ref("24.2.0"));
        var terms = alice.getEula(GetEulaRequest.newBuilder().setPackage(pkg).build());
        assertThat(terms.getText()).isEqualTo(TERMS);

        assertThat(refusal(() -> alice.startUpgrade(start)))
                .contains(
                        "licence terms", terms.getSha256(), "'sluice packages accept site 24.2.0'");
        assertThat(
                        catchThrowableOfType(
                                        StatusRuntimeException.class,
                                        () ->
                                                alice.acceptEula(
                                                        AcceptEulaRequest.newBuilder()
                                                                .setPackage(pkg)
                                                                .setSha256("ab".repeat(32))
                                                                .build()))
                                .getStatus()
                                .getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT);

        AcceptEulaRequest accept =
                AcceptEulaRequest.newBuilder().setPackage(pkg).setSha256(terms.getSha256()).build();
        assertThat(alice.acceptEula(accept).getKnown()).isFalse();
        assertThat(alice.acceptEula(accept).getKnown()).as("once").isTrue();

        var _ = alice.startUpgrade(start);
        var events = alice.watchEvents(WatchEventsRequest.newBuilder().setFromIndex(1).build());
        WatchEventsResponse accepted = events.next();
        while (!accepted.getType().equals("EulaAccepted")) {
            accepted = events.next();
        }
        assertThat(accepted.getActor()).isEqualTo("alice");
        assertThat(accepted.getSummary())
                .isEqualTo(
                        "licence terms of package site 24.2.0 accepted from 127.0.0.1, text sha256 "
                                + terms.getSha256());
    }

    @Test
    @Tag("PKG-6")
    void theSameTermsOfALaterVersionNeedNoSecondAcceptance() throws Exception {
        var _ = upload(site("24.2.0", 1, "", TERMS));
        var _ = upload(site("24.3.0", 2, "", TERMS));
        var first = WireValues.of(ref("24.2.0"));
        String hash =
                alice.getEula(GetEulaRequest.newBuilder().setPackage(first).build()).getSha256();
        master.decide(new Command.AcceptEula(ref("24.2.0"), hash, "192.0.2.1", Scene.ALICE));

        assertThat(
                        alice.getEula(
                                        GetEulaRequest.newBuilder()
                                                .setPackage(WireValues.of(ref("24.3.0")))
                                                .build())
                                .getAccepted())
                .isTrue();
    }
}
