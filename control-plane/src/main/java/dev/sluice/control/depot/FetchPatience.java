package dev.sluice.control.depot;

import java.time.Duration;

/**
 * How long a fetch goes on.
 *
 * @param withoutSource for nothing, while nobody serves it
 * @param withoutProgress for nothing, while somebody does and nothing of it is right
 * @param inAll however much comes
 */
public record FetchPatience(Duration withoutSource, Duration withoutProgress, Duration inAll) {

    /** For what is needed: it takes as long as it takes. */
    private static final Duration ANY_TIME = Duration.ofDays(365);

    public FetchPatience(Duration withoutSource, Duration withoutProgress) {
        this(withoutSource, withoutProgress, ANY_TIME);
    }

    public static FetchPatience standard() {
        return new FetchPatience(Duration.ofSeconds(10), Duration.ofMinutes(2));
    }

    /** The same, for what is of use only for a while. */
    public FetchPatience atMost(Duration longest) {
        return new FetchPatience(withoutSource, withoutProgress, longest);
    }
}
