package dev.sluice.control.depot;

import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.patch.PatchSource;
import dev.sluice.trust.packages.InvalidPackageException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The versions on this machine that patches can be applied to, imported or not.
 *
 * @param contents where they are whole
 */
public record BasesHere(
        Supplier<? extends Collection<PackageRecord>> imported,
        Supplier<? extends Collection<NodeObservation>> fleet,
        List<ContentSource> contents) {

    private static final Logger LOG = LoggerFactory.getLogger(BasesHere.class);

    public BasesHere {
        contents = List.copyOf(contents);
    }

    /** What is known now of all versions that there are. */
    Known now() {
        return new Known(PatchBase.known(imported.get(), fleet.get()), contents);
    }

    /** Of one moment. */
    record Known(Map<String, PatchBase> bases, List<ContentSource> contents) {

        /** Where a content is and what it is; empty when it is not here, or nobody knows it. */
        Optional<PatchSource> find(String contentSha256) {
            PatchBase base = bases.get(contentSha256);
            return base == null
                    ? Optional.empty()
                    : ContentPlaces.first(contents, contentSha256)
                            .flatMap(place -> source(base, place));
        }

        private static Optional<PatchSource> source(PatchBase base, ContentSource.Place place) {
            try {
                return Optional.of(new PatchSource(place.file(), place.start(), base.content()));
            } catch (InvalidPackageException e) {
                LOG.warn("{}: {}", base.ref(), e.getMessage());
                return Optional.empty();
            }
        }
    }
}
