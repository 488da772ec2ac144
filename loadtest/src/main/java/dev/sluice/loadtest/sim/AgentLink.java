package dev.sluice.loadtest.sim;

import com.google.protobuf.Message;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.SessionResponse;
import dev.sluice.v1.Welcome;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An agent's session with one master, opened again whenever it ended. */
final class AgentLink {

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    private final World world;
    private final Life life;
    private final String node;
    private final String master;
    private final AgentDesk desk;
    private final Supplier<SessionRequest> hello;
    private final Runnable changed;
    private Duration pause = FIRST_PAUSE;
    private @Nullable End end;
    private @Nullable Welcome welcome;

    AgentLink(
            World world,
            Life life,
            String node,
            String master,
            AgentDesk desk,
            Supplier<SessionRequest> hello,
            Runnable changed) {
        this.world = world;
        this.life = life;
        this.node = node;
        this.master = master;
        this.desk = desk;
        this.hello = hello;
        this.changed = changed;
    }

    String master() {
        return master;
    }

    Optional<Welcome> welcome() {
        return Optional.ofNullable(welcome);
    }

    void dial() {
        Attempt attempt = new Attempt();
        End opened =
                world.network()
                        .dial(
                                life,
                                node,
                                world.machine(master),
                                World.agentService(master),
                                attempt);
        attempt.end = opened;
        end = opened;
        opened.send(hello.get());
    }

    /** Sends in the session that there is, or nothing. */
    void send(SessionRequest message) {
        if (end != null && end.isOpen()) {
            end.send(message);
        }
    }

    /** Sends a report unless the transport is full: the next one will be newer. */
    void offerReport(SessionRequest report) {
        if (end != null && welcome != null && end.isReady()) {
            end.send(report);
        }
    }

    private final class Attempt implements Receiver {
        private @Nullable End end;

        @Override
        public void message(Message message) {
            SessionResponse response = (SessionResponse) message;
            if (response.hasWelcome()) {
                welcome = response.getWelcome();
                pause = FIRST_PAUSE;
                world.trace().say(life.name(), () -> "session with %s is up".formatted(master));
                changed.run();
            } else {
                desk.receive(master, response);
            }
        }

        @Override
        public void closed(String why) {
            if (AgentLink.this.end != end) {
                return;
            }
            boolean wasUp = welcome != null;
            AgentLink.this.end = null;
            welcome = null;
            if (wasUp) {
                world.trace()
                        .say(life.name(), () -> "session with %s ends: %s".formatted(master, why));
                changed.run();
            }
            long most = pause.toNanos();
            life.after(world.dice().between(most / 2, most), AgentLink.this::dial);
            Duration twice = pause.multipliedBy(2);
            pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
        }
    }
}
