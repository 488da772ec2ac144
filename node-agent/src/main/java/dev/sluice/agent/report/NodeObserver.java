package dev.sluice.agent.report;

import dev.sluice.agent.hardware.HardwareWatch;
import dev.sluice.agent.hardware.SharedAddress;
import dev.sluice.agent.install.ServiceKeeper;
import dev.sluice.agent.install.Slots;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.stage.ContentTransfers;
import dev.sluice.agent.stage.ReceivedBytes;
import dev.sluice.agent.stage.StageArea;
import dev.sluice.agent.stage.StageRoom;
import dev.sluice.agent.traffic.TrafficPort;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.v1.ChannelVersions;
import dev.sluice.v1.HardwareStatus;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.PackageRef;
import dev.sluice.v1.ServiceStatus;
import dev.sluice.v1.StagedPackage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes reports from what was observed last; never waits for the site or the hardware. */
public final class NodeObserver {

    private static final Logger LOG = LoggerFactory.getLogger(NodeObserver.class);

    private final Sources sources;
    private final AtomicLong sequence = new AtomicLong();

    /**
     * Where the facts come from.
     *
     * @param transfers what is told of a content that is being pulled, by its SHA-256
     * @param takesPatches whether patches can be applied here
     * @param uplink bytes per second, as measured last; 0: not yet
     * @param room what was removed for want of it
     * @param runningVersion what the service itself answers; empty while it does not
     * @param traffic absent on masters
     * @param executing the id of the command being executed; empty when idle
     * @param activity what the agent is doing, in words
     * @param channels what is verified of those that are pinned
     */
    public record Sources(
            Path dataDir,
            Ledger ledger,
            Slots slots,
            StageArea staged,
            Function<String, Optional<ContentTransfers.Telling>> transfers,
            boolean takesPatches,
            LongSupplier uplink,
            StageRoom room,
            ReceivedBytes received,
            ServiceKeeper keeper,
            Supplier<Optional<String>> runningVersion,
            Optional<TrafficPort> traffic,
            HardwareWatch hardware,
            Optional<SharedAddress> sharedAddress,
            Supplier<String> executing,
            Supplier<String> activity,
            Supplier<List<ChannelVersions>> channels) {}

    public NodeObserver(Sources sources) {
        this.sources = sources;
    }

    public NodeReport report() {
        LedgerState known = sources.ledger().state();
        HardwareWatch.View hardware = sources.hardware().view();
        ServiceKeeper.View service = sources.keeper().view();
        NodeReport.Builder report =
                NodeReport.newBuilder()
                        .setSequence(sequence.incrementAndGet())
                        .setService(service(service))
                        .setHardware(hardware(hardware))
                        .setHeldAddress(sources.sharedAddress().map(SharedAddress::held).orElse(""))
                        .setConfigurationRevision(known.configurationRevision())
                        .setExecuting(sources.executing().get())
                        .setActivity(sources.activity().get())
                        .putAllReceivedBytes(sources.received().totals())
                        .setInterlock(known.interlock())
                        .setKeptPackages(sources.room().keptDigest())
                        .addAllRemoved(sources.room().removed())
                        .setUplinkBytesPerSecond(sources.uplink().getAsLong())
                        .addAllVerifiedChannels(sources.channels().get());
        addDisk(report, hardware);
        service.site()
                .ifPresent(site -> {
                    report.setAccepting(site.accepting());
                    report.putAllSessions(site.sessions());
                });
        for (StageArea.Entry entry : sources.staged().entries()) {
            report.addStaged(staged(entry));
        }
        return report.build();
    }

    private void addDisk(NodeReport.Builder report, HardwareWatch.View hardware) {
        TreeMap<String, String> installed = new TreeMap<>(hardware.base());
        try {
            report.setDiskFreeBytes(DiskSpace.usable(sources.dataDir()));
            installed.putAll(sources.slots().installed());
            installed.putAll(hardware.base());
            report.putAllPrevious(sources.slots().previous());
        } catch (IOException e) {
            LOG.warn("data directory {}: {}", sources.dataDir(), e.getMessage());
        }
        report.putAllInstalled(installed);
    }

    private ServiceStatus service(ServiceKeeper.View view) {
        Optional<String> version = sources.runningVersion().get();
        boolean healthy = view.pid().isPresent() && version.isPresent();
        String detail = view.slot().isEmpty() ? "nothing is installed" : view.detail();
        return ServiceStatus.newBuilder()
                .setRunning(view.pid().isPresent())
                .setVersion(version.orElse(""))
                .setHealthy(healthy)
                .setDetail(healthy ? "" : detail.isEmpty() ? "no answer yet" : detail)
                .setPid(view.pid().map(Math::toIntExact).orElse(0))
                .setAddress(sources.traffic().map(TrafficPort::address).orElse(""))
                .build();
    }

    private static HardwareStatus hardware(HardwareWatch.View view) {
        return HardwareStatus.newBuilder()
                .setPower(view.power().label())
                .setModel(view.sensors().model())
                .setClockOffsetMillis(view.clockOffsetMillis())
                .setTemperatureCelsius(view.sensors().temperatureCelsius())
                .setFault(view.sensors().fault())
                .build();
    }

    private StagedPackage staged(StageArea.Entry entry) {
        StagedPackage.Builder staged =
                StagedPackage.newBuilder()
                        .setPackage(
                                PackageRef.newBuilder()
                                        .setName(entry.name())
                                        .setVersion(entry.version()))
                        .setContentSha256(entry.contentSha256())
                        .setMerkleRoot(entry.merkleRoot())
                        .setBytesPresent(entry.present())
                        .setBytesTotal(entry.total())
                        .setComplete(entry.complete())
                        .setPatchable(entry.complete() && sources.takesPatches());
        sources.transfers()
                .apply(entry.contentSha256())
                .ifPresent(telling -> {
                    staged.setSource(telling.source())
                            .setSecondHalfSource(telling.secondHalfSource())
                            .putAllFailedSources(telling.failedSources())
                            .setPatchSha256(telling.patch())
                            .setPatchBytesPresent(telling.patchPresent())
                            .putAllFailedPatches(telling.failedPatches());
                });
        return staged.build();
    }
}
