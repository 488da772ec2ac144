/**
 * The agent's configuration: one YAML file, read strictly.
 *
 * <p>Depends on the JDK and snakeyaml-engine. Start with {@link
 * dev.sluice.agent.config.AgentConfig}; {@code docs/reference/agent.md} lists every key.
 */
@NullMarked
package dev.sluice.agent.config;

import org.jspecify.annotations.NullMarked;
