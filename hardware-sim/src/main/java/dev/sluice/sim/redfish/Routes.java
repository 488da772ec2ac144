package dev.sluice.sim.redfish;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.zip.CRC32C;

/**
 * Binds resources to a router the Redfish way: JSON in and out, ETags, preconditions, and what is
 * allowed where.
 *
 * <p>A path may have one variable part, {@code :id}, which the functions get; it is empty for paths
 * without.
 */
final class Routes {

    private static final int MAX_JSON_BYTES = 64 << 10;

    private final Router router;
    private final BodyHandler json = BodyHandler.create(false).setBodyLimit(MAX_JSON_BYTES);
    private final Map<String, Set<String>> allowed = new LinkedHashMap<>();

    Routes(Router router) {
        this.router = router;
    }

    /** Serves a resource; the function answers empty for one that does not exist. */
    void read(String path, Function<String, Optional<JsonObject>> resource) {
        allow(path, HttpMethod.GET);
        allow(path, HttpMethod.HEAD);
        router.get(path).handler(context -> get(context, resource));
        router.head(path).handler(context -> get(context, resource));
    }

    /**
     * Serves a resource that can be changed. The change gets what was sent and is answered with the
     * resource after it.
     */
    void write(
            String path,
            Function<String, Optional<JsonObject>> resource,
            BiFunction<String, Payload, Reply> change) {
        read(path, resource);
        allow(path, HttpMethod.PATCH);
        router.patch(path).handler(json).handler(context -> patch(context, resource, change));
    }

    /** Serves an action or a POST to a collection. */
    void post(String path, BiFunction<RoutingContext, Payload, Reply> action) {
        allow(path, HttpMethod.POST);
        router.post(path)
                .handler(json)
                .handler(context ->
                        body(context)
                                .ifPresent(sent ->
                                        send(
                                                context,
                                                action.apply(
                                                        context, new Payload(sent, Set.of())))));
    }

    void delete(String path, Function<String, Reply> action) {
        allow(path, HttpMethod.DELETE);
        router.delete(path).handler(context -> send(context, action.apply(id(context))));
    }

    /** Notes that a method is served at the path by a handler of its own. */
    void allow(String path, HttpMethod method) {
        allowed.computeIfAbsent(path, _ -> new TreeSet<>()).add(method.name());
    }

    /**
     * Answers the other methods on the paths bound so far, and every other path. To be called last.
     */
    void finish() {
        allowed.forEach((path, methods) ->
                router.route(path)
                        .handler(context -> {
                            context.response().putHeader("Allow", String.join(", ", methods));
                            send(
                                    context,
                                    Reply.problem(
                                            405,
                                            Message.plain(
                                                    "OperationNotAllowed",
                                                    "The HTTP method is not allowed on this resource.",
                                                    "Use one of "
                                                            + String.join(", ", methods)
                                                            + ".")));
                        }));
        router.route().handler(context -> send(context, missing(context)));
    }

    static void send(RoutingContext context, Reply reply) {
        HttpServerResponse response = context.response();
        if (response.ended() || response.closed()) {
            return;
        }
        response.putHeader("OData-Version", "4.0").putHeader("Cache-Control", "no-cache");
        switch (reply) {
            case Reply.Done() -> response.setStatusCode(204).end();
            case Reply.Problem(int status, var messages) ->
                    sendJson(context, status, Message.error(messages));
            case Reply.Body(int status, JsonObject body, var headers) -> {
                headers.forEach(response::putHeader);
                sendJson(context, status, body);
            }
        }
    }

    private void get(RoutingContext context, Function<String, Optional<JsonObject>> resource) {
        Optional<JsonObject> found = resource.apply(id(context));
        if (found.isEmpty()) {
            send(context, missing(context));
            return;
        }
        String etag = etag(found.get());
        context.response().putHeader("ETag", etag);
        if (etag.equals(context.request().getHeader("If-None-Match"))) {
            context.response().setStatusCode(304).end();
            return;
        }
        send(context, Reply.ok(found.get()));
    }

    private static void patch(
            RoutingContext context,
            Function<String, Optional<JsonObject>> resource,
            BiFunction<String, Payload, Reply> change) {
        Optional<JsonObject> before = resource.apply(id(context));
        if (before.isEmpty()) {
            send(context, missing(context));
            return;
        }
        String expected = context.request().getHeader("If-Match");
        if (expected != null && !expected.equals("*") && !expected.equals(etag(before.get()))) {
            send(
                    context,
                    Reply.problem(
                            412,
                            Message.plain(
                                    "PreconditionFailed",
                                    "The ETag "
                                            + etag(before.get())
                                            + " of the resource is not the one in If-Match.",
                                    "Read the resource again and resubmit the request.")));
            return;
        }
        Optional<JsonObject> sent = body(context);
        if (sent.isEmpty()) {
            return;
        }
        Reply reply = change.apply(id(context), new Payload(sent.get(), before.get().fieldNames()));
        if (reply instanceof Reply.Done) {
            JsonObject after = resource.apply(id(context)).orElse(before.get());
            context.response().putHeader("ETag", etag(after));
            send(context, Reply.ok(after));
        } else {
            send(context, reply);
        }
    }

    /** The JSON object that was sent; when there is none, the request has been answered. */
    private static Optional<JsonObject> body(RoutingContext context) {
        try {
            JsonObject sent = context.body().asJsonObject();
            if (sent != null) {
                return Optional.of(sent);
            }
        } catch (DecodeException | ClassCastException _) {
            // Answered below, like a body that is missing.
        }
        send(
                context,
                Reply.problem(
                        400,
                        Message.plain(
                                "MalformedJSON",
                                "The request body is not a JSON object.",
                                "Send a JSON object and resubmit the request.")));
        return Optional.empty();
    }

    private static Reply missing(RoutingContext context) {
        return Reply.problem(404, Message.invalidUri(context.normalizedPath()));
    }

    private static String id(RoutingContext context) {
        String id = context.pathParam("id");
        return id == null ? "" : id;
    }

    private static void sendJson(RoutingContext context, int status, JsonObject body) {
        HttpServerResponse response = context.response().setStatusCode(status);
        byte[] bytes = body.encode().getBytes(StandardCharsets.UTF_8);
        response.putHeader("Content-Type", "application/json;charset=utf-8")
                .putHeader("Content-Length", Integer.toString(bytes.length));
        if (context.request().method().equals(HttpMethod.HEAD)) {
            response.end();
        } else {
            response.end(Buffer.buffer(bytes));
        }
    }

    /**
     * A weak tag of what can be changed: the clock's reading is left out, or nothing could ever
     * match.
     */
    private static String etag(JsonObject resource) {
        JsonObject lasting = resource.copy();
        lasting.remove("DateTime");
        CRC32C crc = new CRC32C();
        crc.update(lasting.encode().getBytes(StandardCharsets.UTF_8));
        return String.format(Locale.ROOT, "W/\"%08x\"", crc.getValue());
    }
}
