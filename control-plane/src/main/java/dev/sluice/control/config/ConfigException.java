package dev.sluice.control.config;

import java.io.Serial;

/** A file that cannot be used as it is. The message is complete: file, line, key, what is wrong. */
public final class ConfigException extends RuntimeException {

    @Serial private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }

    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
