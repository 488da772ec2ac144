package dev.sluice.agent.install;

import dev.sluice.agent.disk.Durable;
import dev.sluice.agent.hardware.FirmwareSlots;
import dev.sluice.agent.hardware.Hardware;
import dev.sluice.agent.hardware.Power;
import dev.sluice.agent.ledger.InstallIntent;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.agent.stage.StagedPackages;
import dev.sluice.agent.traffic.TrafficStatus;
import dev.sluice.agent.trusted.TrustedVersions;
import dev.sluice.agent.trusted.VerifiedChannels;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PayloadExtractor;
import dev.sluice.v1.InstallPackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the node run a package. Every part may be repeated, so that after a crash the same command
 * simply comes again: what is done already is found done.
 */
public final class Installer {

    private static final Logger LOG = LoggerFactory.getLogger(Installer.class);
    private static final Duration POLL = Duration.ofMillis(100);

    private final InstalledPackages installed;
    private final Slots slots;
    private final StagedPackages staged;
    private final ServiceKeeper keeper;
    private final RunningVersion running;
    private final Hardware hardware;
    private final Ledger ledger;
    private final TrustedVersions trusted;
    private final VerifiedChannels channels;
    private final Limits limits;
    private final Path scratch;
    private final Consumer<String> activity;

    /** The version that the service itself answers with; empty while it does not. */
    @FunctionalInterface
    public interface RunningVersion {
        Optional<String> get();
    }

    /**
     * @param nodeId for messages
     * @param startDeadline how long a new version of the service may take to answer
     * @param resetDeadline how long the system may take from reset until it runs a new image
     */
    public record Limits(
            String nodeId, String hardwareModel, Duration startDeadline, Duration resetDeadline) {}

    /**
     * @param scratch a directory for the image of a base package
     * @param activity is told in words what is being done; empty: nothing
     */
    public Installer(
            InstalledPackages installed,
            Slots slots,
            StagedPackages staged,
            ServiceKeeper keeper,
            RunningVersion running,
            Hardware hardware,
            Ledger ledger,
            TrustedVersions trusted,
            VerifiedChannels channels,
            Limits limits,
            Path scratch,
            Consumer<String> activity) {
        this.installed = installed;
        this.slots = slots;
        this.staged = staged;
        this.keeper = keeper;
        this.running = running;
        this.hardware = hardware;
        this.ledger = ledger;
        this.trusted = trusted;
        this.channels = channels;
        this.limits = limits;
        this.scratch = scratch;
        this.activity = activity;
    }

    public Outcome install(String commandId, InstallPackage order) throws InterruptedException {
        String title = order.getPackage().getName() + " " + order.getPackage().getVersion();
        activity.accept("checking " + title);
        try (StagedPackages.Use _ = staged.use(order)) {
            StagedPackages.Verified found = staged.verified(order);
            Outcome outcome = install(commandId, order, found);
            activity.accept("");
            return outcome;
        } catch (InvalidPackageException e) {
            resumeAfterFailure();
            activity.accept("");
            return Outcome.refused(
                    "node %s: %s: %s".formatted(limits.nodeId(), title, e.getMessage()));
        } catch (IOException e) {
            resumeAfterFailure();
            activity.accept("install of " + title + " failed");
            return Outcome.retryable(
                    "node %s: %s: %s".formatted(limits.nodeId(), title, e.getMessage()));
        }
    }

    private Outcome install(String commandId, InstallPackage order, StagedPackages.Verified found)
            throws IOException, InterruptedException {
        Manifest manifest = found.manifest();
        SortedMap<String, String> before = installed.now();
        boolean isCurrent = manifest.version().value().equals(before.get(manifest.name().value()));
        if (isCurrent && isRunning(manifest)) {
            ledger.append(new LedgerRecord.InstallEnded());
            return new Outcome.Done(manifest.title() + " is installed and runs");
        }
        ServiceKeeper.View service = keeper.observe();
        Optional<String> refusal =
                InstallGuard.refusal(manifest, facts(before, service), order.getCutClients())
                        .or(() -> trusted.refusal(limits.nodeId(), manifest))
                        .or(() -> channels.refusal(limits.nodeId(), manifest));
        if (refusal.isPresent()) {
            return Outcome.refused(refusal.get());
        }
        trusted.installing(manifest);
        ledger.append(
                new LedgerRecord.InstallBegun(
                        new InstallIntent(
                                commandId,
                                manifest.name().value(),
                                manifest.version().value(),
                                manifest.content().sha256().hex())));
        LOG.info("{}: install begins over {}", manifest.title(), before);
        if (order.getCutClients()) {
            int cut = keeper.cutSessions();
            if (cut > 0) {
                LOG.warn("{}: {} sessions were cut for it", manifest.title(), cut);
            }
        }
        Outcome outcome =
                manifest.kind() == PackageKind.BASE
                        ? installBase(manifest, found.content(), before)
                        : installRoles(manifest, found, before);
        if (outcome instanceof Outcome.Done) {
            ledger.append(new LedgerRecord.InstallEnded());
            if (manifest.kind() != PackageKind.BASE) {
                removeOld(manifest);
            }
        }
        return outcome;
    }

