package dev.sluice.control.depot;

import java.time.Duration;

/**
 * How long a fetch goes on for nothing.
 *
 * @param withoutSource while nobody serves it
 * @param withoutProgress while somebody does, and nothing of it is right
 */
public record FetchPatience(Duration withoutSource, Duration withoutProgress) {

    public static FetchPatience standard() {
        return new FetchPatience(Duration.ofSeconds(10), Duration.ofMinutes(2));
    }
}
