package dev.sluice.control.api;

import dev.sluice.control.channel.ChannelAccess;
import dev.sluice.control.channel.ChannelCatalogue;
import dev.sluice.control.channel.HttpChannel;
import dev.sluice.control.channel.TimeSource;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.depot.ImportResult;
import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Version;
import dev.sluice.control.planner.Availability;
import dev.sluice.control.planner.PackagePath;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.trust.channel.Bundle;
import dev.sluice.trust.channel.Channel;
import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.v1.ChannelFileVersions;
import dev.sluice.v1.ChannelOffer;
import dev.sluice.v1.CheckChannelResponse;
import dev.sluice.v1.ImportFromChannelRequest;
import dev.sluice.v1.ImportFromChannelResponse;
import dev.sluice.v1.ImportPackageResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What operators bring in: from the channel, in bundles, as single files. */
final class ChannelCalls {

    /** The largest bundle that is taken in. */
    static final long MAX_BUNDLE_BYTES = 1L << 38;

    private static final int BUFFER_BYTES = 1 << 18;

    private final Optional<ChannelAccess> access;
    private final Optional<ChannelReading> reading;
    private final PackageImport depot;
    private final OperatorWrites writes;
    private final Supplier<Outlook> outlook;

    /** One reading at a time: each may fill the disk, and stores what it saw. */
    private final Semaphore one = new Semaphore(1);

    ChannelCalls(
            Optional<ChannelAccess> access,
            PackageImport depot,
            Controller controller,
            OperatorWrites writes,
            Supplier<Outlook> outlook,
            InstantSource clock,
            TimeSource time) {
        this.access = access;
        this.reading = access.map(a -> new ChannelReading(a, controller, writes, clock, time));
        this.depot = depot;
        this.writes = writes;
        this.outlook = outlook;
    }

    Optional<ChannelReading> reading() {
        return reading;
    }

    private ChannelAccess requireAccess() {
        return access.orElseThrow(() ->
                ApiErrors.refused(
                        "channel",
                        "none is configured on this master; set channel.root and channel.url in its configuration"));
    }

