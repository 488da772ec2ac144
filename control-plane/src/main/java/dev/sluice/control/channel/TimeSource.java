package dev.sluice.control.channel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Where this machine's clock gets its time from, for messages about a clock that is wrong. */
@FunctionalInterface
public interface TimeSource {
    /** Words such as {@code "time source: NTP 192.0.2.1, offset 0.000012 s"}. */
    String describe();

    /** What chrony says; without chrony, that no source was found. */
    static TimeSource system() {
        return () -> of(tracking());
    }

    private static Optional<String> tracking() {
        final int maxBytes = 4096;
        try {
            Process process =
                    new ProcessBuilder(List.of("chronyc", "-c", "tracking"))
                            .redirectErrorStream(true)
                            .start();
            try (InputStream out = process.getInputStream()) {
                if (!process.waitFor(2, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    return Optional.empty();
                }
                return process.exitValue() == 0
                        ? Optional.of(
                                new String(out.readNBytes(maxBytes), StandardCharsets.US_ASCII))
                        : Optional.empty();
            }
        } catch (IOException e) {
            // There is no chrony here.
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** Reads {@code chronyc -c tracking}: reference id, name, stratum, time, system offset, ... */
    static String of(Optional<String> tracking) {
        List<String> fields =
                tracking.map(line -> List.of(line.strip().split(",", -1))).orElse(List.of());
        final int name = 1;
        final int offset = 4;
        if (fields.size() <= offset || fields.get(name).isEmpty()) {
            return "time source: none found";
        }
        return "time source: chrony, %s, offset %s s"
                .formatted(
                        fields.get(name).replaceAll("[^\\x20-\\x7e]", "?"),
                        fields.get(offset).replaceAll("[^0-9.+-]", "?"));
    }
}
