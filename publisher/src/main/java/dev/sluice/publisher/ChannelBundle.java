package dev.sluice.publisher;

import dev.sluice.control.channel.ChannelCatalogue;
import dev.sluice.control.channel.HttpChannel;
import dev.sluice.control.config.InventoryFile;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.planner.PackagePath;
import dev.sluice.trust.channel.Bundle;
import dev.sluice.trust.channel.Channel;
import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.channel.ClockBound;
import dev.sluice.trust.channel.DeviceKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Packs what a cluster without a network needs. */
@Command(
        name = "bundle",
        description = "Packs a channel's files and the packages that a cluster needs for a target.")
final class ChannelBundle extends Leaf.Making {
    private final InstantSource clock;
    @Mixin private Reading reading = new Reading();

    @Option(
            names = "--device-key",
            required = true,
            paramLabel = "FILE",
            description = "What 'sluice packages device-key' wrote on the cluster.")
    private Path deviceKey = Path.of("");

    @Option(
            names = "--target",
            required = true,
            paramLabel = "NAME=VERSION",
            description = "A package to reach; may be given several times.")
    private List<String> targets = new ArrayList<>();

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            description = "The bundle.")
    private Path out = Path.of("");

    ChannelBundle(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        DeviceKey key = read(deviceKey);
        Instant now = clock.instant();
        ClockBound bound =
                new ClockBound(key.time(), "cluster " + key.cluster() + " wrote its device key");
        if (bound.isAhead(now)) {
            throw PublisherException.refused(
                    bound.complaint(now) + "; or the cluster's clock is ahead by as much");
        }
        Reading.Read read = reading.read(clock);
        List<ChannelPackage> path = path(key, read.channel());
        pack(read, path, now);
        Map<String, Object> document = Output.document();
        document.put("bundle", out.toString());
        document.put("cluster", key.cluster());
        document.put("signedBy", key.certificate().getSubjectX500Principal().getName());
        document.put("deviceKeyAge", Duration.between(key.time(), now).toString());
        document.put("packages", path.stream().map(ChannelPackage::title).toList());
        print(document);
        return Publisher.DONE;
    }

    private static DeviceKey read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return DeviceKey.parse(in.readNBytes(DeviceKey.MAX_BYTES + 1));
        }
    }

    private List<ChannelPackage> path(DeviceKey key, Channel channel) {
        var inventory = InventoryFile.parse("device key of " + key.cluster(), key.inventory());
        SortedMap<PackageRef, ChannelPackage> offered = new TreeMap<>();
        channel.packages().forEach(pkg -> offered.put(ChannelCatalogue.ref(pkg), pkg));
        var result =
                PackagePath.to(
                        target(),
                        inventory.topology(),
                        ChannelCatalogue.of(List.of(), channel.packages()));
        return switch (result) {
            case PackagePath.Result.None(String reason) ->
                    throw PublisherException.refused(reason + "; the channel is " + channel.name());
            case PackagePath.Result.Found(var refs) ->
                    refs.stream()
                            .flatMap(ref -> Optional.ofNullable(offered.get(ref)).stream())
                            .toList();
        };
    }

    private SortedMap<PackageName, Version> target() {
        SortedMap<PackageName, Version> target = new TreeMap<>();
        for (String text : targets) {
            int equals = text.indexOf('=');
            if (equals < 1) {
                throw PublisherException.badInput(
                        "--target \"" + text + "\": expected NAME=VERSION, such as site=25.1.0");
            }
            target.put(
                    new PackageName(text.substring(0, equals)),
                    Version.parse(text.substring(equals + 1)));
        }
        return target;
    }

    private void pack(Reading.Read read, List<ChannelPackage> path, Instant now)
            throws IOException {
        Path folder =
                Files.createTempDirectory(
                        Objects.requireNonNull(out.toAbsolutePath().getParent()), ".bundle-");
        List<Path> made = new ArrayList<>();
        try {
            SortedMap<String, Path> files = new TreeMap<>();
            if (reading.isUrl()) {
                try (HttpChannel web = reading.web()) {
                    for (ChannelPackage pkg : path) {
                        Path file = folder.resolve(pkg.file().sha256().hex());
                        made.add(file);
                        web.download(pkg, file);
                        files.put(pkg.path(), file);
                    }
                }
            } else {
                path.forEach(pkg -> files.put(pkg.path(), reading.served().resolve(pkg.path())));
            }
            Path temporary = folder.resolve("bundle");
            made.add(temporary);
            Bundle.write(
                    temporary,
                    new Bundle.Index(
                            read.channel().name(),
                            now,
                            path.stream().map(ChannelPackage::path).toList()),
                    read.files(),
                    files);
            Files.move(temporary, out, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            for (Path file : made) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        }
    }
}
