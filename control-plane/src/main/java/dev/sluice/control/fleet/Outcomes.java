package dev.sluice.control.fleet;

import dev.sluice.control.executor.CommandOutcome;
import dev.sluice.control.model.NodeId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How the latest commands ended. An outcome counts only from the node that this process sent the
 * command to: a node can speak only for itself. After a restart nothing is lost by that, because
 * the command is sent again and the agent answers with its recorded result.
 */
final class Outcomes {

    /** More than two for each of 10,000 agents. */
    static final int MAX_OUTCOMES = 20_000;

    /** Commands whose outcome may still come. */
    static final int MAX_SENT = 40_000;

    /** What became of an outcome. */
    enum Receipt {
        RECORDED,
        KNOWN,
        NOT_SENT_TO_NODE
    }

    private final Map<String, NodeId> sent = bounded(MAX_SENT);
    private final Map<String, CommandOutcome> outcomes = bounded(MAX_OUTCOMES);

    synchronized void sending(String commandId, NodeId node) {
        sent.put(commandId, node);
    }

    synchronized Receipt record(String commandId, NodeId node, CommandOutcome outcome) {
        if (!node.equals(sent.get(commandId))) {
            return Receipt.NOT_SENT_TO_NODE;
        }
        return outcome.equals(outcomes.put(commandId, outcome)) ? Receipt.KNOWN : Receipt.RECORDED;
    }

    synchronized Optional<CommandOutcome> get(String commandId) {
        return Optional.ofNullable(outcomes.get(commandId));
    }

    private static <K, V> Map<K, V> bounded(int max) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > max;
            }
        };
    }
}
