package dev.sluice.control.fleet;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.sluice.control.codec.SuccessionMapping;
import dev.sluice.control.codec.WitnessWire;
import dev.sluice.control.executor.AgentCommand;
import dev.sluice.control.executor.AgentCommand.AgentWork;
import dev.sluice.control.executor.KeepOrder;
import dev.sluice.control.failover.WitnessRequest;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.records.SpoolId;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.SignedPromotion;
import dev.sluice.v1.ChannelFiles;
import dev.sluice.v1.ChannelVersions;
import dev.sluice.v1.Command;
import dev.sluice.v1.ContentPatch;
import dev.sluice.v1.CutSessions;
import dev.sluice.v1.Fence;
import dev.sluice.v1.HoldAddress;
import dev.sluice.v1.InstallPackage;
import dev.sluice.v1.KeepPackages;
import dev.sluice.v1.KeptPackage;
import dev.sluice.v1.LeaseRenewal;
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.PackageRef;
import dev.sluice.v1.PushConfiguration;
import dev.sluice.v1.SessionRecordAck;
import dev.sluice.v1.SessionResponse;
import dev.sluice.v1.SetAdmission;
import dev.sluice.v1.StagePackage;
import dev.sluice.v1.VerifyNode;
import java.time.Duration;
import java.util.Optional;

/** Turns what agents are told into wire messages. */
final class CommandWriter {

    private CommandWriter() {}

    static SessionResponse command(AgentCommand command) {
        Command.Builder wire =
                Command.newBuilder()
                        .setCommandId(command.id())
                        .setBallot(ballot(command.ballot()))
                        .setPlanId(command.plan())
                        .setStepId(command.step())
                        .setAttempt(command.attempt());
        work(wire, command.work());
        return SessionResponse.newBuilder().setCommand(wire).build();
    }

    private static void work(Command.Builder wire, AgentWork work) {
        switch (work) {
            case AgentWork.Stage stage -> wire.setStage(stage(stage));
            case AgentWork.Install install ->
                    wire.setInstall(
                            InstallPackage.newBuilder()
                                    .setPackage(
                                            PackageRef.newBuilder()
                                                    .setName(install.pkg().name().value())
                                                    .setVersion(install.pkg().version().toString()))
                                    .setContentSha256(install.contentSha256())
                                    .setCutClients(install.cutClients()));
            case AgentWork.SetAdmission(boolean accepting) ->
                    wire.setSetAdmission(SetAdmission.newBuilder().setAccepting(accepting));
            case AgentWork.CutSessions() -> wire.setCutSessions(CutSessions.getDefaultInstance());
            case AgentWork.Verify verify -> {
                VerifyNode.Builder node =
                        VerifyNode.newBuilder()
                                .setSession(verify.session())
                                .setScript(verify.script().orElse(""));
                verify.expected()
                        .forEach((name, version) ->
                                node.putExpected(name.value(), version.toString()));
                wire.setVerify(node);
            }
            case AgentWork.HoldAddress(String address, Duration lease) ->
                    wire.setHoldAddress(
                            HoldAddress.newBuilder()
                                    .setAddress(address)
                                    .setLeaseMillis(millis(lease)));
            case AgentWork.PushConfiguration push ->
                    wire.setPushConfiguration(
                            PushConfiguration.newBuilder()
                                    .setRevision(push.revision())
                                    .putAllSettings(push.settings()));
        }
    }

    private static StagePackage stage(AgentWork.Stage stage) {
        StagePackage.Builder wire =
                StagePackage.newBuilder()
                        .setManifest(bytes(stage.manifest()))
                        .setSignature(bytes(stage.signature()))
                        .setMaxBytesPerSecond(stage.maxBytesPerSecond());
        stage.sources().forEach(source -> wire.addSources(location(source)));
        stage.secondHalf().forEach(source -> wire.addSecondHalfSources(location(source)));
        stage.patch()
                .ifPresent(by -> {
                    ContentPatch.Builder patch =
                            ContentPatch.newBuilder()
                                    .setBaseSha256(by.patch().baseSha256())
                                    .setSha256(by.patch().sha256())
                                    .setSize(by.patch().sizeBytes())
                                    .setMerkleRoot(by.patch().merkleRoot());
                    by.sources().forEach(source -> patch.addSources(location(source)));
                    by.secondHalf().forEach(source -> patch.addSecondHalfSources(location(source)));
                    wire.setPatch(patch);
                });
        for (var channel : stage.channels()) {
            wire.addChannels(
                    ChannelVersions.newBuilder()
                            .setName(channel.channel())
                            .setRoot(channel.root())
                            .setTargets(channel.targets()));
        }
        stage.copies().forEach(copy -> wire.addChannelFiles(files(copy)));
        return wire.build();
    }

