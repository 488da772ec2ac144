package dev.sluice.loadtest.sim;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A node with its programs: the agent is started again whenever it has ended while there is power,
 * by a supervisor that never fails; everything else the agent starts.
 */
final class Host {

    private final World world;
    private final SimNode node;
    private @Nullable SimAgent agent;
    private @Nullable Life agentLife;
    private int agentStarts;
    private int boots;

    Host(World world, SimNode node) {
        this.world = world;
        this.node = node;
    }

    SimNode node() {
        return node;
    }

    @Nullable Life agentLife() {
        return agentLife;
    }

    /** The agent, while it is not over. */
    @Nullable SimAgent agent() {
        Life life = agentLife;
        return life == null || life.isOver() ? null : agent;
    }

    /** In a while the supervisor starts the agent. */
    void startAgentSoon() {
        int boot = boots;
        world.schedule()
                .after(
                        world.dice().between(Duration.ofMillis(300), Duration.ofSeconds(3)),
                        () -> {
                            if (node.isPowered() && boot == boots && agent() == null) {
                                startAgent();
                            }
                        });
    }

    private void startAgent() {
        Life life =
                new Life(
                        "agent " + node.id() + " " + ++agentStarts,
                        node.machine(),
                        world.schedule());
        agentLife = life;
        agent = null;
        life.onEnd(() -> {
            world.trace().say(life.name(), () -> "ends");
            startAgentSoon();
        });
        world.trace().say(life.name(), () -> "starts");
        life.run(() -> begin(life));
    }

    private void begin(Life life) {
        try {
            SimAgent started = new SimAgent(world, node, life);
            agent = started;
            started.start();
        } catch (IOException e) {
            world.agentCannotStart(node, e);
            life.end();
        }
    }

    void stopAgent() {
        Life life = agentLife;
        if (life != null) {
            life.end();
        }
    }

    /** The power is there from now on. */
    void restorePower() {
        if (!node.isPowered()) {
            boots++;
            node.power(true);
            startAgentSoon();
        }
    }

    /** The power goes, and comes back after so long. */
    void losePower(long nanos) {
        boots++;
        world.trace().say(node.id().value(), () -> "loses power");
        Life life = agentLife;
        if (life != null) {
            life.silence();
        }
        if (node.service() instanceof MasterUnit master) {
            master.losePower();
        }
        node.power(false);
        node.ledger().losePower(world.dice());
        int boot = boots;
        world.schedule()
                .after(
                        nanos,
                        () -> {
                            if (boot == boots) {
                                world.trace().say(node.id().value(), () -> "has power");
                                node.power(true);
                                startAgentSoon();
                            }
                        });
    }
}
