package dev.sluice.sim.redfish;

import dev.sluice.sim.appliance.Ticker;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The sessions of one service. They live as long as they are used, and end with the process. */
final class Sessions {

    static final int MAX_SESSIONS = 32;
    static final Duration TIMEOUT = Duration.ofMinutes(30);

    private static final int TOKEN_BYTES = 32;

    private final Ticker ticker;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Session> byToken = new LinkedHashMap<>();
    private long lastId;

    Sessions(Ticker ticker) {
        this.ticker = ticker;
    }

    /** A session and the secret that stands for it. */
    record Session(String id, String user, String token, long lastUsedNanos) {
        private Session usedAt(long nanos) {
            return new Session(id, user, token, nanos);
        }

        @Override
        public String toString() {
            return "Session[" + id + " of " + user + "]";
        }
    }

    /** Opens a session; empty when there are too many. */
    Optional<Session> open(String user) {
        expire();
        if (byToken.size() >= MAX_SESSIONS) {
            return Optional.empty();
        }
        byte[] secret = new byte[TOKEN_BYTES];
        random.nextBytes(secret);
        String token = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        Session session = new Session(Long.toString(++lastId), user, token, ticker.nanos());
        byToken.put(token, session);
        return Optional.of(session);
    }

    /** The session that the token stands for, whose time begins anew. */
    Optional<Session> use(String token) {
        expire();
        return Optional.ofNullable(
                byToken.computeIfPresent(token, (_, session) -> session.usedAt(ticker.nanos())));
    }

    Optional<Session> find(String id) {
        expire();
        return byToken.values().stream().filter(session -> session.id().equals(id)).findFirst();
    }

    boolean close(String id) {
        return byToken.values().removeIf(session -> session.id().equals(id));
    }

    List<Session> all() {
        expire();
        return List.copyOf(byToken.values());
    }

    private void expire() {
        long now = ticker.nanos();
        byToken.values().removeIf(session -> now - session.lastUsedNanos() > TIMEOUT.toNanos());
    }
}
