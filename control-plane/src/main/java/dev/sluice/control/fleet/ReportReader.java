package dev.sluice.control.fleet;

import dev.sluice.control.codec.RecordWire;
import dev.sluice.control.codec.WitnessWire;
import dev.sluice.control.executor.CommandOutcome;
import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.WitnessReply;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.records.RecordBatch;
import dev.sluice.v1.ChannelVersions;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.RemovedPackage;
import dev.sluice.v1.ServiceStatus;
import dev.sluice.v1.SessionRecordBatch;
import dev.sluice.v1.StagedPackage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Turns what agents send into values. Everything is foreign input: counts are bounded, texts are
 * cut, and what cannot be understood becomes a remark where the rest of the report is still worth
 * having.
 */
final class ReportReader {

    /** The greatest number of entries in any map or list of a report; a real one has a dozen. */
    static final int MAX_ENTRIES = 256;

    /** The longest text that is kept; the rest is cut. */
    static final int MAX_TEXT = 512;

    /** Lines of evidence that are kept of one command. */
    static final int MAX_EVIDENCE = 32;

    /** Clients of one kind; more is a lie that would only overflow sums. */
    private static final int MAX_CLIENTS = 1_000_000;

    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    private ReportReader() {}

    static Report read(NodeReport report) throws MalformedMessageException {
        List<String> remarks = new ArrayList<>();
        ServiceStatus service = report.getService();
        NodeFacts facts =
                new NodeFacts(
                        versions("installed", report.getInstalledMap(), remarks),
                        staged(report, remarks),
                        new NodeFacts.Service(
                                service.getRunning(),
                                text(service.getVersion()),
                                service.getHealthy(),
                                text(service.getDetail()),
                                text(service.getAddress())),
                        report.getAccepting(),
                        sessions(report),
                        text(report.getHeldAddress()),
                        clamp(report.getConfigurationRevision()),
                        text(report.getExecuting()),
                        text(report.getActivity()),
                        received(report),
                        clamp(report.getDiskFreeBytes()),
                        text(report.getInterlock()),
                        text(report.getHardware().getFault()),
                        keeping(report, remarks),
                        clamp(report.getUplinkBytesPerSecond()),
                        verified(report));
        return new Report(report.getSequence(), facts, remarks);
    }

    private static SortedMap<String, NodeFacts.VerifiedChannel> verified(NodeReport report)
            throws MalformedMessageException {
        bound("verified_channels", report.getVerifiedChannelsCount());
        SortedMap<String, NodeFacts.VerifiedChannel> verified = new TreeMap<>();
        for (ChannelVersions channel : report.getVerifiedChannelsList()) {
            verified.put(
                    text(channel.getName()),
                    new NodeFacts.VerifiedChannel(
                            clamp(channel.getRoot()), clamp(channel.getTargets())));
        }
        return verified;
    }

    private static NodeFacts.Keeping keeping(NodeReport report, List<String> remarks)
            throws MalformedMessageException {
        bound("removed", report.getRemovedCount());
        return new NodeFacts.Keeping(
                versions("previous", report.getPreviousMap(), remarks),
                report.hasKeptPackages()
                        ? Optional.of(text(report.getKeptPackages()))
                        : Optional.empty(),
                report.getRemovedList().stream().map(ReportReader::removed).toList());
    }

    private static String removed(RemovedPackage removed) {
        return text(
                "%s %s (%s bytes, content %s): %s"
                        .formatted(
                                removed.getPackage().getName(),
                                removed.getPackage().getVersion(),
                                Long.toUnsignedString(removed.getBytes()),
                                removed.getContentSha256(),
                                removed.getReason()));
    }

    private static SortedMap<PackageName, Version> versions(
            String field, Map<String, String> reported, List<String> remarks)
            throws MalformedMessageException {
        bound(field, reported.size());
        SortedMap<PackageName, Version> versions = new TreeMap<>();
        for (Map.Entry<String, String> entry : new TreeMap<>(reported).entrySet()) {
            try {
                versions.put(new PackageName(entry.getKey()), Version.parse(entry.getValue()));
            } catch (IllegalArgumentException e) {
                remarks.add(text("%s %s: %s".formatted(field, entry.getKey(), e.getMessage())));
            }
        }
        return versions;
    }

    private static List<NodeFacts.Staged> staged(NodeReport report, List<String> remarks)
            throws MalformedMessageException {
        bound("staged", report.getStagedCount());
        List<NodeFacts.Staged> staged = new ArrayList<>();
        for (StagedPackage pkg : report.getStagedList()) {
            if (SHA256.matcher(pkg.getContentSha256()).matches()) {
                staged.add(
                        new NodeFacts.Staged(
                                pkg.getContentSha256(),
                                clamp(pkg.getBytesPresent()),
                                clamp(pkg.getBytesTotal()),
                                pkg.getComplete(),
                                text(pkg.getSource()),
                                failedSources(pkg),
                                text(pkg.getSecondHalfSource()),
                                patching(pkg),
                                about(pkg, remarks)));
            } else {
                remarks.add(
                        text(
                                "staged \"%s\": expected a SHA-256 of 64 lower-case digits"
                                        .formatted(pkg.getContentSha256())));
            }
        }
        return staged;
    }

