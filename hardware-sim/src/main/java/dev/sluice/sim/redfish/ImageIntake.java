package dev.sluice.sim.redfish;

import dev.sluice.sim.appliance.Appliance;
import dev.sluice.sim.appliance.BaseImage;
import dev.sluice.sim.appliance.UpdateTask;
import dev.sluice.sim.store.ApplianceStore;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.FileUpload;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Receives an image, pushed or fetched, verifies it and lets the appliance write it. Images go to
 * disk as they come in.
 */
final class ImageIntake {

    private static final String FILE_PART = "UpdateFile";
    private static final String PARAMETERS_PART = "UpdateParameters";
    private static final int MAX_PARAMETERS_BYTES = 8 << 10;
    private static final int MULTIPART_OVERHEAD_BYTES = 16 << 10;

    private final Vertx vertx;
    private final LiveAppliance live;
    private final ImageDownload download;
    private final long maxImageBytes;
    private boolean uploading;

    ImageIntake(Vertx vertx, LiveAppliance live, ImageDownload download, long maxImageBytes) {
        this.vertx = vertx;
        this.live = live;
        this.download = download;
        this.maxImageBytes = maxImageBytes;
    }

    void bind(Router router, Routes routes) {
        routes.allow(Paths.MULTIPART, HttpMethod.POST);
        BodyHandler toDisk =
                BodyHandler.create(live.store().incoming().toString())
                        .setBodyLimit(maxImageBytes + MULTIPART_OVERHEAD_BYTES)
                        .setDeleteUploadedFilesOnEnd(true);
        router.post(Paths.MULTIPART).handler(this::reserve);
        router.post(Paths.MULTIPART).handler(toDisk).handler(this::push);
    }

    /** Starts to fetch the image and answers with the task that says how it goes. */
    Reply fetch(URI uri, UpdateRequest request) {
        if (uploading) {
            return busy();
        }
        Optional<UpdateTask> begun = live.use(Appliance::beginUpdate);
        if (begun.isEmpty()) {
            return busy();
        }
        long taskId = begun.get().id();
        Path file = incomingFile(taskId);
        download.fetch(uri, file)
                .onSuccess(_ -> verify(taskId, file, request))
                .onFailure(failure ->
                        refuse(
                                taskId,
                                file,
                                new UpdateTask.Message(
                                        "TransferFailed",
                                        "The image at "
                                                + uri
                                                + " was not received: "
                                                + failure.getMessage()
                                                + ".")));
        return accepted(begun.get());
    }

    /** Takes one push at a time, and refuses another before its bytes come in. */
    private void reserve(RoutingContext context) {
        boolean busy =
                uploading
                        || live.use(appliance ->
                                appliance.tasks().stream().anyMatch(task -> !task.isEnded()));
        if (busy) {
            context.response().putHeader("Connection", "close");
            Routes.send(context, busy());
            return;
        }
        uploading = true;
        context.addEndHandler(_ -> uploading = false);
        context.next();
    }

    private void push(RoutingContext context) {
        Routes.send(context, receivePush(context));
    }

    private Reply receivePush(RoutingContext context) {
        List<FileUpload> files =
                context.fileUploads().stream()
                        .filter(file -> file.name().equals(FILE_PART))
                        .toList();
        Optional<String> parameters = parametersPart(context);
        if (files.size() != 1 || parameters.isEmpty()) {
            return Reply.problem(
                    400,
                    Message.plain(
                            "UnrecognizedRequestBody",
                            "The request body needs one part "
                                    + PARAMETERS_PART
                                    + " with JSON and one part "
                                    + FILE_PART
                                    + " with the image.",
                            "Send multipart/form-data with both parts."));
        }
        JsonObject json;
        try {
            json = new JsonObject(parameters.get());
        } catch (DecodeException _) {
            return Reply.problem(
                    400,
                    Message.plain(
                            "MalformedJSON",
                            PARAMETERS_PART + " is not a JSON object.",
                            "Send a JSON object."));
        }
        Payload payload = new Payload(json, Set.of());
        UpdateRequest request = UpdateRequest.read(payload);
        List<Message> problems = payload.problems();
        if (!problems.isEmpty()) {
            return new Reply.Problem(400, problems);
        }
        Optional<UpdateTask> begun = live.use(Appliance::beginUpdate);
        if (begun.isEmpty()) {
            return busy();
        }
        long taskId = begun.get().id();
        Path file = incomingFile(taskId);
        try {
            // Out of the request's care, which deletes what it received when it ends.
            Files.move(Path.of(files.getFirst().uploadedFileName()), file);
        } catch (IOException e) {
            refuse(
                    taskId,
                    file,
                    new UpdateTask.Message(
                            "TransferFailed", "The image was not stored: " + e.getMessage()));
            return accepted(begun.get());
        }
        verify(taskId, file, request);
        return accepted(begun.get());
    }

    private static Optional<String> parametersPart(RoutingContext context) {
        String attribute = context.request().getFormAttribute(PARAMETERS_PART);
        if (attribute != null) {
            return Optional.of(attribute);
        }
        Optional<FileUpload> file =
                context.fileUploads().stream()
                        .filter(each -> each.name().equals(PARAMETERS_PART))
                        .findFirst();
        if (file.isEmpty() || file.get().size() > MAX_PARAMETERS_BYTES) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readString(Path.of(file.get().uploadedFileName())));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private void verify(long taskId, Path file, UpdateRequest request) {
        vertx.executeBlocking(() -> ApplianceStore.inspect(file))
                .onSuccess(found -> {
                    Optional<String> wrong = mismatch(found, request);
                    if (wrong.isPresent()) {
                        refuse(
                                taskId,
                                file,
                                new UpdateTask.Message("VerificationFailed", wrong.get()));
                    } else {
                        write(taskId, file, found.orElseThrow());
                    }
                })
                .onFailure(failure ->
                        refuse(
                                taskId,
                                file,
                                new UpdateTask.Message(
                                        "VerificationFailed",
                                        "The image cannot be read: "
                                                + failure.getMessage()
                                                + ".")));
    }

    private static Optional<String> mismatch(Optional<BaseImage> found, UpdateRequest request) {
        if (found.isEmpty()) {
            return Optional.of(
                    "The file does not start with a line 'SLUICE-BASE <name> <version>': it is no base image.");
        }
        return request.sha256()
                .filter(declared -> !declared.equals(found.get().sha256()))
                .map(declared ->
                        "The image has SHA-256 "
                                + found.get().sha256()
                                + ", expected "
                                + declared
                                + ".");
    }

    private void write(long taskId, Path file, BaseImage image) {
        live.receive(taskId, file);
        live.use(appliance -> {
            appliance.writeImage(taskId, image);
            return true;
        });
    }

    private void refuse(long taskId, Path file, UpdateTask.Message message) {
        live.store().discard(file);
        live.use(appliance -> {
            appliance.failUpdate(taskId, message);
            return true;
        });
    }

    private Path incomingFile(long taskId) {
        return live.store().incoming().resolve("task-" + taskId + ".img");
    }

    private static Reply accepted(UpdateTask task) {
        return new Reply.Body(
                202,
                TaskResources.describe(task),
                Map.of("Location", Paths.TASK_MONITORS + "/" + task.id(), "Retry-After", "1"));
    }

    private static Reply busy() {
        return Reply.problem(
                409,
                Message.plain(
                        "UpdateInProgress",
                        "An update is in progress.",
                        "Wait for its task to end and resubmit the request."));
    }
}
