package dev.sluice.control.depot;

import dev.sluice.control.executor.ContentPatch;
import java.util.List;
import java.util.Set;

/** The patches that this master has for other masters. Safe for use by many threads. */
public interface PatchOffers {

    /** Those that make a content and are whole here. */
    List<ContentPatch> patches(ContentId target);

    /** The contents, by their SHA-256, from which a patch to this one is being made. */
    Set<String> inMaking(ContentId target);
}
