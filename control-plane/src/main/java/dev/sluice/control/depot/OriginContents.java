package dev.sluice.control.depot;

import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.serve.ContentLibrary;
import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The contents that this master is the origin of: those of the packages that the cluster's state
 * names and that are here. The leaf table of one is made when it is first asked for, and kept.
 */
public final class OriginContents implements ContentLibrary {

    private final Supplier<? extends Collection<PackageRecord>> imported;
    private final List<ContentSource> sources;
    private final Path tables;

    /**
     * Contents.
     *
     * @param imported the packages of the state
     * @param tables a directory for leaf tables, made when it is missing
     */
    public OriginContents(
            Supplier<? extends Collection<PackageRecord>> imported,
            List<? extends ContentSource> sources,
            Path tables)
            throws IOException {
        this.imported = imported;
        this.sources = List.copyOf(sources);
        this.tables = Files.createDirectories(tables);
    }

    @Override
    public Optional<ReadableContent> find(Sha256 content) throws IOException {
        Optional<PackageRecord> record =
                imported.get().stream()
                        .filter(pkg -> pkg.contentSha256().equals(content.hex()))
                        .findFirst();
        if (record.isEmpty()) {
            return Optional.empty();
        }
        ContentId id = new ContentId(content.hex());
        for (ContentSource source : sources) {
            Optional<ContentSource.Place> place = source.place(id);
            if (place.isPresent()) {
                return Optional.of(
                        CompleteContent.withTable(
                                Manifest.parse(record.get().manifest().toArray()).content(),
                                place.get().file(),
                                place.get().start(),
                                tables.resolve(id.sha256())));
            }
        }
        return Optional.empty();
    }
}
