package dev.sluice.control.config;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * One value of a file, which knows where it stands. Every reading method either gives a value of
 * the right type or throws a {@link ConfigException} that says what was expected and found.
 */
public final class StrictNode {

    private static final int MAX_SHOWN = 60;

    private final String file;
    private final String path;
    private final Node node;

    StrictNode(String file, String path, Node node) {
        this.file = file;
        this.path = path;
        this.node = node;
    }

    /** This value as a map; call {@link StrictMap#finish()} when all keys have been asked for. */
    public StrictMap map() {
        if (node instanceof MappingNode mapping) {
            return new StrictMap(this, mapping);
        }
        throw expected("a map");
    }

    public List<StrictNode> list() {
        if (!(node instanceof SequenceNode sequence)) {
            throw expected("a list");
        }
        List<StrictNode> items = new ArrayList<>(sequence.getValue().size());
        for (Node item : sequence.getValue()) {
            items.add(new StrictNode(file, "%s[%d]".formatted(path, items.size()), item));
        }
        return items;
    }

    public String string() {
        return scalar("a text", List.of(Tag.STR));
    }

    /**
     * A text that YAML may take for a number, such as the version 25.2.
     *
     * @param read throws IllegalArgumentException when the text is no such value
     */
    public <T> T value(String expected, Function<String, T> read) {
        String text = scalar(expected, List.of(Tag.STR, Tag.INT, Tag.FLOAT));
        try {
            return read.apply(text);
        } catch (IllegalArgumentException e) {
            throw error(String.valueOf(e.getMessage()));
        }
    }

    public boolean bool() {
        return Boolean.parseBoolean(scalar("true or false", List.of(Tag.BOOL)));
    }

    /** A whole number from {@code min} to {@code max}. */
    public long whole(long min, long max) {
        String expected = "a whole number from %d to %d".formatted(min, max);
        try {
            long value = Long.parseLong(scalar(expected, List.of(Tag.INT)));
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw expected(expected);
        }
        throw expected(expected);
    }

    /** A number from {@code min} to {@code max}. */
    public double number(double min, double max) {
        String expected = "a number from %s to %s".formatted(min, max);
        try {
            double value = Double.parseDouble(scalar(expected, List.of(Tag.INT, Tag.FLOAT)));
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw expected(expected);
        }
        throw expected(expected);
    }

    /** A duration as ISO 8601 writes it, of 0 or more. */
    public Duration duration() {
        String expected = "a duration such as PT2H, PT30M or P1D";
        try {
            Duration value = Duration.parse(scalar(expected, List.of(Tag.STR)));
            if (!value.isNegative()) {
                return value;
            }
        } catch (DateTimeException e) {
            throw expected(expected);
        }
        throw expected(expected);
    }

    /** One of an enum's constants, as {@code spelling} writes them. */
    public <E extends Enum<E>> E choice(Class<E> type, Function<E, String> spelling) {
        List<E> choices = Arrays.asList(type.getEnumConstants());
        List<String> words = choices.stream().map(spelling).toList();
        String expected = words.stream().collect(Collectors.joining(" or "));
        int index = words.indexOf(scalar(expected, List.of(Tag.STR)));
        if (index < 0) {
            throw expected(expected);
        }
        return choices.get(index);
    }

    private String scalar(String expected, List<Tag> tags) {
        if (node instanceof ScalarNode scalar && tags.contains(scalar.getTag())) {
            return scalar.getValue();
        }
        throw expected(expected);
    }

    StrictNode child(String key, Node value) {
        return new StrictNode(file, path.isEmpty() ? key : path + "." + key, value);
    }

    /** File and line of this value. */
    String place() {
        return "%s:%d".formatted(file, node.getStartMark().map(Mark::getLine).orElse(0) + 1);
    }

    /** An error about this value, for what only the reader of the file can check. */
    public ConfigException error(String problem) {
        return errorAt(node, problem);
    }

    ConfigException expected(String expected) {
        return error("expected %s, found %s".formatted(expected, found()));
    }

    ConfigException errorAt(Node place, String problem) {
        int line = place.getStartMark().map(Mark::getLine).orElse(0) + 1;
        String where = path.isEmpty() ? "" : path + ": ";
        return new ConfigException("%s:%d: %s%s".formatted(file, line, where, problem));
    }

    private String found() {
        return switch (node) {
            case MappingNode _ -> "a map";
            case SequenceNode _ -> "a list";
            case ScalarNode scalar when scalar.getTag().equals(Tag.NULL) -> "nothing";
            case ScalarNode scalar -> quoted(scalar.getValue());
            default -> "something else";
        };
    }

    private static String quoted(String text) {
        return text.length() > MAX_SHOWN
                ? "\"%s...\"".formatted(text.substring(0, MAX_SHOWN))
                : "\"%s\"".formatted(text);
    }
}
