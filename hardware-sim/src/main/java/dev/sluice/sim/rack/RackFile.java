package dev.sluice.sim.rack;

import dev.sluice.sim.appliance.ApplianceSpec;
import dev.sluice.sim.appliance.Fault;
import dev.sluice.sim.appliance.Slot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads a rack file, YAML or JSON, strictly. */
public final class RackFile {

    public static final int MAX_APPLIANCES = 1_000;

    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_FAULTS = 16;
    private static final Duration MAX_DURATION = Duration.ofHours(1);
    private static final Duration MAX_OFFSET = Duration.ofDays(36_500);
    private static final List<String> APPLIANCE_KEYS =
            List.of(
                    "id",
                    "port",
                    "model",
                    "serial",
                    "base",
                    "boot",
                    "shutdown",
                    "update",
                    "clockOffset",
                    "seed",
                    "faults");
    private static final List<String> FAULT_KEYS =
            List.of("kind", "boots", "slot", "percent", "duration", "celsius");
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,62}");
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]{0,62}");

    private RackFile() {}

    public static Rack read(Path file) throws IOException, InvalidRack {
        if (Files.size(file) > MAX_BYTES) {
            throw new InvalidRack(
                    "rack file "
                            + file
                            + ": expected at most "
                            + MAX_BYTES
                            + " bytes, found "
                            + Files.size(file));
        }
        return parse(file.toString(), Files.readString(file));
    }

    static Rack parse(String file, String text) throws InvalidRack {
        LoadSettings settings =
                LoadSettings.builder().setLabel(file).setAllowDuplicateKeys(true).build();
        Node root;
        try {
            root =
                    new Compose(settings)
                            .composeString(text)
                            .orElseThrow(() ->
                                    new InvalidRack(
                                            "rack file "
                                                    + file
                                                    + ": is empty; expected 'appliances:'"));
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0);
            throw new InvalidRack(
                    "rack file " + file + ", line " + line + ": not YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            throw new InvalidRack("rack file " + file + ": not YAML: " + e.getMessage());
        }
        YamlMap top = YamlMap.of(file, "", root, List.of("appliances"));
        List<YamlMap> entries = top.maps("appliances", APPLIANCE_KEYS, MAX_APPLIANCES);
        if (entries.isEmpty()) {
            throw top.invalid("appliances", "expected at least one appliance, found none");
        }
        Set<String> ids = new HashSet<>();
        Set<Integer> ports = new HashSet<>();
        List<Rack.Place> places = new ArrayList<>();
        for (YamlMap entry : entries) {
            Rack.Place place = place(entry);
            if (!ids.add(place.appliance().id())) {
                throw entry.invalid(
                        "id", "'" + place.appliance().id() + "' is used twice; ids must differ");
            }
            if (place.port() != 0 && !ports.add(place.port())) {
                throw entry.invalid(
                        "port",
                        place.port() + " is used twice; ports must differ, or be 0 for a free one");
            }
            places.add(place);
        }
        return new Rack(places);
    }

    private static Rack.Place place(YamlMap entry) throws InvalidRack {
        String id = entry.string("id", ID, "1 to 63 of A-Z a-z 0-9 _ -");
        List<Fault> faults = new ArrayList<>();
        for (YamlMap fault : entry.maps("faults", FAULT_KEYS, MAX_FAULTS)) {
            faults.add(fault(fault));
        }
        return new Rack.Place(
                new ApplianceSpec(
                        id,
                        entry.optionalString("model", WORD, "a model such as sx-100")
                                .orElse("sx-100"),
                        entry.optionalString("serial", WORD, "a serial number").orElse("SIM-" + id),
                        entry.string(
                                "base",
                                WORD,
                                "a version such as 6.2.0 (quote one that YAML takes for a number)"),
                        entry.duration(
                                "boot", ApplianceSpec.DEFAULT_BOOT, Duration.ZERO, MAX_DURATION),
                        entry.duration(
                                "shutdown",
                                ApplianceSpec.DEFAULT_SHUTDOWN,
                                Duration.ZERO,
                                MAX_DURATION),
                        entry.duration(
                                "update",
                                ApplianceSpec.DEFAULT_UPDATE,
                                Duration.ZERO,
                                MAX_DURATION),
                        entry.duration(
                                "clockOffset", Duration.ZERO, MAX_OFFSET.negated(), MAX_OFFSET),
                        entry.integer("seed", id.hashCode(), Long.MIN_VALUE, Long.MAX_VALUE),
                        faults),
                (int) entry.integer("port", 0, 0, 65_535));
    }

    private static Fault fault(YamlMap map) throws InvalidRack {
        String kind = map.string("kind", Pattern.compile("[A-Za-z]+"), "the kind of a fault");
        return switch (kind) {
            case "BootFails" ->
                    new Fault.BootFails((int) given(map, "boots").integer("boots", 1, 1, 100));
            case "FaultySlot" ->
                    new Fault.FaultySlot(
                            Slot.valueOf(map.string("slot", Pattern.compile("[AB]"), "A or B")));
            case "UpdateFails" ->
                    new Fault.UpdateFails((int) given(map, "percent").integer("percent", 0, 0, 99));
            case "SlowUpdate" ->
                    new Fault.SlowUpdate(
                            given(map, "duration")
                                    .duration(
                                            "duration",
                                            Duration.ZERO,
                                            Duration.ZERO,
                                            MAX_DURATION));
            case "OverTemperature" ->
                    new Fault.OverTemperature(
                            (int) given(map, "celsius").integer("celsius", 0, 0, 150));
            case "Unresponsive" ->
                    new Fault.Unresponsive(
                            given(map, "duration")
                                    .duration(
                                            "duration",
                                            Duration.ZERO,
                                            Duration.ZERO,
                                            MAX_DURATION));
            default ->
                    throw map.invalid(
                            "kind",
                            "expected BootFails, FaultySlot, UpdateFails, SlowUpdate, OverTemperature or Unresponsive,"
                                    + " found '"
                                    + kind
                                    + "'");
        };
    }

    private static YamlMap given(YamlMap map, String key) throws InvalidRack {
        if (!map.has(key)) {
            throw map.invalid(key, "missing; this kind of fault needs it");
        }
        return map;
    }
}
