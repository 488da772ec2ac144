package dev.sluice.trust.packages;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** How a package gets into effect on a node. */
public sealed interface Installation {
    /** A file of the payload is handed to the management controller. Base packages only. */
    record Image(PayloadPath file) implements Installation {}

    /** A directory of the payload per role is unpacked, and its command run. All other packages. */
    record Roles(SortedMap<Role, RolePayload> payloads) implements Installation {
        public Roles {
            payloads = Collections.unmodifiableSortedMap(new TreeMap<>(payloads));
        }

        public static Roles of(Map<Role, RolePayload> payloads) {
            return new Roles(new TreeMap<>(payloads));
        }
    }
}