    /** The install succeeded whether this does or not: the next one tries again. */
    private void removeOld(Manifest manifest) {
        try {
            List<String> removed = slots.removeOld(manifest.name().value());
            if (!removed.isEmpty()) {
                LOG.info("{}: its slots {} are removed", manifest.name().value(), removed);
            }
        } catch (IOException e) {
            LOG.warn("{}: old slots stay: {}", manifest.name().value(), e.toString());
        }
    }

    private InstallGuard.Facts facts(SortedMap<String, String> before, ServiceKeeper.View service) {
        boolean open =
                service.site().map(TrafficStatus::accepting).orElse(false)
                        || ledger.state().desiredAdmission().orElse(false);
        return new InstallGuard.Facts(
                limits.nodeId(),
                limits.hardwareModel(),
                before,
                open,
                service.site().map(TrafficStatus::connectedClients).orElse(0),
                ledger.state().interlock());
    }

    private boolean isRunning(Manifest manifest) throws IOException, InterruptedException {
        return switch (manifest.kind()) {
            case SITE -> {
                ServiceKeeper.View view = keeper.observe();
                boolean nothingToRun =
                        view.slot()
                                .filter(slot -> slot.packageName().equals(manifest.name().value()))
                                .isEmpty();
                yield nothingToRun
                        || (view.pid().isPresent()
                                && running.get().equals(Optional.of(manifest.version().value())));
            }
            case BASE -> keeper.observe().pid().isPresent() || keeper.view().slot().isEmpty();
            case ADDON -> true;
        };
    }

    private Outcome installRoles(
            Manifest manifest, StagedPackages.Verified found, SortedMap<String, String> before)
            throws IOException, InterruptedException {
        activity.accept("unpacking " + manifest.title());
        Slot slot = slots.unpack(manifest, found.manifestBytes(), found.content());
        if (manifest.kind() != PackageKind.SITE || slot.command().isEmpty()) {
            slots.activate(slot);
            return new Outcome.Done(manifest.title() + " is the current slot");
        }
        activity.accept("switching to " + manifest.title());
        keeper.pause();
        slots.activate(slot);
        keeper.resume();
        return awaitService(manifest, before.get(manifest.name().value()));
    }

    private Outcome awaitService(Manifest manifest, @Nullable String from)
            throws InterruptedException {
        activity.accept("waiting for " + manifest.title() + " to answer");
        Optional<String> wanted = Optional.of(manifest.version().value());
        long end = System.nanoTime() + limits.startDeadline().toNanos();
        while (keeper.view().pid().isEmpty() || !running.get().equals(wanted)) {
            if (System.nanoTime() - end > 0) {
                return Outcome.retryable(
                        "node %s: expected the service to answer as %s within %d s, found %s; see its log"
                                .formatted(
                                        limits.nodeId(),
                                        manifest.title(),
                                        limits.startDeadline().toSeconds(),
                                        running.get().orElse(keeper.view().detail())));
            }
            Thread.sleep(POLL);
        }
        return new Outcome.Done(
                "%s runs, it was %s"
                        .formatted(manifest.title(), from == null ? "not there" : from));
    }

