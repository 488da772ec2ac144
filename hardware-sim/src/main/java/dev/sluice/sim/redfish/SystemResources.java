package dev.sluice.sim.redfish;

import static dev.sluice.sim.redfish.Paths.collection;
import static dev.sluice.sim.redfish.Paths.link;
import static dev.sluice.sim.redfish.Paths.links;
import static dev.sluice.sim.redfish.Paths.resource;
import static dev.sluice.sim.redfish.Paths.status;

import dev.sluice.sim.appliance.Appliance;
import dev.sluice.sim.appliance.ApplianceSpec;
import dev.sluice.sim.appliance.ApplianceState;
import dev.sluice.sim.appliance.BootOutcome;
import dev.sluice.sim.appliance.BootOverride;
import dev.sluice.sim.appliance.Fault;
import dev.sluice.sim.appliance.Outcome;
import dev.sluice.sim.appliance.PowerState;
import dev.sluice.sim.appliance.ResetType;
import dev.sluice.sim.appliance.Slot;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Systems/{id}: power, boot slots and the faults that can be injected. */
final class SystemResources {

    private static final int MAX_WORD_CHARS = 64;
    private static final Duration MAX_FAULT_DURATION = Duration.ofHours(1);
    private static final List<String> FAULT_KINDS =
            List.of(
                    "BootFails",
                    "FaultySlot",
                    "UpdateFails",
                    "SlowUpdate",
                    "OverTemperature",
                    "Unresponsive");

    private final LiveAppliance live;
    private final Paths paths;

    SystemResources(LiveAppliance live, Paths paths) {
        this.live = live;
        this.paths = paths;
    }

    void bind(Routes routes) {
        routes.read(
                Paths.SYSTEMS,
                _ ->
                        Optional.of(
                                collection(
                                        Paths.SYSTEMS,
                                        "ComputerSystemCollection",
                                        "Computer Systems",
                                        List.of(paths.system()))));
        routes.write(
                paths.system(),
                _ -> Optional.of(live.use(this::system)),
                (_, sent) -> change(sent));
        routes.post(paths.reset(), (_, sent) -> reset(sent));
        routes.post(paths.injectFault(), (_, sent) -> injectFault(sent));
    }

    private JsonObject system(Appliance appliance) {
        ApplianceSpec spec = appliance.spec();
        ApplianceState state = appliance.state();
        boolean failed = state.power() == PowerState.ON && state.lastBoot() == BootOutcome.FAILED;
        JsonObject oem =
                new JsonObject()
                        .put("@odata.type", "#SluiceSim.v1_0_0.System")
                        .put("ActiveSlot", state.firmware().active().name())
                        .put("NextBootSlot", state.firmware().nextBoot().name())
                        .put("LastBoot", state.lastBoot().name())
                        .put("Boots", state.boots());
        JsonObject json =
                resource(
                                paths.system(),
                                "ComputerSystem.v1_22_0.ComputerSystem",
                                spec.id(),
                                spec.id())
                        .put("SystemType", "Physical")
                        .put("Manufacturer", "Sluice")
                        .put("Model", spec.model())
                        .put("SerialNumber", spec.serial())
                        .put("PowerState", state.power().redfishName())
                        .put("Status", systemStatus(state, failed))
                        .put(
                                "BootProgress",
                                new JsonObject().put("LastState", bootProgress(state, failed)))
                        .put(
                                "Boot",
                                new JsonObject()
                                        .put(
                                                "BootSourceOverrideEnabled",
                                                state.bootOverride().enabled().redfishName())
                                        .put(
                                                "BootSourceOverrideTarget",
                                                state.bootOverride().target().redfishName())
                                        .put(
                                                "BootSourceOverrideTarget@Redfish.AllowableValues",
                                                names(
                                                        BootOverride.Target.values(),
                                                        BootOverride.Target::redfishName)))
                        .put("EthernetInterfaces", link(paths.system() + "/EthernetInterfaces"))
                        .put(
                                "Links",
                                new JsonObject()
                                        .put("Chassis", links(List.of(paths.chassis())))
                                        .put("ManagedBy", links(List.of(paths.manager()))))
                        .put("Actions", actions())
                        .put("Oem", new JsonObject().put("SluiceSim", oem));
        state.firmware()
                .image(state.firmware().active())
                .ifPresent(image -> json.put("BiosVersion", image.version()));
        return json;
    }

    private JsonObject actions() {
        return new JsonObject()
                .put(
                        "#ComputerSystem.Reset",
                        new JsonObject()
                                .put("target", paths.reset())
                                .put(
                                        "ResetType@Redfish.AllowableValues",
                                        names(ResetType.values(), ResetType::redfishName)))
                .put(
                        "Oem",
                        new JsonObject()
                                .put(
                                        "#SluiceSim.InjectFault",
                                        new JsonObject()
                                                .put("target", paths.injectFault())
                                                .put(
                                                        "Kind@Redfish.AllowableValues",
                                                        new JsonArray(FAULT_KINDS))));
    }

    private static JsonObject systemStatus(ApplianceState state, boolean failed) {
        return switch (state.power()) {
            case ON -> status(failed ? "StandbyOffline" : "Enabled", failed ? "Critical" : "OK");
            case OFF -> status("Disabled", "OK");
            case POWERING_ON -> status("Starting", "OK");
            case POWERING_OFF -> status("Quiesced", "OK");
        };
    }

    private static String bootProgress(ApplianceState state, boolean failed) {
        return switch (state.power()) {
            case ON -> failed ? "OSBootStarted" : "OSRunning";
            case OFF -> "None";
            case POWERING_ON -> "OSBootStarted";
            case POWERING_OFF -> "OSRunning";
        };
    }

