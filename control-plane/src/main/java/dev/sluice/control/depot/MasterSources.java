package dev.sluice.control.depot;

import dev.sluice.control.executor.ContentPatch;
import dev.sluice.control.executor.PackageSources;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.state.PackageRecord;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** What this master can serve: the contents of the packages that the cluster's state names. */
public final class MasterSources implements PackageSources {

    private final Function<PackageRef, Optional<PackageRecord>> imported;
    private final List<ContentSource> sources;
    private final Optional<DepotPatches> patches;
    private final String address;
    private final String transferAddress;

    /**
     * Sources.
     *
     * @param imported the state's record of a package
     * @param patches empty: none are made here
     * @param address where agents reach this master's package service, host:port
     * @param transferAddress where it speaks the transfer protocol, host:port
     */
    public MasterSources(
            Function<PackageRef, Optional<PackageRecord>> imported,
            List<? extends ContentSource> sources,
            Optional<DepotPatches> patches,
            String address,
            String transferAddress) {
        this.imported = imported;
        this.sources = List.copyOf(sources);
        this.patches = patches;
        this.address = address;
        this.transferAddress = transferAddress;
    }

    @Override
    public boolean has(PackageRef pkg) {
        return imported.apply(pkg)
                .map(record -> new ContentId(record.contentSha256()))
                .filter(id -> sources.stream().anyMatch(source -> source.has(id)))
                .isPresent();
    }

    @Override
    public List<ContentPatch> patches(PackageRef pkg) {
        return patches.map(made -> made.of(pkg)).orElse(List.of());
    }

    @Override
    public Set<String> patchesInMaking(PackageRef pkg) {
        return patches.map(made -> made.inMaking(pkg)).orElse(Set.of());
    }

    @Override
    public String transferAddress() {
        return transferAddress;
    }

    @Override
    public String address() {
        return address;
    }
}