    private Outcome installBase(Manifest manifest, Path content, SortedMap<String, String> before)
            throws IOException, InterruptedException {
        if (!(manifest.installation() instanceof Installation.Image(var file))) {
            throw new InvalidPackageException(manifest.title() + " has no image");
        }
        String name = manifest.name().value();
        String version = manifest.version().value();
        activity.accept("stopping the service for " + manifest.title());
        keeper.pause();
        awaitPowerOn();
        boolean restarted = !version.equals(hardware.firmware().active().get(name));
        if (restarted) {
            Path image = scratch.resolve("image");
            Durable.removeTree(scratch);
            Files.createDirectories(scratch);
            PayloadExtractor.extractFile(content, file, image);
            activity.accept("handing over the image of " + manifest.title());
            hardware.firmware().push(name, version, image);
            Durable.removeTree(scratch);
            activity.accept("restarting into " + manifest.title());
            LOG.info("{}: the system is restarted", manifest.title());
            hardware.power().restart();
        }
        Optional<String> failure = awaitBase(name, version, restarted);
        if (failure.isPresent()) {
            ledger.append(new LedgerRecord.InterlockSet(failure.get()));
            if (isHardwareWell()) {
                keeper.resume();
            }
            return Outcome.refused(
                    "node %s: %s; power actions are interlocked until an operator clears it"
                            .formatted(limits.nodeId(), failure.get()));
        }
        keeper.resume();
        if (keeper.view().slot().isPresent()) {
            Outcome service = awaitSameService(manifest);
            if (service instanceof Outcome.Failed) {
                return service;
            }
        }
        return new Outcome.Done(
                "%s runs, it was %s; read from the hardware"
                        .formatted(manifest.title(), before.getOrDefault(name, "not there")));
    }

    /** What was stopped for an install that failed runs again, in the version that is current. */
    private void resumeAfterFailure() throws InterruptedException {
        try {
            keeper.resume();
        } catch (IOException e) {
            LOG.warn("service: {}", e.getMessage());
        }
    }

    /** Whether the system is up, in whatever version: then the service is better there than not. */
    private boolean isHardwareWell() {
        try {
            return hardware.power().state() == Power.State.ON
                    && hardware.sensors().read().fault().isEmpty();
        } catch (IOException e) {
            LOG.warn("{}", e.getMessage());
            return false;
        }
    }

    /**
     * A restart that an earlier attempt began is waited for: it must not be restarted into again.
     */
    private void awaitPowerOn() throws IOException, InterruptedException {
        long end = System.nanoTime() + limits.resetDeadline().toNanos();
        while (hardware.power().state() != Power.State.ON) {
            if (System.nanoTime() - end > 0) {
                throw new IOException(
                        "expected power on within %d s, found %s"
                                .formatted(
                                        limits.resetDeadline().toSeconds(),
                                        hardware.power().state().label()));
            }
            Thread.sleep(POLL);
        }
    }

    private Optional<String> awaitBase(String name, String version, boolean restarted)
            throws InterruptedException {
        long end = System.nanoTime() + limits.resetDeadline().toNanos();
        String found = "no answer";
        boolean wentDown = !restarted;
        boolean cameBack = false;
        while (!cameBack && System.nanoTime() - end <= 0) {
            try {
                Power.State power = hardware.power().state();
                FirmwareSlots firmware = hardware.firmware();
                String active = firmware.active().getOrDefault(name, "none");
                if (power == Power.State.ON && active.equals(version)) {
                    return Optional.empty();
                }
                found = "power %s with %s %s".formatted(power.label(), name, active);
                wentDown |= power != Power.State.ON;
                cameBack = wentDown && power == Power.State.ON;
            } catch (IOException e) {
                found = String.valueOf(e.getMessage());
            }
            Thread.sleep(POLL);
        }
        return Optional.of(
                "expected power on with %s %s within %d s of the restart, found %s"
                        .formatted(name, version, limits.resetDeadline().toSeconds(), found));
    }

    /** The service comes back in the version that it had. */
    private Outcome awaitSameService(Manifest base) throws InterruptedException {
        activity.accept("waiting for the service after " + base.title());
        long end = System.nanoTime() + limits.startDeadline().toNanos();
        while (keeper.view().pid().isEmpty() || running.get().isEmpty()) {
            if (System.nanoTime() - end > 0) {
                return Outcome.retryable(
                        "node %s: expected the service to answer within %d s of %s, found: %s"
                                .formatted(
                                        limits.nodeId(),
                                        limits.startDeadline().toSeconds(),
                                        base.title(),
                                        keeper.view().detail()));
            }
            Thread.sleep(POLL);
        }
        return new Outcome.Done();
    }
}
