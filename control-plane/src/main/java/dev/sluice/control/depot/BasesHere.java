package dev.sluice.control.depot;

import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.patch.PatchSource;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
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

    /** What is known now of all versions that there are, by their contents. */
    Known now() {
        Map<String, PatchBase> known = new HashMap<>(ReportedBases.of(fleet.get()));
        imported.get().forEach(pkg -> known.put(pkg.contentSha256(), new PatchBase.Imported(pkg)));
        return new Known(known, contents);
    }

    /** Of one moment. */
    record Known(Map<String, PatchBase> bases, List<ContentSource> contents) {

        /** Where a content is and what it is; empty when it is not here, or nobody knows it. */
        Optional<PatchSource> find(String contentSha256) {
            PatchBase base = bases.get(contentSha256);
            return base == null
                    ? Optional.empty()
                    : contents.stream()
                            .map(source -> in(source, base))
                            .flatMap(Optional::stream)
                            .findFirst();
        }

        private static Optional<PatchSource> in(ContentSource source, PatchBase base) {
            try {
                Optional<ContentSource.Place> place =
                        source.place(new ContentId(base.contentSha256()));
                return place.isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                new PatchSource(
                                        place.get().file(), place.get().start(), base.content()));
            } catch (IOException e) {
                LOG.warn("{}: {}", base.ref(), e.getMessage());
                return Optional.empty();
            }
        }
    }
}
