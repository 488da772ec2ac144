package dev.sluice.sim.redfish;

import static dev.sluice.sim.redfish.Paths.collection;
import static dev.sluice.sim.redfish.Paths.link;
import static dev.sluice.sim.redfish.Paths.resource;
import static dev.sluice.sim.redfish.Paths.status;

import dev.sluice.sim.appliance.Appliance;
import dev.sluice.sim.appliance.BaseImage;
import dev.sluice.sim.appliance.UpdateTask;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;

/** The TaskService: how each update goes. */
final class TaskResources {

    private static final int MAX_ID_DIGITS = 18;

    private final LiveAppliance live;

    TaskResources(LiveAppliance live) {
        this.live = live;
    }

    void bind(Router router, Routes routes) {
        routes.read(
                Paths.TASK_SERVICE,
                _ ->
                        Optional.of(
                                resource(
                                                Paths.TASK_SERVICE,
                                                "TaskService.v1_2_1.TaskService",
                                                "TaskService",
                                                "Task Service")
                                        .put("ServiceEnabled", true)
                                        .put("CompletedTaskOverWritePolicy", "Oldest")
                                        .put("Status", status("Enabled", "OK"))
                                        .put("Tasks", link(Paths.TASKS))));
        routes.read(
                Paths.TASKS,
                _ ->
                        Optional.of(
                                collection(
                                        Paths.TASKS,
                                        "TaskCollection",
                                        "Tasks",
                                        live.use(Appliance::tasks).stream()
                                                .map(task -> Paths.TASKS + "/" + task.id())
                                                .toList())));
        routes.read(Paths.TASKS + "/:id", id -> find(id).map(TaskResources::describe));
        routes.allow(Paths.TASK_MONITORS + "/:id", HttpMethod.GET);
        router.get(Paths.TASK_MONITORS + "/:id").handler(this::monitor);
    }

    static JsonObject describe(UpdateTask task) {
        JsonArray messages = new JsonArray();
        boolean failed = task.state() == UpdateTask.State.EXCEPTION;
        for (UpdateTask.Message message : task.messages()) {
            messages.add(
                    new JsonObject()
                            .put("@odata.type", "#Message.v1_2_0.Message")
                            .put("MessageId", "Update.1.1." + message.id())
                            .put("Message", message.text())
                            .put("MessageArgs", new JsonArray())
                            .put("MessageSeverity", failed ? "Critical" : "OK")
                            .put(
                                    "Resolution",
                                    failed ? "See the message; send the update again." : "None."));
        }
        String id = Long.toString(task.id());
        JsonObject json =
                resource(Paths.TASKS + "/" + id, "Task.v1_7_4.Task", id, "Base image update " + id)
                        .put("TaskState", task.state().redfishName())
                        .put("TaskStatus", failed ? "Critical" : "OK")
                        .put("PercentComplete", task.percent())
                        .put("StartTime", task.started().truncatedTo(ChronoUnit.MILLIS).toString())
                        .put("TaskMonitor", Paths.TASK_MONITORS + "/" + id)
                        .put("Messages", messages);
        task.ended()
                .ifPresent(ended ->
                        json.put("EndTime", ended.truncatedTo(ChronoUnit.MILLIS).toString()));
        task.image().map(TaskResources::oem).ifPresent(oem -> json.put("Oem", oem));
        return json;
    }

    private static JsonObject oem(BaseImage image) {
        return new JsonObject()
                .put(
                        "SluiceSim",
                        new JsonObject()
                                .put("@odata.type", "#SluiceSim.v1_0_0.Update")
                                .put("Version", image.version())
                                .put("Sha256", image.sha256()));
    }

    private void monitor(RoutingContext context) {
        Optional<UpdateTask> task = find(context.pathParam("id"));
        if (task.isEmpty()) {
            Routes.send(context, Reply.problem(404, Message.invalidUri(context.normalizedPath())));
        } else {
            Routes.send(
                    context,
                    new Reply.Body(
                            task.get().isEnded() ? 200 : 202, describe(task.get()), Map.of()));
        }
    }

    private Optional<UpdateTask> find(String id) {
        boolean number =
                !id.isEmpty()
                        && id.length() <= MAX_ID_DIGITS
                        && id.chars().allMatch(c -> c >= '0' && c <= '9');
        return number
                ? live.use(appliance -> appliance.task(Long.parseLong(id)))
                : Optional.empty();
    }
}
