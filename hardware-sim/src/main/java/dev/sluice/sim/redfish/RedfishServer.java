package dev.sluice.sim.redfish;

import dev.sluice.sim.appliance.Appliance;
import dev.sluice.sim.appliance.Ticker;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Redfish service of one appliance: its resources on one port. */
public final class RedfishServer {

    private static final Logger LOG = LoggerFactory.getLogger(RedfishServer.class);
    private static final int IDLE_SECONDS = 60;
    private static final int MAX_HEADER_BYTES = 16 << 10;

    private final HttpServer server;
    private final EventResources events;
    private final ImageDownload download;
    private final LiveAppliance live;
    private final boolean secure;
    private final String host;

    private RedfishServer(
            HttpServer server,
            EventResources events,
            ImageDownload download,
            LiveAppliance live,
            Listen listen) {
        this.server = server;
        this.events = events;
        this.download = download;
        this.live = live;
        this.secure = listen.tls().isPresent();
        this.host = listen.host();
    }

    /** Binds the port, 0 for a free one, and serves the appliance. */
    public static Future<RedfishServer> start(
            Vertx vertx,
            LiveAppliance live,
            Listen listen,
            int port,
            Credentials credentials,
            Ticker ticker,
            long maxImageBytes) {
        Paths paths = new Paths(live.spec().id());
        Sessions sessions = new Sessions(ticker);
        ImageDownload download = new ImageDownload(vertx, maxImageBytes);
        ImageIntake intake = new ImageIntake(vertx, live, download, maxImageBytes);
        EventResources events = new EventResources(vertx, live, paths);

        Router router = Router.router(vertx);
        router.route().handler(context -> hangWhileUnresponsive(vertx, live, ticker, context));
        router.route().handler(new Authentication(credentials, sessions));
        router.route().failureHandler(RedfishServer::fail);
        Routes routes = new Routes(router);
        new ServiceResources(live, credentials, sessions).bind(routes);
        new SystemResources(live, paths).bind(routes);
        new InterfaceResources(live, paths.system(), false).bind(routes);
        new ManagerResources(live, paths).bind(routes);
        new InterfaceResources(live, paths.manager(), true).bind(routes);
        new ChassisResources(live, paths).bind(routes);
        new UpdateResources(live, intake, maxImageBytes).bind(routes);
        intake.bind(router, routes);
        new TaskResources(live).bind(router, routes);
        events.bind(router, routes);
        routes.finish();

        return vertx.createHttpServer(options(listen))
                .requestHandler(router)
                .listen(port, listen.host())
                .map(server -> new RedfishServer(server, events, download, live, listen))
                .onFailure(_ -> {
                    events.close();
                    download.close();
                });
    }

    public int port() {
        return server.actualPort();
    }

    /** The service's address, such as {@code https://127.0.0.1:8443}. */
    public String url() {
        String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return (secure ? "https" : "http") + "://" + name + ":" + port();
    }

    public Future<Void> close() {
        events.close();
        live.close();
        return server.close().eventually(download::close);
    }

    private static HttpServerOptions options(Listen listen) {
        HttpServerOptions options =
                new HttpServerOptions()
                        .setIdleTimeout(IDLE_SECONDS)
                        .setIdleTimeoutUnit(TimeUnit.SECONDS)
                        .setMaxHeaderSize(MAX_HEADER_BYTES)
                        // Redfish is HTTP/1.1; some answers close the connection, which HTTP/2
                        // forbids.
                        .setUseAlpn(false)
                        .setHttp2ClearTextEnabled(false);
        listen.tls()
                .ifPresent(tls ->
                        options.setSsl(true)
                                .setEnabledSecureTransportProtocols(Set.of("TLSv1.3"))
                                .setKeyCertOptions(
                                        new PemKeyCertOptions()
                                                .setCertPath(tls.certificate().toString())
                                                .setKeyPath(tls.key().toString())));
        return options;
    }

    /**
     * Takes the request and never answers it; the connection ends when the controller would answer
     * again.
     */
    private static void hangWhileUnresponsive(
            Vertx vertx, LiveAppliance live, Ticker ticker, RoutingContext context) {
        OptionalLong until = live.use(Appliance::unresponsiveUntilNanos);
        if (until.isEmpty()) {
            context.next();
            return;
        }
        context.request().pause();
        long leftMillis =
                Math.max(1, TimeUnit.NANOSECONDS.toMillis(until.getAsLong() - ticker.nanos()));
        long timer = vertx.setTimer(leftMillis, _ -> context.request().connection().close());
        context.request().connection().closeHandler(_ -> vertx.cancelTimer(timer));
    }

    private static void fail(RoutingContext context) {
        Throwable failure = context.failure();
        if (context.response().ended() || context.response().closed()) {
            LOG.debug(
                    "{} {} failed after its answer or its connection ended",
                    context.request().method(),
                    context.normalizedPath());
            return;
        }
        if (context.statusCode() == 413) {
            context.response().putHeader("Connection", "close");
            Routes.send(
                    context,
                    Reply.problem(
                            413,
                            Message.plain(
                                    "PayloadTooLarge",
                                    "The request body is too large.",
                                    "Send a smaller body.")));
            return;
        }
        if (context.statusCode() >= 400 && context.statusCode() < 500) {
            Routes.send(
                    context,
                    Reply.problem(
                            context.statusCode(),
                            Message.plain(
                                    "UnrecognizedRequestBody",
                                    "The request cannot be understood.",
                                    "Correct the request and resubmit it.")));
            return;
        }
        LOG.error("{} {} failed", context.request().method(), context.normalizedPath(), failure);
        Routes.send(
                context,
                Reply.problem(
                        500,
                        Message.plain(
                                "InternalError",
                                "The request failed due to an internal service error.",
                                "Look into the log of the simulator.")));
    }
}
