package dev.sluice.control.depot;

import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.patch.PatchSource;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The versions on this machine that patches can be applied to, imported or not.
 *
 * @param contents where they are whole
 */
public record BasesHere(
        Supplier<? extends Collection<PackageRecord>> imported,
        Supplier<? extends Collection<NodeObservation>> fleet,
        List<ContentSource> contents) {

    public BasesHere {
        contents = List.copyOf(contents);
    }

    /** Where a content is and what it is; empty when it is not here, or nobody knows what it is. */
    Optional<PatchSource> find(String contentSha256) throws IOException {
        Optional<PatchBase> base = base(contentSha256);
        if (base.isEmpty()) {
            return Optional.empty();
        }
        for (ContentSource source : contents) {
            Optional<ContentSource.Place> place = source.place(new ContentId(contentSha256));
            if (place.isPresent()) {
                return Optional.of(
                        new PatchSource(
                                place.get().file(), place.get().start(), base.get().content()));
            }
        }
        return Optional.empty();
    }

    private Optional<PatchBase> base(String contentSha256) {
        return imported.get().stream()
                .filter(pkg -> pkg.contentSha256().equals(contentSha256))
                .<PatchBase>map(PatchBase.Imported::new)
                .findFirst()
                .or(() -> Optional.ofNullable(ReportedBases.of(fleet.get()).get(contentSha256)));
    }
}
