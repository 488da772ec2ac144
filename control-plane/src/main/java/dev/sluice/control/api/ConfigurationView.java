package dev.sluice.control.api;

import dev.sluice.control.model.Policy;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Configuration;
import dev.sluice.v1.GetConfigurationResponse;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** The settings in force: those of the policy also where nobody has changed them. */
final class ConfigurationView {

    private ConfigurationView() {}

    static GetConfigurationResponse of(ClusterState state) {
        Configuration configuration = state.configuration();
        Map<String, String> settings = policy(state.policy());
        settings.putAll(configuration.settings());
        return GetConfigurationResponse.newBuilder()
                .putAllSettings(settings)
                .setRevision(configuration.revision())
                .setFrozenBy(Objects.toString(configuration.frozenBy(), ""))
                .addAllForcedChanges(WireValues.forced(configuration))
                .build();
    }

    private static Map<String, String> policy(Policy policy) {
        Map<String, String> settings = new TreeMap<>();
        settings.put("policy.waves", String.valueOf(policy.waves()));
        settings.put("policy.canaries", String.valueOf(policy.canaries()));
        settings.put("policy.minAcceptingShare", String.valueOf(policy.minAcceptingShare()));
        settings.put(
                "policy.failureBudget.perRegion",
                String.valueOf(policy.failureBudget().perRegion()));
        settings.put("policy.failureBudget.total", String.valueOf(policy.failureBudget().total()));
        settings.put("policy.drain.deadline", policy.drain().deadline().toString());
        settings.put(
                "policy.drain.onDeadline",
                policy.drain().onDeadline().name().toLowerCase(Locale.ROOT));
        settings.put("policy.soak", policy.soak().toString());
        return settings;
    }
}
