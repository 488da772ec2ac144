package dev.sluice.control.codec;

import dev.sluice.control.model.PlanId;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Configuration;
import dev.sluice.control.state.Configuration.ForcedChange;
import dev.sluice.v1.JournalConfiguration;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.pcollections.TreePMap;

/** The cluster's settings, both ways. */
final class ConfigurationMapping {

    private ConfigurationMapping() {}

    static JournalConfiguration encode(Configuration configuration) {
        JournalConfiguration.Builder message =
                JournalConfiguration.newBuilder()
                        .addAllSettings(encode(configuration.settings()))
                        .setRevision(configuration.revision())
                        .addAllFrozenSettings(encode(configuration.frozenSettings()));
        PlanId frozenBy = configuration.frozenBy();
        if (frozenBy != null) {
            message.setFrozenBy(frozenBy.value());
        }
        configuration.forced().forEach(change -> message.addForced(encode(change)));
        return message.build();
    }

    static Configuration decode(JournalConfiguration message) {
        JournalFormat.known(message);
        return new Configuration(
                decode(message.getSettingsList()),
                message.getRevision(),
                message.hasFrozenBy() ? new PlanId(message.getFrozenBy()) : null,
                decode(message.getFrozenSettingsList()),
                message.getForcedList().stream().map(ConfigurationMapping::decode).toList());
    }

    private static List<JournalConfiguration.Setting> encode(SortedMap<String, String> settings) {
        return settings.entrySet().stream()
                .map(e ->
                        JournalConfiguration.Setting.newBuilder()
                                .setKey(e.getKey())
                                .setValue(e.getValue())
                                .build())
                .toList();
    }

    private static TreePMap<String, String> decode(List<JournalConfiguration.Setting> settings) {
        SortedMap<String, String> decoded = new TreeMap<>();
        for (JournalConfiguration.Setting setting : settings) {
            JournalFormat.known(setting);
            ValueMapping.putNew(decoded, setting.getKey(), setting.getValue(), "setting");
        }
        return TreePMap.from(decoded);
    }

    private static JournalConfiguration.ForcedChange encode(ForcedChange change) {
        JournalConfiguration.ForcedChange.Builder message =
                JournalConfiguration.ForcedChange.newBuilder()
                        .setKey(change.key())
                        .setActor(change.actor().name())
                        .setAt(ValueMapping.encode(change.at()))
                        .setOverwritten(change.overwritten());
        String frozen = change.frozenValue();
        if (frozen != null) {
            message.setFrozenValue(frozen);
        }
        String forced = change.forcedValue();
        if (forced != null) {
            message.setForcedValue(forced);
        }
        return message.build();
    }

    private static ForcedChange decode(JournalConfiguration.ForcedChange message) {
        JournalFormat.known(message);
        JournalFormat.require(message.hasAt(), "time of a forced change");
        return new ForcedChange(
                message.getKey(),
                message.hasFrozenValue() ? message.getFrozenValue() : null,
                message.hasForcedValue() ? message.getForcedValue() : null,
                new Actor(message.getActor()),
                ValueMapping.decode(message.getAt()),
                message.getOverwritten());
    }
}
