package dev.sluice.sim.redfish;

import static dev.sluice.sim.redfish.Paths.collection;
import static dev.sluice.sim.redfish.Paths.link;
import static dev.sluice.sim.redfish.Paths.resource;
import static dev.sluice.sim.redfish.Paths.status;

import dev.sluice.sim.appliance.Appliance;
import dev.sluice.sim.appliance.BaseImage;
import dev.sluice.sim.appliance.Firmware;
import dev.sluice.sim.appliance.Slot;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * The UpdateService with the inventory of both slots, and the update that fetches its image itself.
 */
final class UpdateResources {

    private static final int MAX_URI_CHARS = 2_048;

    private final LiveAppliance live;
    private final ImageIntake intake;
    private final long maxImageBytes;

    UpdateResources(LiveAppliance live, ImageIntake intake, long maxImageBytes) {
        this.live = live;
        this.intake = intake;
        this.maxImageBytes = maxImageBytes;
    }

    void bind(Routes routes) {
        routes.read(Paths.UPDATE_SERVICE, _ -> Optional.of(service()));
        routes.read(
                Paths.FIRMWARE,
                _ ->
                        Optional.of(
                                collection(
                                        Paths.FIRMWARE,
                                        "SoftwareInventoryCollection",
                                        "Firmware Inventory",
                                        List.of(
                                                Paths.FIRMWARE + "/Base",
                                                Paths.FIRMWARE + "/BaseSlotA",
                                                Paths.FIRMWARE + "/BaseSlotB"))));
        routes.read(
                Paths.FIRMWARE + "/Base",
                _ ->
                        Optional.of(
                                inventory(
                                        "Base",
                                        live.use(appliance ->
                                                appliance.state().firmware().active()))));
        for (Slot slot : Slot.values()) {
            String id = "BaseSlot" + slot.name();
            routes.read(Paths.FIRMWARE + "/" + id, _ -> Optional.of(inventory(id, slot)));
        }
        routes.post(Paths.SIMPLE_UPDATE, (_, sent) -> simpleUpdate(sent));
    }

    private JsonObject service() {
        return resource(
                        Paths.UPDATE_SERVICE,
                        "UpdateService.v1_14_0.UpdateService",
                        "UpdateService",
                        "Update Service")
                .put("ServiceEnabled", true)
                .put("Status", status("Enabled", "OK"))
                .put("FirmwareInventory", link(Paths.FIRMWARE))
                .put("MultipartHttpPushUri", Paths.MULTIPART)
                .put("MaxImageSizeBytes", maxImageBytes)
                .put(
                        "Actions",
                        new JsonObject()
                                .put(
                                        "#UpdateService.SimpleUpdate",
                                        new JsonObject()
                                                .put("target", Paths.SIMPLE_UPDATE)
                                                .put(
                                                        "TransferProtocol@Redfish.AllowableValues",
                                                        new JsonArray().add("HTTP"))));
    }

    private JsonObject inventory(String id, Slot slot) {
        return live.use(appliance -> inventory(appliance, id, slot));
    }

    private static JsonObject inventory(Appliance appliance, String id, Slot slot) {
        Firmware firmware = appliance.state().firmware();
        Optional<BaseImage> image = firmware.image(slot);
        boolean active = firmware.active() == slot;
        boolean faulty = firmware.faulty().contains(slot);
        String state = image.isEmpty() ? "Absent" : active ? "Enabled" : "StandbySpare";
        JsonObject oem =
                new JsonObject()
                        .put("@odata.type", "#SluiceSim.v1_0_0.Slot")
                        .put("Slot", slot.name())
                        .put("Active", active)
                        .put("NextBoot", firmware.nextBoot() == slot);
        JsonObject json =
                resource(
                                Paths.FIRMWARE + "/" + id,
                                "SoftwareInventory.v1_10_2.SoftwareInventory",
                                id,
                                id.equals("Base")
                                        ? "Running base image"
                                        : "Base image in slot " + slot)
                        .put("Updateable", true)
                        .put("Status", status(state, faulty ? "Critical" : "OK"))
                        .put("Oem", new JsonObject().put("SluiceSim", oem));
        image.ifPresent(held -> {
            json.put("Version", held.version()).put("SoftwareId", held.name());
            oem.put("Sha256", held.sha256()).put("SizeBytes", held.sizeBytes());
        });
        return json;
    }

    private Reply simpleUpdate(Payload sent) {
        if (!sent.has("ImageURI")) {
            return Reply.problem(
                    400, Message.actionParameterMissing("UpdateService.SimpleUpdate", "ImageURI"));
        }
        sent.string("TransferProtocol", MAX_URI_CHARS)
                .filter(protocol -> !protocol.equals("HTTP"))
                .ifPresent(protocol -> sent.refuse("TransferProtocol", protocol, "HTTP"));
        Optional<URI> uri =
                sent.string("ImageURI", MAX_URI_CHARS).flatMap(text -> httpUri(sent, text));
        UpdateRequest request = UpdateRequest.read(sent);
        List<Message> problems = sent.problems();
        return problems.isEmpty()
                ? intake.fetch(uri.orElseThrow(), request)
                : new Reply.Problem(400, problems);
    }

    private static Optional<URI> httpUri(Payload sent, String text) {
        try {
            URI uri = URI.create(text);
            if ("http".equals(uri.getScheme())
                    && uri.getHost() != null
                    && uri.getUserInfo() == null) {
                return Optional.of(uri);
            }
        } catch (IllegalArgumentException _) {
            // Refused below, like a URI of another form.
        }
        sent.refuse("ImageURI", text, "the URIs of the form http://host/path");
        return Optional.empty();
    }
}
