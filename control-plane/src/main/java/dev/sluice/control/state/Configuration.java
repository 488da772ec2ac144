package dev.sluice.control.state;

import dev.sluice.control.model.PlanId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/**
 * The cluster's settings, and whether they are frozen.
 *
 * @param revision grows with every change
 * @param frozenBy the plan that froze it; null: not frozen
 * @param frozenSettings the settings when they were frozen: what a resync puts back
 * @param forced the changes forced since the last upgrade was started, oldest first
 */
public record Configuration(
        TreePMap<String, String> settings,
        long revision,
        @Nullable PlanId frozenBy,
        TreePMap<String, String> frozenSettings,
        List<ForcedChange> forced) {

    public static final Configuration EMPTY =
            new Configuration(TreePMap.empty(), 0, null, TreePMap.empty(), List.of());

    public Configuration {
        forced = List.copyOf(forced);
    }

    /**
     * A change that was forced while the configuration was frozen.
     *
     * @param frozenValue what it is put back to; null: the key had no value
     * @param forcedValue what it was forced to; null: the key was removed
     * @param overwritten a resync has put it back
     */
    public record ForcedChange(
            String key,
            @Nullable String frozenValue,
            @Nullable String forcedValue,
            Actor actor,
            Instant at,
            boolean overwritten) {}

    Configuration withSetting(String key, @Nullable String value) {
        TreePMap<String, String> next =
                value == null ? settings.minus(key) : settings.plus(key, value);
        return new Configuration(next, revision + 1, frozenBy, frozenSettings, forced);
    }

    Configuration withForced(ForcedChange change) {
        List<ForcedChange> next = new java.util.ArrayList<>(forced);
        next.add(change);
        return new Configuration(settings, revision, frozenBy, frozenSettings, next);
    }

    Configuration frozen(PlanId plan) {
        return new Configuration(settings, revision, plan, settings, forced);
    }

    /** A new upgrade lists its own forced changes only, over all its freezes. */
    Configuration withoutForced() {
        return new Configuration(settings, revision, frozenBy, frozenSettings, List.of());
    }

    Configuration restored() {
        List<ForcedChange> done =
                forced.stream()
                        .map(c ->
                                new ForcedChange(
                                        c.key(),
                                        c.frozenValue(),
                                        c.forcedValue(),
                                        c.actor(),
                                        c.at(),
                                        true))
                        .toList();
        return new Configuration(frozenSettings, revision + 1, frozenBy, frozenSettings, done);
    }

    Configuration unfrozen() {
        return new Configuration(settings, revision, null, TreePMap.empty(), forced);
    }
}