    private static Optional<NodeFacts.About> about(StagedPackage pkg, List<String> remarks) {
        if (pkg.getMerkleRoot().isEmpty()) {
            return Optional.empty();
        }
        if (!SHA256.matcher(pkg.getMerkleRoot()).matches()) {
            remarks.add(
                    text(
                            "merkle_root \"%s\": expected a SHA-256 of 64 lower-case digits"
                                    .formatted(pkg.getMerkleRoot())));
            return Optional.empty();
        }
        try {
            PackageRef ref =
                    new PackageRef(
                            new PackageName(pkg.getPackage().getName()),
                            Version.parse(pkg.getPackage().getVersion()));
            return Optional.of(new NodeFacts.About(ref, pkg.getMerkleRoot()));
        } catch (IllegalArgumentException e) {
            remarks.add(text("staged %s: %s".formatted(pkg.getContentSha256(), e.getMessage())));
            return Optional.empty();
        }
    }

    private static SortedSet<String> failedSources(StagedPackage pkg)
            throws MalformedMessageException {
        bound("failed_sources", pkg.getFailedSourcesCount());
        SortedSet<String> failed = new TreeSet<>();
        pkg.getFailedSourcesMap().keySet().forEach(source -> failed.add(text(source)));
        return failed;
    }

    private static NodeFacts.Patching patching(StagedPackage pkg) throws MalformedMessageException {
        bound("failed_patches", pkg.getFailedPatchesCount());
        SortedSet<String> failed = new TreeSet<>();
        pkg.getFailedPatchesMap().keySet().forEach(patch -> failed.add(text(patch)));
        return new NodeFacts.Patching(
                pkg.getPatchable(),
                text(pkg.getPatchSha256()),
                clamp(pkg.getPatchBytesPresent()),
                failed);
    }

    private static SortedMap<String, Integer> sessions(NodeReport report)
            throws MalformedMessageException {
        bound("sessions", report.getSessionsCount());
        SortedMap<String, Integer> sessions = new TreeMap<>();
        report.getSessionsMap()
                .forEach((kind, count) ->
                        sessions.put(
                                text(kind),
                                (int) Math.min(Integer.toUnsignedLong(count), MAX_CLIENTS)));
        return sessions;
    }

    private static SortedMap<String, Long> received(NodeReport report)
            throws MalformedMessageException {
        bound("received_bytes", report.getReceivedBytesCount());
        SortedMap<String, Long> received = new TreeMap<>();
        report.getReceivedBytesMap()
                .forEach((from, bytes) -> received.put(text(from), clamp(bytes)));
        return received;
    }

    /** The outcome in a result; empty when an agent of a later version sent one unknown here. */
    static Optional<CommandOutcome> outcome(CommandResult result) {
        return switch (result.getOutcomeCase()) {
            case DONE ->
                    Optional.of(
                            new CommandOutcome.Done(
                                    result.getDone().getEvidenceList().stream()
                                            .limit(MAX_EVIDENCE)
                                            .map(ReportReader::text)
                                            .toList()));
            case FAILED ->
                    Optional.of(
                            new CommandOutcome.Failed(
                                    text(result.getFailed().getReason()),
                                    result.getFailed().getRetryable()));
            case OUTCOME_NOT_SET -> Optional.empty();
        };
    }

    static RecordBatch records(SessionRecordBatch wire) throws MalformedMessageException {
        try {
            return RecordWire.decode(wire);
        } catch (IllegalArgumentException e) {
            throw new MalformedMessageException(text(String.valueOf(e.getMessage())));
        }
    }

    static Ballot ballot(dev.sluice.v1.Ballot wire) throws MalformedMessageException {
        try {
            return WitnessWire.decode(wire);
        } catch (IllegalArgumentException e) {
            throw new MalformedMessageException(e.getMessage());
        }
    }

    /** A store id; null when the agent is of a release that had none. */
    static @Nullable StoreId store(String wire) throws MalformedMessageException {
        try {
            return wire.isEmpty() ? null : new StoreId(wire);
        } catch (IllegalArgumentException e) {
            throw new MalformedMessageException(e.getMessage());
        }
    }

    static WitnessReply reply(dev.sluice.v1.WitnessReply wire) throws MalformedMessageException {
        try {
            WitnessReply reply = WitnessWire.decode(wire);
            return new WitnessReply(
                    reply.store(),
                    reply.granted(),
                    text(reply.reason()),
                    reply.promised(),
                    reply.register());
        } catch (IllegalArgumentException e) {
            throw new MalformedMessageException("witness reply: " + e.getMessage());
        }
    }

    /** A text as it may be kept and shown: cut, and without control characters. */
    static String text(String foreign) {
        String cut =
                foreign.length() <= MAX_TEXT ? foreign : foreign.substring(0, MAX_TEXT) + "...";
        return cut.codePoints().anyMatch(Character::isISOControl)
                ? cut.replaceAll("\\p{Cntrl}", " ")
                : cut;
    }

    private static void bound(String field, int count) throws MalformedMessageException {
        if (count > MAX_ENTRIES) {
            throw new MalformedMessageException(
                    "report: %s has %d entries, at most %d expected"
                            .formatted(field, count, MAX_ENTRIES));
        }
    }

    /** An unsigned number where the model has a signed one. */
    private static long clamp(long unsigned) {
        return unsigned < 0 ? Long.MAX_VALUE : unsigned;
    }
}
