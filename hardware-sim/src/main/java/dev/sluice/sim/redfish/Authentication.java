package dev.sluice.sim.redfish;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Lets in who has a session's token or the right password; without either only the service root and
 * the login.
 */
final class Authentication implements Handler<RoutingContext> {

    private static final int MAX_HEADER_CHARS = 1_024;
    private static final String BASIC = "Basic ";

    private final Credentials credentials;
    private final Sessions sessions;

    Authentication(Credentials credentials, Sessions sessions) {
        this.credentials = credentials;
        this.sessions = sessions;
    }

    @Override
    public void handle(RoutingContext context) {
        if (isOpen(context.request(), context.normalizedPath()) || isKnown(context.request())) {
            context.next();
            return;
        }
        context.response().putHeader("WWW-Authenticate", "Basic realm=\"Redfish\"");
        Routes.send(context, denied());
    }

    static Reply denied() {
        return Reply.problem(
                401,
                Message.plain(
                        "NoValidSession",
                        "The request has no valid session or credentials.",
                        "Create a session at " + Paths.SESSIONS + " or send credentials."));
    }

    private static boolean isOpen(HttpServerRequest request, String path) {
        String plain =
                path.length() > 1 && path.endsWith("/")
                        ? path.substring(0, path.length() - 1)
                        : path;
        if (request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD)) {
            return plain.equals(Paths.VERSIONS) || plain.equals(Paths.ROOT);
        }
        return request.method().equals(HttpMethod.POST) && plain.equals(Paths.SESSIONS);
    }

    private boolean isKnown(HttpServerRequest request) {
        String token = request.getHeader("X-Auth-Token");
        if (token != null) {
            return sessions.use(token).isPresent();
        }
        String header = request.getHeader("Authorization");
        if (header == null || header.length() > MAX_HEADER_CHARS || !header.startsWith(BASIC)) {
            return false;
        }
        try {
            String pair =
                    new String(
                            Base64.getDecoder().decode(header.substring(BASIC.length())),
                            StandardCharsets.UTF_8);
            int colon = pair.indexOf(':');
            return colon > 0
                    && credentials.match(pair.substring(0, colon), pair.substring(colon + 1));
        } catch (IllegalArgumentException _) {
            return false;
        }
    }
}
