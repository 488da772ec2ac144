package dev.sluice.agent.stage;

import dev.sluice.trust.packages.Manifest;
import dev.sluice.v1.PackageRef;
import dev.sluice.v1.RemovedPackage;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes room on the disk of the staged packages, when there is not enough for one that is to come:
 * removes those that {@link RoomRule} names, one after the other, until there is.
 */
public final class StageRoom {

    private static final Logger LOG = LoggerFactory.getLogger(StageRoom.class);

    /** Removals that are told in reports; the log has them all. */
    private static final int MAX_TOLD = 16;

    /** Packages that stay, named in one message; the rest is counted. */
    private static final int MAX_NAMED = 5;

    private final StageArea area;
    private final KeptPackages kept;
    private final Installed installed;
    private final FreeSpace freeSpace;
    private final Deque<RemovedPackage> removed = new ArrayDeque<>();

    /** Bytes that may still be written to the disk of the staged packages. */
    @FunctionalInterface
    public interface FreeSpace {
        long bytes() throws IOException;
    }

    /** The packages of the node's slots. */
    @FunctionalInterface
    public interface Installed {

        /**
         * Package name to version: what the current slots hold, and what the previous ones do.
         *
         * @throws IOException when that cannot be known; then nothing is removed
         */
        List<Map<String, String>> slots() throws IOException;
    }

    public StageRoom(StageArea area, KeptPackages kept, Installed installed, FreeSpace freeSpace) {
        this.area = area;
        this.kept = kept;
        this.installed = installed;
        this.freeSpace = freeSpace;
    }

    /**
     * Has so many bytes free for a package.
     *
     * @return what is lacking, and why nothing more was removed, when that cannot be had
     */
    Optional<String> make(Manifest wanted, long neededBytes) throws IOException {
        long free = freeSpace.bytes();
        if (free >= neededBytes) {
            return Optional.empty();
        }
        long before = free;
        RoomRule.Choice choice = choice(wanted);
        int gone = 0;
        for (StageArea.Entry entry : choice.removable()) {
            if (area.removeUnlessHeld(entry.contentSha256())) {
                gone++;
                note(entry, wanted, neededBytes, free);
                free = freeSpace.bytes();
                if (free >= neededBytes) {
                    return Optional.empty();
                }
            }
        }
        return Optional.of(
                "%s: needs %d bytes of disk space, found %d free%s%s; make room on the node"
                        .formatted(
                                wanted.title(),
                                neededBytes,
                                free,
                                gone == 0
                                        ? ""
                                        : " after %d packages were removed, %d before"
                                                .formatted(gone, before),
                                staying(choice.staying())));
    }

    private RoomRule.Choice choice(Manifest wanted) throws IOException {
        Set<RoomRule.Title> titles =
                installed.slots().stream()
                        .flatMap(slots -> slots.entrySet().stream())
                        .map(slot -> new RoomRule.Title(slot.getKey(), slot.getValue()))
                        .collect(Collectors.toSet());
        return new RoomRule(kept.contents(), titles, area.held(), wanted.content().sha256().hex())
                .choose(area.entries());
    }

    private static String staying(List<String> staying) {
        if (staying.isEmpty()) {
            return "";
        }
        int more = staying.size() - MAX_NAMED;
        return "; "
                + staying.stream().limit(MAX_NAMED).collect(Collectors.joining(", "))
                + (more > 0 ? " and %d more".formatted(more) : "");
    }

    private void note(StageArea.Entry entry, Manifest wanted, long neededBytes, long free) {
        String reason =
                "%s needs %d bytes, %d were free, and the cluster does not need this one"
                        .formatted(wanted.title(), neededBytes, free);
        LOG.info(
                "staged package {} {} ({} of {} bytes, content {}) is removed: {}",
                entry.name(),
                entry.version(),
                entry.present(),
                entry.total(),
                entry.contentSha256(),
                reason);
        synchronized (removed) {
            if (removed.size() == MAX_TOLD) {
                removed.removeFirst();
            }
            removed.addLast(
                    RemovedPackage.newBuilder()
                            .setPackage(
                                    PackageRef.newBuilder()
                                            .setName(entry.name())
                                            .setVersion(entry.version()))
                            .setContentSha256(entry.contentSha256())
                            .setBytes(entry.present())
                            .setReason(reason)
                            .build());
        }
    }

    /** What was removed since the start, the last ones, oldest first. */
    public List<RemovedPackage> removed() {
        synchronized (removed) {
            return List.copyOf(removed);
        }
    }

    /** The name of what the primary told last to be kept; empty: nothing. */
    public String keptDigest() {
        return kept.digest();
    }
}
