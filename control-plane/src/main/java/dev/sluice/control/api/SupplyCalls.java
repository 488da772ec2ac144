package dev.sluice.control.api;

import com.google.protobuf.ByteString;
import dev.sluice.control.channel.ChannelAccess;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Version;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.trust.channel.ChannelClient;
import dev.sluice.trust.channel.DeviceKey;
import dev.sluice.trust.channel.SeenVersions;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.v1.AcceptEulaRequest;
import dev.sluice.v1.AcceptEulaResponse;
import dev.sluice.v1.GetDeviceKeyResponse;
import dev.sluice.v1.GetEulaRequest;
import dev.sluice.v1.GetEulaResponse;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;

/** Licence terms, and what a cluster without a network says of itself. */
final class SupplyCalls {

    private final Supplier<Outlook> outlook;
    private final OperatorWrites writes;
    private final Optional<ChannelAccess> access;
    private final ChannelCalls channels;
    private final DeviceSigner signer;
    private final InstantSource clock;

    SupplyCalls(
            Supplier<Outlook> outlook,
            OperatorWrites writes,
            Optional<ChannelAccess> access,
            ChannelCalls channels,
            DeviceSigner signer,
            InstantSource clock) {
        this.outlook = outlook;
        this.writes = writes;
        this.access = access;
        this.channels = channels;
        this.signer = signer;
        this.clock = clock;
    }

    GetDeviceKeyResponse deviceKey() {
        Topology topology =
                ObservedTopology.lastKnown(outlook.get())
                        .orElseThrow(() ->
                                ApiErrors.refused("cluster", "is not founded yet; try again"));
        DeviceKey key =
                new DeviceKey(
                        topology.name(),
                        clock.instant(),
                        DeviceInventory.of(topology),
                        seen(),
                        signer.certificate());
        return GetDeviceKeyResponse.newBuilder()
                .setDeviceKey(ByteString.copyFrom(signer.sign(key)))
                .build();
    }

    private Optional<SeenVersions> seen() {
        try {
            return access.isEmpty()
                    ? Optional.empty()
                    : channels.reading()
                            .orElseThrow()
                            .seen(
                                    ChannelClient.pinned(access.get().pinnedRoot())
                                            .header()
                                            .channel());
        } catch (InvalidPackageException e) {
            throw ApiErrors.internal("GetDeviceKey", e);
        }
    }

    GetEulaResponse terms(GetEulaRequest request) {
        PackageRecord pkg = require(request.getPackage());
        GetEulaResponse.Builder response = GetEulaResponse.newBuilder();
        Licence.of(pkg)
                .ifPresent(terms ->
                        response.setText(terms.text())
                                .setSha256(terms.sha256())
                                .setAccepted(
                                        outlook.get().state().supply().isAccepted(terms.sha256())));
        return response.build();
    }

    AcceptEulaResponse accept(AcceptEulaRequest request, Actor actor) {
        PackageRecord pkg = require(request.getPackage());
        Licence terms =
                Licence.of(pkg)
                        .orElseThrow(() ->
                                ApiErrors.refused("package " + pkg.ref(), "has no licence terms"));
        if (!terms.sha256().equals(request.getSha256())) {
            throw ApiErrors.invalid(
                    "sha256", terms.sha256() + ", that of the terms", request.getSha256());
        }
        boolean known =
                writes.submit(
                                new Command.AcceptEula(
                                        pkg.ref(), terms.sha256(), PeerIdentity.address(), actor))
                        .isEmpty();
        return AcceptEulaResponse.newBuilder().setKnown(known).build();
    }

    private PackageRecord require(dev.sluice.v1.PackageRef wanted) {
        PackageRef ref =
                new PackageRef(
                        Arguments.name("package.name", wanted.getName(), PackageName::new),
                        Arguments.name("package.version", wanted.getVersion(), Version::parse));
        return Optional.ofNullable(outlook.get().state().packages().get(ref))
                .orElseThrow(() ->
                        ApiErrors.refused(
                                "package " + ref, "is not imported; see 'sluice packages list'"));
    }
}