    private Reply change(Payload sent) {
        Optional<Payload> boot = sent.object("Boot");
        Optional<BootOverride.Enabled> enabled =
                boot.flatMap(each ->
                        choice(
                                each,
                                "BootSourceOverrideEnabled",
                                BootOverride.Enabled.values(),
                                BootOverride.Enabled::redfishName));
        Optional<BootOverride.Target> target =
                boot.flatMap(each ->
                        choice(
                                each,
                                "BootSourceOverrideTarget",
                                BootOverride.Target.values(),
                                BootOverride.Target::redfishName));
        Optional<Slot> nextBoot =
                sent.object("Oem")
                        .flatMap(oem -> oem.object("SluiceSim"))
                        .flatMap(oem -> choice(oem, "NextBootSlot", Slot.values(), Slot::name));
        List<Message> problems = sent.problems();
        if (!problems.isEmpty()) {
            return new Reply.Problem(400, problems);
        }
        if (nextBoot.isPresent()
                && live.use(appliance -> appliance.selectNextBoot(nextBoot.get()))
                        instanceof Outcome.Rejected(String reason)) {
            return Reply.problem(
                    409, Message.propertyValueConflict("Oem/SluiceSim/NextBootSlot", reason));
        }
        if (boot.isPresent()) {
            live.use(appliance -> {
                BootOverride now = appliance.state().bootOverride();
                appliance.overrideBoot(
                        new BootOverride(
                                enabled.orElse(now.enabled()), target.orElse(now.target())));
                return true;
            });
        }
        return new Reply.Done();
    }

    private Reply reset(Payload sent) {
        if (!sent.has("ResetType")) {
            return Reply.problem(
                    400, Message.actionParameterMissing("ComputerSystem.Reset", "ResetType"));
        }
        Optional<ResetType> type =
                choice(sent, "ResetType", ResetType.values(), ResetType::redfishName);
        List<Message> problems = sent.problems();
        if (!problems.isEmpty()) {
            return new Reply.Problem(400, problems);
        }
        return switch (live.use(appliance -> appliance.reset(type.orElseThrow()))) {
            case Outcome.Accepted() -> new Reply.Done();
            case Outcome.Rejected(String reason) ->
                    Reply.problem(
                            409,
                            Message.plain(
                                    "OperationFailed",
                                    "The reset was refused: " + reason + ".",
                                    reason));
        };
    }

    private Reply injectFault(Payload sent) {
        if (!sent.has("Kind")) {
            return Reply.problem(
                    400, Message.actionParameterMissing("SluiceSim.InjectFault", "Kind"));
        }
        String kind = sent.string("Kind", MAX_WORD_CHARS).orElse("");
        Optional<Fault> fault =
                switch (kind) {
                    case "BootFails" -> need(sent, "Boots", 1, 100).map(Fault.BootFails::new);
                    case "FaultySlot" ->
                            needed(sent, "Slot", choice(sent, "Slot", Slot.values(), Slot::name))
                                    .map(Fault.FaultySlot::new);
                    case "UpdateFails" -> need(sent, "Percent", 0, 99).map(Fault.UpdateFails::new);
                    case "SlowUpdate" -> duration(sent).map(Fault.SlowUpdate::new);
                    case "OverTemperature" ->
                            need(sent, "Celsius", 0, 150).map(Fault.OverTemperature::new);
                    case "Unresponsive" -> duration(sent).map(Fault.Unresponsive::new);
                    default -> {
                        sent.refuse("Kind", kind, String.join(", ", FAULT_KINDS));
                        yield Optional.empty();
                    }
                };
        List<Message> problems = sent.problems();
        if (!problems.isEmpty()) {
            return new Reply.Problem(400, problems);
        }
        live.use(appliance -> {
            appliance.inject(fault.orElseThrow());
            return true;
        });
        return new Reply.Done();
    }

    private static Optional<Integer> need(Payload sent, String parameter, int least, int most) {
        return needed(sent, parameter, sent.integer(parameter, least, most));
    }

    private static <T> Optional<T> needed(Payload sent, String parameter, Optional<T> value) {
        if (!sent.has(parameter)) {
            sent.miss(parameter);
        }
        return value;
    }

    private static Optional<Duration> duration(Payload sent) {
        Optional<String> text = needed(sent, "Duration", sent.string("Duration", MAX_WORD_CHARS));
        try {
            Optional<Duration> duration = text.map(Duration::parse);
            if (duration.isPresent()
                    && (duration.get().isNegative()
                            || duration.get().compareTo(MAX_FAULT_DURATION) > 0)) {
                sent.refuse("Duration", text.get(), "PT0S to " + MAX_FAULT_DURATION);
                return Optional.empty();
            }
            return duration;
        } catch (DateTimeException _) {
            sent.refuse("Duration", text.orElse(""), "ISO 8601 durations such as PT5S");
            return Optional.empty();
        }
    }

    private static <T> Optional<T> choice(
            Payload payload, String property, T[] values, Function<T, String> name) {
        Optional<String> given = payload.string(property, MAX_WORD_CHARS);
        Optional<T> chosen =
                given.flatMap(text ->
                        Arrays.stream(values)
                                .filter(each -> name.apply(each).equals(text))
                                .findFirst());
        if (given.isPresent() && chosen.isEmpty()) {
            payload.refuse(
                    property,
                    given.get(),
                    String.join(", ", Arrays.stream(values).map(name).toList()));
        }
        return chosen;
    }

    private static <T> JsonArray names(T[] values, Function<T, String> name) {
        return new JsonArray(Arrays.stream(values).map(name).toList());
    }
}
