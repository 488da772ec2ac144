package dev.sluice.agent.stage;

import dev.sluice.agent.ledger.Outcome;
import dev.sluice.trust.packages.ContentVerifier;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.Verification;
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.StagePackage;
import io.github.bucket4j.Bucket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a package complete and verified on disk: the signature first, then the bytes from the first
 * source that gives them, from where the last attempt ended.
 */
public final class Stager {

    private static final Logger LOG = LoggerFactory.getLogger(Stager.class);

    /** Left free beside the content, for the ledger and the site. */
    private static final long SPARE_BYTES = 16L << 20;

    private static final long SYNC_EVERY_BYTES = 64L << 20;
    private static final long BURST_BYTES = 256L << 10;
    private static final int MAX_SOURCES = 64;

    private final StageArea area;
    private final SignatureVerifier signatures;
    private final ContentSource contents;
    private final Optional<ContentTransfers> transfers;
    private final ReceivedBytes received;
    private final StageRoom room;
    private final Runnable changed;

    /**
     * @param contents for sources of a release that has no transfer address
     * @param transfers absent where only those are there
     * @param changed called when there is progress to report
     */
    public Stager(
            StageArea area,
            SignatureVerifier signatures,
            ContentSource contents,
            Optional<ContentTransfers> transfers,
            ReceivedBytes received,
            StageRoom room,
            Runnable changed) {
        this.area = area;
        this.signatures = signatures;
        this.contents = contents;
        this.transfers = transfers;
        this.received = received;
        this.room = room;
        this.changed = changed;
    }

    public Outcome stage(StagePackage order) throws InterruptedException {
        byte[] manifestBytes = order.getManifest().toByteArray();
        byte[] signature = order.getSignature().toByteArray();
        return switch (signatures.verify(manifestBytes, signature)) {
            case Verification.Refused refused ->
                    Outcome.refused("package refused: " + refused.reason());
            case Verification.Verified verified -> stage(order, verified, manifestBytes, signature);
        };
    }

    /** Other sources for a package that is being staged; nothing when it is not. */
    public void update(StagePackage order) {
        if (transfers.isPresent()
                && signatures.verify(
                                order.getManifest().toByteArray(),
                                order.getSignature().toByteArray())
                        instanceof Verification.Verified verified) {
            transfers.get().update(verified.manifest(), order);
        }
    }

    private Outcome stage(
            StagePackage order,
            Verification.Verified verified,
            byte[] manifestBytes,
            byte[] signature)
            throws InterruptedException {
        Manifest manifest = verified.manifest();
        String evidence =
                "%s: %d bytes verified, sha256 %s, signed by %s"
                        .formatted(
                                manifest.title(),
                                manifest.content().size(),
                                manifest.content().sha256(),
                                verified.signer());
        String sha256 = manifest.content().sha256().hex();
        try (Holds.Hold _ =
                area.hold(sha256)
                        .orElseThrow(() ->
                                new IllegalStateException(
                                        manifest.title()
                                                + " is removed while it is staged: one thread does both"))) {
            if (area.content(sha256).isPresent()) {
                return new Outcome.Done(evidence, "already complete, nothing was transferred");
            }
            Optional<String> lack = lackOfSpace(manifest, order);
            if (lack.isPresent()) {
                return Outcome.retryable(lack.get());
            }
            if (isByTransfer(order) && transfers.isPresent()) {
                area.begin(manifest, manifestBytes, signature);
                return switch (transfers.get().pull(manifest, order)) {
                    case ContentTransfers.Arrival.Complete(var how) ->
                            new Outcome.Done(
                                    Stream.concat(Stream.of(evidence), how.stream()).toList());
                    case ContentTransfers.Arrival.Failed(String reason) ->
                            Outcome.retryable(reason);
                };
            }
            return pull(order, manifest, area.beginAppending(manifest, manifestBytes, signature))
                    .<Outcome>map(Outcome::retryable)
                    .orElseGet(() -> new Outcome.Done(evidence));
        } catch (IOException e) {
            return Outcome.retryable(
                    "%s: cannot be written: %s".formatted(manifest.title(), e.getMessage()));
        } finally {
            changed.run();
        }
    }

    private static boolean isByTransfer(StagePackage order) {
        return order.hasPatch()
                || order.getSourcesList().stream()
                        .anyMatch(source -> !source.getTransferAddress().isEmpty());
    }

    /** Room for what is not reserved yet, the patch included; made where something may go. */
    private Optional<String> lackOfSpace(Manifest manifest, StagePackage order) throws IOException {
        long patch = Math.clamp(order.getPatch().getSize(), 0, manifest.content().size());
        long needed = manifest.content().size() - area.reserved(manifest) + patch + SPARE_BYTES;
        return room.make(manifest, needed);
    }

