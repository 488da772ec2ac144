package dev.sluice.agent.stage;

import com.google.protobuf.ByteString;
import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.FileLedgerStorage;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageBuilder;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.packages.PackageSigner;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.v1.KeepPackages;
import dev.sluice.v1.KeptPackage;
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A node whose disk has room for three packages of a megabyte, and the releases of one site. */
final class SmallDisk implements AutoCloseable {

    static final Ballot BALLOT = new Ballot(1, 1, "m-a", 1);

    private static final InstantSource CLOCK = InstantSource.system();
    private static final int PAYLOAD_BYTES = 1 << 20;

    /** What the stager leaves free. */
    private static final long SPARE_BYTES = 16L << 20;

    private final Path root;
    private final PackageSigningKey signer =
            PackageSigningKey.create("s", Duration.ofDays(1), CLOCK);
    private final Ledger ledger;
    final KeptPackages kept = new KeptPackages();
    final List<Map<String, String>> slots = new ArrayList<>();
    StageArea area;
    StageRoom room;

    SmallDisk(Path root) throws IOException {
        this.root = root;
        this.ledger = Ledger.open(new FileLedgerStorage(root.resolve("ledger")), "eu-1");
        this.area = new StageArea(staged());
        this.room = room();
    }

    Path staged() {
        return root.resolve("staged");
    }

    private StageRoom room() {
        return new StageRoom(area, kept, () -> slots, this::free);
    }

    /** The agent is started anew: what it was told is forgotten. */
    void restart() throws IOException {
        area = new StageArea(staged());
        room = room();
    }

    /** Bytes that are left of the disk. */
    long free() throws IOException {
        long used = 0;
        try (Stream<Path> files = Files.walk(staged())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                used += file.endsWith("content") || file.endsWith("content.part") ? size(file) : 0;
            }
        }
        return 3L * (PAYLOAD_BYTES + (64 << 10)) + SPARE_BYTES - used;
    }

    private static long size(Path file) throws IOException {
        return Files.size(file);
    }

    /** A release of the site, built when it is first asked for. */
    Path release(String version) throws IOException {
        Path file = root.resolve("site-" + version + ".slu");
        if (Files.exists(file)) {
            return file;
        }
        Path payload = Files.createDirectories(root.resolve("payload-" + version));
        byte[] bytes = new byte[PAYLOAD_BYTES];
        bytes[0] = (byte) version.charAt(0);
        Files.write(payload.resolve("image.bin"), bytes);
        PackageBuilder.build(
                ManifestDraft.of(
                        new PackageName("site"),
                        PackageKind.BASE,
                        new PackageVersion(version),
                        1,
                        new Installation.Image(new PayloadPath("image.bin"))),
                payload,
                new PackageSigner(signer, CLOCK),
                file);
        return file;
    }

    Manifest manifest(String version) throws IOException {
        return Manifest.parse(PackageReader.open(release(version)).manifestBytes());
    }

    String sha256(String version) throws IOException {
        return manifest(version).content().sha256().hex();
    }

    /** The node has it, since a day of January. */
    void has(String version, int day) throws IOException {
        area.adopt(manifest(version), PackageReader.open(release(version)), release(version));
        Files.setLastModifiedTime(
                staged().resolve(sha256(version)).resolve("manifest.json"),
                FileTime.from(Instant.parse("2026-01-%02dT00:00:00Z".formatted(day))));
        restart();
    }

    boolean has(String version) throws IOException {
        return area.content(sha256(version)).isPresent();
    }

    /** The primary says what is needed. */
    boolean keeps(Ballot ballot, long revision, String... versions) throws IOException {
        KeepPackages.Builder order =
                KeepPackages.newBuilder().setRevision(revision).setDigest("d" + revision);
        for (String version : versions) {
            order.addPackages(KeptPackage.newBuilder().setContentSha256(sha256(version)));
        }
        return kept.take(ballot, order.build());
    }

    Outcome stage(String version) throws IOException, InterruptedException {
        PackageHead head = PackageReader.open(release(version));
        byte[] whole = Files.readAllBytes(release(version));
        StagePackage order =
                StagePackage.newBuilder()
                        .setManifest(ByteString.copyFrom(head.manifestBytes()))
                        .setSignature(ByteString.copyFrom(head.signatureBytes()))
                        .addSources(
                                PackageLocation.newBuilder()
                                        .setNodeId("m-a")
                                        .setAddress("127.0.0.1:1"))
                        .build();
        return new Stager(
                        area,
                        new SignatureVerifier(TrustedSigners.of(signer.certificate()), CLOCK),
                        (_, _, offset) -> serving(whole, (int) (head.contentOffset() + offset)),
                        Optional.empty(),
                        new ReceivedBytes(ledger),
                        room,
                        () -> {})
                .stage(order);
    }

    private static ContentSource.Transfer serving(byte[] bytes, int from) {
        return new ContentSource.Transfer() {
            private int at = from;

            @Override
            public ByteBuffer next() {
                ByteBuffer rest = ByteBuffer.wrap(bytes, at, bytes.length - at);
                at = bytes.length;
                return rest;
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    @Override
    public void close() {
        ledger.close();
    }
}
