package dev.sluice.control.depot;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks for contents in several sources. */
final class ContentPlaces {

    private static final Logger LOG = LoggerFactory.getLogger(ContentPlaces.class);

    private ContentPlaces() {}

    /** The first place where a content is whole; a source that cannot be read is passed over. */
    static Optional<ContentSource.Place> first(
            List<? extends ContentSource> sources, String contentSha256) {
        ContentId id = new ContentId(contentSha256);
        for (ContentSource source : sources) {
            try {
                Optional<ContentSource.Place> place = source.place(id);
                if (place.isPresent()) {
                    return place;
                }
            } catch (IOException e) {
                LOG.warn("content {}: {}", id, e.getMessage());
            }
        }
        return Optional.empty();
    }
}
