package dev.sluice.control.codec;

import dev.sluice.control.state.Event;
import java.util.LinkedHashSet;
import java.util.Set;

/** The events that there are, found through what the sealed types permit. */
final class EventKinds {

    private EventKinds() {}

    static Set<Class<?>> all() {
        return leaves(Event.class);
    }

    private static Set<Class<?>> leaves(Class<?> type) {
        Class<?>[] permitted = type.getPermittedSubclasses();
        if (permitted == null) {
            return Set.of(type);
        }
        Set<Class<?>> kinds = new LinkedHashSet<>();
        for (Class<?> each : permitted) {
            kinds.addAll(leaves(each));
        }
        return kinds;
    }
}
