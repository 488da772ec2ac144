package dev.sluice.agent;

import dev.sluice.agent.config.AgentConfig;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/** The environment variables of the site that are the same for all its versions. */
final class ServiceEnvironment {

    private ServiceEnvironment() {}

    /** What is configured, and what the agent sets; the agent's own have precedence. */
    static SortedMap<String, String> of(AgentConfig config) {
        SortedMap<String, String> variables = new TreeMap<>(config.service().environment());
        variables.put("SLUICE_NODE_ID", config.nodeId());
        variables.put(
                "JAVA_HOME",
                config.service()
                        .javaHome()
                        .map(Path::toString)
                        .orElseGet(() -> System.getProperty("java.home")));
        return variables;
    }
}
