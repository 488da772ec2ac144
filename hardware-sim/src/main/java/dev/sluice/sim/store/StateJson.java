package dev.sluice.sim.store;

import dev.sluice.sim.appliance.ActiveFaults;
import dev.sluice.sim.appliance.ApplianceState;
import dev.sluice.sim.appliance.BaseImage;
import dev.sluice.sim.appliance.BootOutcome;
import dev.sluice.sim.appliance.BootOverride;
import dev.sluice.sim.appliance.EthernetInterface;
import dev.sluice.sim.appliance.EthernetInterface.Ipv4Address;
import dev.sluice.sim.appliance.Firmware;
import dev.sluice.sim.appliance.Ntp;
import dev.sluice.sim.appliance.PowerState;
import dev.sluice.sim.appliance.Slot;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** An appliance's state as JSON. Decoding refuses what encoding would not have written. */
final class StateJson {

    private static final int FORMAT = 1;

    private StateJson() {}

    static JsonObject encode(ApplianceState state) {
        Firmware firmware = state.firmware();
        JsonArray faulty = new JsonArray();
        firmware.faulty().stream().sorted().forEach(slot -> faulty.add(slot.name()));
        JsonObject slots = new JsonObject();
        for (Slot slot : Slot.values()) {
            firmware.image(slot).ifPresent(image -> slots.put(slot.name(), encode(image)));
        }
        JsonArray interfaces = new JsonArray();
        state.interfaces().forEach(each -> interfaces.add(encode(each)));
        return new JsonObject()
                .put("format", FORMAT)
                .put("power", state.power().name())
                .put("restartAfterOff", state.restartAfterOff())
                .put("active", firmware.active().name())
                .put("nextBoot", firmware.nextBoot().name())
                .put("faulty", faulty)
                .put("slots", slots)
                .put("lastBoot", state.lastBoot().name())
                .put("boots", state.boots())
                .put("bootOverrideEnabled", state.bootOverride().enabled().name())
                .put("bootOverrideTarget", state.bootOverride().target().name())
                .put("clockOffset", state.clockOffset().toString())
                .put("ntpEnabled", state.ntp().enabled())
                .put("ntpServers", new JsonArray(state.ntp().servers()))
                .put("interfaces", interfaces)
                .put("faults", encode(state.faults()));
    }

    /** The state; an IllegalArgumentException names the member that is missing or wrong. */
    static ApplianceState decode(JsonObject json) {
        if (number(json, "format") != FORMAT) {
            throw new IllegalArgumentException(
                    "format " + json.getValue("format") + ", expected " + FORMAT);
        }
        List<EthernetInterface> interfaces = new ArrayList<>();
        for (Object each : value(json, "interfaces", JsonArray.class)) {
            interfaces.add(decodeInterface(object("interfaces", each)));
        }
        return new ApplianceState(
                constant(json, "power", PowerState.class),
                value(json, "restartAfterOff", Boolean.class),
                decodeFirmware(json),
                constant(json, "lastBoot", BootOutcome.class),
                number(json, "boots"),
                new BootOverride(
                        constant(json, "bootOverrideEnabled", BootOverride.Enabled.class),
                        constant(json, "bootOverrideTarget", BootOverride.Target.class)),
                duration(json, "clockOffset"),
                new Ntp(value(json, "ntpEnabled", Boolean.class), strings(json, "ntpServers")),
                interfaces,
                decodeFaults(value(json, "faults", JsonObject.class)));
    }

    private static JsonObject encode(BaseImage image) {
        return new JsonObject()
                .put("name", image.name())
                .put("version", image.version())
                .put("sha256", image.sha256())
                .put("sizeBytes", image.sizeBytes());
    }

    private static JsonObject encode(EthernetInterface each) {
        JsonArray addresses = new JsonArray();
        for (Ipv4Address address : each.addresses()) {
            addresses.add(
                    new JsonObject()
                            .put("address", address.address())
                            .put("subnetMask", address.subnetMask())
                            .put("gateway", address.gateway()));
        }
        return new JsonObject()
                .put("id", each.id())
                .put("ofManager", each.ofManager())
                .put("mac", each.mac())
                .put("enabled", each.enabled())
                .put("addresses", addresses);
    }