    private ChannelReading requireReading() {
        var _ = requireAccess();
        return reading.orElseThrow();
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    private <T> T alone(Work<T> work) {
        if (!one.tryAcquire()) {
            throw ApiErrors.exhausted(
                    "channel", "it is being read for another call; try again when that is done");
        }
        try {
            return work.run();
        } catch (InvalidPackageException e) {
            throw ApiErrors.refused("channel", e.reason());
        } catch (IOException e) {
            throw ApiErrors.refused("channel", String.valueOf(e.getMessage()));
        } finally {
            one.release();
        }
    }

    /** What the channel offers now. */
    CheckChannelResponse check() {
        ChannelReading reader = requireReading();
        return alone(() -> {
            try (HttpChannel web = requireAccess().open()) {
                return offers(reader.read(web));
            }
        });
    }

    private CheckChannelResponse offers(Channel channel) {
        CheckChannelResponse.Builder all = CheckChannelResponse.newBuilder();
        all.setChannel(channel.name().value());
        all.setExpires(WireValues.of(channel.expires()));
        all.setVersions(
                ChannelFileVersions.newBuilder()
                        .setRoot(channel.versions().root())
                        .setTimestamp(channel.versions().timestamp())
                        .setSnapshot(channel.versions().snapshot())
                        .setTargets(channel.versions().targets()));
        Outlook now = outlook.get();
        SortedMap<PackageRef, ChannelPackage> offered = offered(channel);
        Optional<Topology> topology = ObservedTopology.lastKnown(now);
        if (topology.isPresent()) {
            for (Availability availability :
                    Availability.of(topology.get(), catalogue(now, channel))) {
                Optional.ofNullable(offered.get(availability.pkg()))
                        .ifPresent(pkg -> all.addOffers(offer(now, pkg, availability)));
            }
        }
        return all.build();
    }

    private static ChannelOffer offer(Outlook now, ChannelPackage pkg, Availability availability) {
        return ChannelOffer.newBuilder()
                .setPackage(WireValues.of(availability.pkg()))
                .setKind(pkg.kind().name())
                .setSizeBytes(pkg.file().size())
                .setAvailability(availability.state().name())
                .setBlockedBy(availability.reason())
                .setImported(now.state().packages().containsKey(availability.pkg()))
                .build();
    }

    private static SortedMap<PackageRef, ChannelPackage> offered(Channel channel) {
        SortedMap<PackageRef, ChannelPackage> offered = new TreeMap<>();
        channel.packages().forEach(pkg -> offered.put(ChannelCatalogue.ref(pkg), pkg));
        return offered;
    }

    private static Catalogue catalogue(Outlook now, Channel channel) {
        return ChannelCatalogue.of(
                now.state().packages().values().stream().map(PackageRecord::descriptor).toList(),
                channel.packages());
    }

    /** Brings a package in, and before it those that the cluster has to pass through. */
    void importFrom(
            ImportFromChannelRequest request,
            Actor actor,
            Consumer<ImportFromChannelResponse> told) {
        PackageName name =
                Arguments.name("package.name", request.getPackage().getName(), PackageName::new);
        Version version =
                Arguments.name(
                        "package.version", request.getPackage().getVersion(), Version::parse);
        ChannelReading reader = requireReading();
        boolean _ =
                alone(() -> {
                    try (HttpChannel web = requireAccess().open()) {
                        Channel channel = reader.read(web);
                        List<ChannelPackage> path = path(channel, new PackageRef(name, version));
                        for (int i = 0; i < path.size(); i++) {
                            ChannelPackage pkg = path.get(i);
                            told.accept(step(pkg, "DOWNLOADING", i + 1, path.size()));
                            bring(web, pkg, actor);
                            told.accept(step(pkg, "IMPORTED", i + 1, path.size()));
                        }
                    }
                    return true;
                });
    }

    private static ImportFromChannelResponse step(
            ChannelPackage pkg, String state, int position, int count) {
        return ImportFromChannelResponse.newBuilder()
                .setPackage(WireValues.of(ChannelCatalogue.ref(pkg)))
                .setState(state)
                .setSizeBytes(pkg.file().size())
                .setPosition(position)
                .setCount(count)
                .build();
    }

    /** The packages to import, in order; those that are imported already are left out. */
    private List<ChannelPackage> path(Channel channel, PackageRef wanted) {
        Outlook now = outlook.get();
        SortedMap<PackageRef, ChannelPackage> offered = offered(channel);
        if (!offered.containsKey(wanted)) {
            throw ApiErrors.refused(
                    "package " + wanted, "is not offered by channel " + channel.name());
        }
        Topology topology =
                ObservedTopology.lastKnown(now)
                        .orElseThrow(() ->
                                ApiErrors.refused("cluster", "is not founded yet; try again"));
        SortedMap<PackageName, Version> target = new TreeMap<>();
        target.put(wanted.name(), wanted.version());
        return switch (PackagePath.to(target, topology, catalogue(now, channel))) {
            case PackagePath.Result.None(String reason) ->
                    throw ApiErrors.refused("package " + wanted, reason);
            case PackagePath.Result.Found(var refs) -> {
                List<PackageRef> all = new ArrayList<>(refs);
                if (!all.contains(wanted)) {
                    all.add(wanted);
                }
                yield all.stream()
                        .filter(ref -> !now.state().packages().containsKey(ref))
                        .flatMap(ref -> Optional.ofNullable(offered.get(ref)).stream())
                        .toList();
            }
        };
    }

    private void bring(HttpChannel web, ChannelPackage pkg, Actor actor) throws IOException {
        Files.createDirectories(requireAccess().spool());
        Path part = requireAccess().spool().resolve(pkg.file().sha256() + ".part");
        web.download(pkg, part);
        try (InputStream in = Files.newInputStream(part)) {
            var _ = take(in, pkg, actor);
        }
        Files.deleteIfExists(part);
    }

    /** Has the depot verify a file, and then that it is what the channel offers. */
    private List<Event> take(InputStream in, ChannelPackage pkg, Actor actor) throws IOException {
        DigestInputStream digested = new DigestInputStream(in, sha256());
        return switch (depot.importPackage(digested)) {
            case ImportResult.Refused(var refusal) -> throw ApiErrors.refused(refusal);
            case ImportResult.Imported(var record) -> {
                String found = HexFormat.of().formatHex(digested.getMessageDigest().digest());
                if (!found.equals(pkg.file().sha256().hex())) {
                    throw new InvalidPackageException(
                            String.format(
                                    "%s: expected a file with sha256 %s, found %s",
                                    pkg.title(), pkg.file().sha256(), found));
                }
                pkg.check(Manifest.parse(record.manifest().toArray()));
                yield recorded(record, actor);
            }
        };
    }

    private List<Event> recorded(PackageRecord pkg, Actor actor) {
        List<Event> events = writes.submit(new Command.ImportPackage(pkg, actor));
        if (!depot.holds(pkg)) {
            throw ApiErrors.refused(
                    "package " + pkg.ref(),
                    "was removed while it was imported again; import it once more");
        }
        return events;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Reads no further than a file can still be a bundle; gives back how far that was. */
    private static int beginning(InputStream content, byte[] expected, byte[] head)
            throws IOException {
        for (int at = 0; at < expected.length; at++) {
            int next = content.read();
            if (next < 0) {
                return at;
            }
            head[at] = (byte) next;
            if (head[at] != expected[at]) {
                return at + 1;
            }
        }
        return expected.length;
    }

    /** Takes an uploaded file in: a package, or a bundle of them. */
    ImportPackageResponse imported(InputStream content, Actor actor) throws IOException {
        byte[] expected = Bundle.beginning();
        byte[] head = new byte[expected.length];
        int read = beginning(content, expected, head);
        InputStream whole =
                new SequenceInputStream(new ByteArrayInputStream(head, 0, read), content);
        if (Arrays.equals(head, expected)) {
            return alone(() -> bundle(whole, actor));
        }
        return switch (depot.importPackage(whole)) {
            case ImportResult.Refused(var refusal) -> throw ApiErrors.refused(refusal);
            case ImportResult.Imported(var pkg) -> {
                List<Event> recorded = recorded(pkg, actor);
                yield ImportPackageResponse.newBuilder()
                        .setPackage(PackagesView.of(outlook.get(), pkg.ref()))
                        .setKnown(recorded.isEmpty())
                        .build();
            }
        };
    }

    private ImportPackageResponse bundle(InputStream content, Actor actor) throws IOException {
        ChannelReading reader = requireReading();
        Files.createDirectories(requireAccess().spool());
        Path file = Files.createTempFile(requireAccess().spool(), "bundle-", ".tmp");
        try {
            spool(content, file);
            try (Bundle bundle = Bundle.open(file)) {
                reader.requireClock(bundle.index().created(), "the bundle was made");
                return packages(bundle, reader.read(bundle), actor);
            }
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static void spool(InputStream content, Path file) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long received = 0;
        try (var out = Files.newOutputStream(file)) {
            for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
                received += count;
                if (received > MAX_BUNDLE_BYTES) {
                    throw new InvalidPackageException(
                            "the bundle has more than " + MAX_BUNDLE_BYTES + " bytes");
                }
                out.write(buffer, 0, count);
            }
        }
    }

    private ImportPackageResponse packages(Bundle bundle, Channel channel, Actor actor)
            throws IOException {
        List<ChannelPackage> listed = new ArrayList<>();
        for (String path : bundle.index().packages()) {
            listed.add(
                    channel.packages().stream()
                            .filter(pkg -> pkg.path().equals(path))
                            .findFirst()
                            .orElseThrow(() ->
                                    new InvalidPackageException(
                                            path
                                                    + " is not a package of channel "
                                                    + channel.name())));
        }
        if (listed.isEmpty()) {
            throw new InvalidPackageException("the bundle holds no packages");
        }
        ImportPackageResponse.Builder response = ImportPackageResponse.newBuilder();
        boolean known = true;
        for (ChannelPackage pkg : listed) {
            try (InputStream in =
                    bundle.open(pkg)
                            .orElseThrow(() ->
                                    new InvalidPackageException(
                                            "the bundle lacks " + pkg.title()))) {
                known &= take(in, pkg, actor).isEmpty();
            }
        }
        for (ChannelPackage pkg : listed) {
            response.addBundle(PackagesView.of(outlook.get(), ChannelCatalogue.ref(pkg)));
        }
        return response.setPackage(response.getBundle(response.getBundleCount() - 1))
                .setKnown(known)
                .build();
    }
}
