package dev.sluice.agent.stage;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which staged packages may be removed to make room, and why the others may not. Pure.
 *
 * @param kept contents that the primary wants kept; empty: it has not said, and everything stays
 * @param installed packages of the current and previous slots, which stay whatever the primary says
 * @param held contents in use
 * @param wanted the content that the room is for
 */
record RoomRule(Optional<Set<String>> kept, Set<Title> installed, Set<String> held, String wanted) {

    RoomRule {
        kept = kept.map(Set::copyOf);
        installed = Set.copyOf(installed);
        held = Set.copyOf(held);
    }

    /** A package's name and version. */
    record Title(String name, String version) {}

    /**
     * What may go and what stays.
     *
     * @param removable oldest first
     * @param staying each with its reason
     */
    record Choice(List<StageArea.Entry> removable, List<String> staying) {
        Choice {
            removable = List.copyOf(removable);
            staying = List.copyOf(staying);
        }
    }

    Choice choose(List<StageArea.Entry> entries) {
        List<StageArea.Entry> removable = new ArrayList<>();
        List<String> staying = new ArrayList<>();
        for (StageArea.Entry entry : entries) {
            if (entry.contentSha256().equals(wanted)) {
                continue;
            }
            Optional<String> why = whyItStays(entry);
            if (why.isPresent()) {
                staying.add("%s %s %s".formatted(entry.name(), entry.version(), why.get()));
            } else {
                removable.add(entry);
            }
        }
        removable.sort(
                Comparator.comparing(StageArea.Entry::since)
                        .thenComparing(StageArea.Entry::contentSha256));
        return new Choice(removable, staying);
    }

    private Optional<String> whyItStays(StageArea.Entry entry) {
        if (installed.contains(new Title(entry.name(), entry.version()))) {
            return Optional.of("is installed here");
        }
        if (held.contains(entry.contentSha256())) {
            return Optional.of("is in use");
        }
        if (kept.isEmpty()) {
            return Optional.of("may be needed: no primary has said yet what is");
        }
        return kept.get().contains(entry.contentSha256())
                ? Optional.of("is needed by the cluster")
                : Optional.empty();
    }
}