    private static JsonObject encode(ActiveFaults faults) {
        JsonObject json = new JsonObject().put("failingBoots", faults.failingBoots());
        faults.updateFailsAt().ifPresent(percent -> json.put("updateFailsAt", percent));
        faults.updateDuration()
                .ifPresent(duration -> json.put("updateDuration", duration.toString()));
        faults.overTemperature().ifPresent(celsius -> json.put("overTemperature", celsius));
        return json;
    }

    private static Firmware decodeFirmware(JsonObject json) {
        JsonObject slots = value(json, "slots", JsonObject.class);
        Set<Slot> faulty = EnumSet.noneOf(Slot.class);
        strings(json, "faulty").forEach(name -> faulty.add(constant("faulty", name, Slot.class)));
        return new Firmware(
                constant(json, "active", Slot.class),
                constant(json, "nextBoot", Slot.class),
                decodeImage(slots, Slot.A),
                decodeImage(slots, Slot.B),
                faulty);
    }

    private static Optional<BaseImage> decodeImage(JsonObject slots, Slot slot) {
        if (!slots.containsKey(slot.name())) {
            return Optional.empty();
        }
        JsonObject json = value(slots, slot.name(), JsonObject.class);
        String sha256 = value(json, "sha256", String.class);
        if (!sha256.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException(
                    "member sha256: expected 64 hex digits, found " + sha256);
        }
        return Optional.of(
                new BaseImage(
                        value(json, "name", String.class),
                        value(json, "version", String.class),
                        sha256,
                        number(json, "sizeBytes")));
    }

    private static EthernetInterface decodeInterface(JsonObject json) {
        List<Ipv4Address> addresses = new ArrayList<>();
        for (Object each : value(json, "addresses", JsonArray.class)) {
            JsonObject address = object("addresses", each);
            addresses.add(
                    new Ipv4Address(
                            value(address, "address", String.class),
                            value(address, "subnetMask", String.class),
                            value(address, "gateway", String.class)));
        }
        return new EthernetInterface(
                value(json, "id", String.class),
                value(json, "ofManager", Boolean.class),
                value(json, "mac", String.class),
                value(json, "enabled", Boolean.class),
                addresses);
    }

    private static ActiveFaults decodeFaults(JsonObject json) {
        return new ActiveFaults(
                (int) number(json, "failingBoots"),
                json.containsKey("updateFailsAt")
                        ? Optional.of((int) number(json, "updateFailsAt"))
                        : Optional.empty(),
                json.containsKey("updateDuration")
                        ? Optional.of(duration(json, "updateDuration"))
                        : Optional.empty(),
                json.containsKey("overTemperature")
                        ? Optional.of((int) number(json, "overTemperature"))
                        : Optional.empty());
    }

    private static <T> T value(JsonObject json, String key, Class<T> type) {
        Object value = json.getValue(key);
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException(
                    "member " + key + ": expected " + type.getSimpleName() + ", found " + value);
        }
        return type.cast(value);
    }

    private static long number(JsonObject json, String key) {
        return value(json, key, Number.class).longValue();
    }

    private static <E extends Enum<E>> E constant(JsonObject json, String key, Class<E> type) {
        return constant(key, value(json, key, String.class), type);
    }

    private static <E extends Enum<E>> E constant(String key, String name, Class<E> type) {
        try {
            return Enum.valueOf(type, name);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "member " + key + ": expected a " + type.getSimpleName() + ", found " + name,
                    e);
        }
    }

    private static Duration duration(JsonObject json, String key) {
        String text = value(json, key, String.class);
        try {
            return Duration.parse(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "member " + key + ": expected a duration, found " + text, e);
        }
    }

    private static List<String> strings(JsonObject json, String key) {
        List<String> strings = new ArrayList<>();
        for (Object each : value(json, key, JsonArray.class)) {
            if (!(each instanceof String text)) {
                throw new IllegalArgumentException(
                        "member " + key + ": expected strings, found " + each);
            }
            strings.add(text);
        }
        return strings;
    }

    private static JsonObject object(String key, Object each) {
        if (!(each instanceof JsonObject json)) {
            throw new IllegalArgumentException(
                    "member " + key + ": expected objects, found " + each);
        }
        return json;
    }
}
