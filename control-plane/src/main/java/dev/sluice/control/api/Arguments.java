package dev.sluice.control.api;

import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Version;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** Turns what requests hold into values, or names the field with what was expected and found. */
final class Arguments {

    /** Packages that one plan aims at; a node has a handful. */
    private static final int MAX_TARGETS = 64;

    private static final String NAMED = "a name such as eu-1, of at most 63 characters";

    private Arguments() {}

    /** A name of any kind; {@code type} refuses what is none. */
    static <T> T name(String field, String text, Function<String, T> type) {
        return parsed(field, text, NAMED, type);
    }

    static SortedMap<PackageName, Version> target(Map<String, String> texts) {
        if (texts.isEmpty() || texts.size() > MAX_TARGETS) {
            throw ApiErrors.invalid(
                    "target",
                    "1 to %d packages, such as site=25.1.0".formatted(MAX_TARGETS),
                    texts.isEmpty() ? "" : String.valueOf(texts.size()));
        }
        SortedMap<PackageName, Version> target = new TreeMap<>();
        new TreeMap<>(texts)
                .forEach((name, version) ->
                        target.put(
                                name("target", name, PackageName::new),
                                parsed(
                                        "target " + name,
                                        version,
                                        "a version such as 25.1.0",
                                        Version::parse)));
        return target;
    }

    /** Also takes the lower-case and dashed spelling; empty for no text. */
    static Optional<Strategy> strategy(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        String wanted = text.toUpperCase(Locale.ROOT).replace('-', '_');
        return Optional.of(
                Arrays.stream(Strategy.values())
                        .filter(s -> s.name().equals(wanted))
                        .findFirst()
                        .orElseThrow(() ->
                                ApiErrors.invalid(
                                        "strategy",
                                        "one of " + Arrays.toString(Strategy.values()),
                                        text)));
    }

    static String atMost(String field, int characters, String text) {
        if (text.length() > characters) {
            throw ApiErrors.invalid(
                    field,
                    "at most %d characters".formatted(characters),
                    text.length() + " characters");
        }
        return text;
    }

    private static <T> T parsed(
            String field, String text, String expected, Function<String, T> type) {
        try {
            return type.apply(text);
        } catch (IllegalArgumentException _) {
            throw ApiErrors.invalid(field, expected, text);
        }
    }
}