    /** Tries the sources in order; says why when none gave the whole content. */
    private Optional<String> pull(StagePackage order, Manifest manifest, Path part)
            throws IOException, InterruptedException {
        List<String> failures = new ArrayList<>();
        RateLimit limit = RateLimit.of(order.getMaxBytesPerSecond());
        List<PackageLocation> sources = order.getSourcesList().stream().limit(MAX_SOURCES).toList();
        for (PackageLocation source : sources) {
            Optional<String> failure = pullFrom(source, manifest, part, limit);
            if (failure.isEmpty()) {
                area.complete(manifest);
                return Optional.empty();
            }
            LOG.warn("{} from {}: {}", manifest.title(), source.getNodeId(), failure.get());
            failures.add(source.getNodeId() + ": " + failure.get());
        }
        return Optional.of(
                "%s: no source gave the whole content: %s"
                        .formatted(
                                manifest.title(),
                                failures.isEmpty()
                                        ? "none was named"
                                        : String.join("; ", failures)));
    }

    private Optional<String> pullFrom(
            PackageLocation source, Manifest manifest, Path part, RateLimit limit)
            throws IOException, InterruptedException {
        ContentVerifier verifier = verifierOf(manifest, part);
        try (FileChannel file =
                FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.position(verifier.offset());
            Optional<String> broken = transfer(source, manifest, verifier, file, limit);
            if (broken.isPresent()) {
                return broken;
            }
            file.force(true);
            verifier.finish();
            return Optional.empty();
        } catch (InvalidPackageException e) {
            Files.deleteIfExists(part);
            area.progress(manifest, 0);
            return Optional.of(e.getMessage() + "; what was received is removed");
        } finally {
            received.persist(source.getNodeId());
        }
    }

    /** Re-reads what an earlier attempt left; anything that cannot be its beginning is removed. */
    private static ContentVerifier verifierOf(Manifest manifest, Path part) throws IOException {
        if (Files.exists(part)) {
            try {
                return ContentVerifier.resume(manifest.content(), part);
            } catch (InvalidPackageException e) {
                LOG.warn("{}: what was there is removed: {}", manifest.title(), e.getMessage());
                Files.delete(part);
            }
        }
        return new ContentVerifier(manifest.content());
    }

    /** Says why the transfer broke; empty when it ended, which says nothing about the bytes. */
    private Optional<String> transfer(
            PackageLocation source,
            Manifest manifest,
            ContentVerifier verifier,
            FileChannel file,
            RateLimit limit)
            throws IOException, InterruptedException {
        String sha256 = manifest.content().sha256().hex();
        long synced = verifier.offset();
        if (verifier.offset() == manifest.content().size()) {
            return Optional.empty();
        }
        try (ContentSource.Transfer transfer = contents.open(source, sha256, verifier.offset())) {
            while (true) {
                ByteBuffer bytes;
                try {
                    bytes = transfer.next();
                } catch (IOException e) {
                    return Optional.of(
                            "%s, after %d of %d bytes"
                                    .formatted(
                                            e.getMessage(),
                                            verifier.offset(),
                                            manifest.content().size()));
                }
                if (!bytes.hasRemaining()) {
                    return verifier.offset() < manifest.content().size()
                            ? Optional.of(
                                    "ended after %d of %d bytes"
                                            .formatted(
                                                    verifier.offset(), manifest.content().size()))
                            : Optional.empty();
                }
                int count = bytes.remaining();
                received.of(source.getNodeId()).addAndGet(count);
                limit.take(count);
                verifier.feed(verifier.offset(), bytes.duplicate());
                while (bytes.hasRemaining()) {
                    file.write(bytes);
                }
                area.progress(manifest, verifier.offset());
                if (verifier.offset() - synced >= SYNC_EVERY_BYTES) {
                    file.force(false);
                    received.persist(source.getNodeId());
                    synced = verifier.offset();
                }
            }
        }
    }

    /** A token bucket over the bytes of one order, whichever source they come from. */
    private record RateLimit(Optional<Bucket> bucket) {

        static RateLimit of(long bytesPerSecond) {
            if (bytesPerSecond <= 0) {
                return new RateLimit(Optional.empty());
            }
            return new RateLimit(
                    Optional.of(
                            Bucket.builder()
                                    .addLimit(limit ->
                                            limit.capacity(BURST_BYTES)
                                                    .refillGreedy(
                                                            bytesPerSecond, Duration.ofSeconds(1))
                                                    .initialTokens(0))
                                    .build()));
        }

        void take(long bytes) throws InterruptedException {
            if (bucket.isPresent()) {
                for (long rest = bytes; rest > 0; rest -= BURST_BYTES) {
                    bucket.get().asBlocking().consume(Math.min(rest, BURST_BYTES));
                }
            }
        }
    }
}