    /** Not copied: the same bytes may wait for many nodes. */
    private static ByteString bytes(Blob blob) {
        return blob.read(UnsafeByteOperations::unsafeWrap);
    }

    private static ChannelFiles files(ChannelCopy copy) {
        ChannelFiles.Builder files = ChannelFiles.newBuilder();
        files.setChannel(copy.versions().channel());
        copy.files()
                .forEach((name, content) ->
                        files.addFilesBuilder().setName(name).setContent(bytes(content)));
        return files.build();
    }

    private static PackageLocation location(AgentCommand.Location source) {
        return PackageLocation.newBuilder()
                .setNodeId(source.node())
                .setAddress(source.address())
                .setTransferAddress(source.transferAddress())
                .setLinkBytesPerSecond(source.linkBytesPerSecond())
                .build();
    }

    static SessionResponse keep(Ballot ballot, KeepOrder order) {
        KeepPackages.Builder wire =
                KeepPackages.newBuilder()
                        .setBallot(ballot(ballot))
                        .setRevision(order.revision())
                        .setDigest(order.digest());
        for (KeepOrder.Kept kept : order.packages()) {
            wire.addPackages(
                    KeptPackage.newBuilder()
                            .setPackage(
                                    PackageRef.newBuilder()
                                            .setName(kept.ref().name().value())
                                            .setVersion(kept.ref().version().toString()))
                            .setContentSha256(kept.contentSha256()));
        }
        return SessionResponse.newBuilder().setKeep(wire).build();
    }

    /** Everything of a spool up to the sequence is durable here. */
    static SessionResponse recordAck(SpoolId spool, long sequence) {
        return SessionResponse.newBuilder()
                .setRecords(
                        SessionRecordAck.newBuilder()
                                .setStoreId(spool.store().value())
                                .setSequence(sequence))
                .build();
    }

    static SessionResponse fence(Ballot ballot, Optional<SignedPromotion> promotion) {
        Fence.Builder fence = Fence.newBuilder().setBallot(ballot(ballot));
        promotion.ifPresent(signed -> fence.setPromotion(SuccessionMapping.encode(signed)));
        return SessionResponse.newBuilder().setFence(fence).build();
    }

    static SessionResponse lease(Ballot ballot, Duration lease) {
        return SessionResponse.newBuilder()
                .setLease(
                        LeaseRenewal.newBuilder()
                                .setBallot(ballot(ballot))
                                .setLeaseMillis(millis(lease)))
                .build();
    }

    /** Only what makes a witness keep a ballot carries what was signed for its generation. */
    static SessionResponse witness(
            long requestId, WitnessRequest request, Optional<SignedPromotion> promotion) {
        dev.sluice.v1.WitnessRequest.Builder wire =
                WitnessWire.encode(requestId, request).toBuilder();
        if (request instanceof WitnessRequest.Prepare || request instanceof WitnessRequest.Accept) {
            promotion.ifPresent(signed -> wire.setPromotion(SuccessionMapping.encode(signed)));
        }
        return SessionResponse.newBuilder().setWitness(wire).build();
    }

    static dev.sluice.v1.Ballot ballot(Ballot ballot) {
        return dev.sluice.v1.Ballot.newBuilder()
                .setGeneration(ballot.generation())
                .setCounter(ballot.counter())
                .setMasterId(ballot.master().value())
                .setIncarnation(ballot.incarnation())
                .build();
    }

    /** A lease on the wire; never longer than it was granted. */
    private static int millis(Duration lease) {
        return Math.clamp(lease.toMillis(), 0, Integer.MAX_VALUE);
    }
}
