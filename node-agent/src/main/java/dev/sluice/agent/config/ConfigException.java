package dev.sluice.agent.config;

/** A configuration that cannot be used; the message names file, line, key, expected and found. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }
}
