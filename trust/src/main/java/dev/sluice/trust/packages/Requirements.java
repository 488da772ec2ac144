package dev.sluice.trust.packages;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** The key {@code requires}, as manifests and channels have it. */
public final class Requirements {
    private static final String KEY = "requires";

    private Requirements() {}

    /** Reads the list; empty when the key is missing. */
    public static List<Requirement> read(StrictObject from) throws InvalidPackageException {
        List<Requirement> requires = new ArrayList<>();
        for (StrictObject requirement : from.objects(KEY)) {
            requires.add(
                    new Requirement(
                            requirement.read("name", PackageName::new),
                            requirement.read("range", VersionRange::new)));
            requirement.end();
        }
        return requires;
    }

    /** Writes the list, also an empty one. */
    public static void write(List<Requirement> requires, ObjectNode to) {
        var list = to.putArray(KEY);
        for (Requirement requirement : requires) {
            list.addObject()
                    .put("name", requirement.name().value())
                    .put("range", requirement.range().value());
        }
    }
}
