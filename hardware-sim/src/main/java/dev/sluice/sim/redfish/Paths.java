package dev.sluice.sim.redfish;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** The addresses of one appliance's resources. */
record Paths(String applianceId) {

    static final String VERSIONS = "/redfish";
    static final String ROOT = "/redfish/v1";
    static final String SESSION_SERVICE = ROOT + "/SessionService";
    static final String SESSIONS = SESSION_SERVICE + "/Sessions";
    static final String SYSTEMS = ROOT + "/Systems";
    static final String MANAGERS = ROOT + "/Managers";
    static final String CHASSIS = ROOT + "/Chassis";
    static final String UPDATE_SERVICE = ROOT + "/UpdateService";
    static final String SIMPLE_UPDATE = UPDATE_SERVICE + "/Actions/UpdateService.SimpleUpdate";
    static final String MULTIPART = UPDATE_SERVICE + "/multipart";
    static final String FIRMWARE = UPDATE_SERVICE + "/FirmwareInventory";
    static final String TASK_SERVICE = ROOT + "/TaskService";
    static final String TASKS = TASK_SERVICE + "/Tasks";
    static final String TASK_MONITORS = TASK_SERVICE + "/TaskMonitors";
    static final String EVENT_SERVICE = ROOT + "/EventService";
    static final String SUBSCRIPTIONS = EVENT_SERVICE + "/Subscriptions";
    static final String EVENT_STREAM = EVENT_SERVICE + "/SSE";

    String system() {
        return SYSTEMS + "/" + applianceId;
    }

    String reset() {
        return system() + "/Actions/ComputerSystem.Reset";
    }

    String injectFault() {
        return system() + "/Actions/Oem/SluiceSim.InjectFault";
    }

    String manager() {
        return MANAGERS + "/" + applianceId;
    }

    String networkProtocol() {
        return manager() + "/NetworkProtocol";
    }

    String chassis() {
        return CHASSIS + "/" + applianceId;
    }

    String thermal() {
        return chassis() + "/Thermal";
    }

    String power() {
        return chassis() + "/Power";
    }

    static JsonObject link(String path) {
        return new JsonObject().put("@odata.id", path);
    }

    static JsonArray links(List<String> paths) {
        JsonArray links = new JsonArray();
        paths.forEach(path -> links.add(link(path)));
        return links;
    }

    /** A resource with the members that every resource has. */
    static JsonObject resource(String path, String type, String id, String name) {
        return new JsonObject()
                .put("@odata.id", path)
                .put("@odata.type", "#" + type)
                .put("Id", id)
                .put("Name", name);
    }

    static JsonObject collection(String path, String type, String name, List<String> members) {
        return new JsonObject()
                .put("@odata.id", path)
                .put("@odata.type", "#" + type + "." + type)
                .put("Name", name)
                .put("Members@odata.count", members.size())
                .put("Members", links(members));
    }

    static JsonObject status(String state, String health) {
        return new JsonObject().put("State", state).put("Health", health);
    }
}
