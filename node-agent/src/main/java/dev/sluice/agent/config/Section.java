package dev.sluice.agent.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** One mapping of the file. It knows which keys were asked for, so that the others are errors. */
final class Section {

    private final String file;
    private final String path;
    private final int line;
    private final Map<String, NodeTuple> entries = new LinkedHashMap<>();
    private final TreeSet<String> asked = new TreeSet<>();

    private Section(String file, String path, Node node) throws ConfigException {
        this.file = file;
        this.path = path;
        this.line = lineOf(node);
        if (!(node instanceof MappingNode mapping)) {
            throw problem(line, path.isEmpty() ? "the file" : path, "expected keys and values");
        }
        for (NodeTuple tuple : mapping.getValue()) {
            String key = scalar(tuple.getKeyNode(), path + " key");
            if (entries.putIfAbsent(key, tuple) != null) {
                throw problem(lineOf(tuple.getKeyNode()), name(key), "given twice");
            }
        }
    }

    static Section root(String file, Node node) throws ConfigException {
        return new Section(file, "", node);
    }

    boolean has(String key) {
        asked.add(key);
        return entries.containsKey(key);
    }

    String text(String key) throws ConfigException {
        return scalar(required(key), name(key));
    }

    Optional<String> optionalText(String key) throws ConfigException {
        return has(key) ? Optional.of(text(key)) : Optional.empty();
    }

    /** Reads a value whose reader throws IllegalArgumentException when it is not right. */
    <T> T value(String key, Function<String, T> reader) throws ConfigException {
        String text = text(key);
        try {
            return reader.apply(text);
        } catch (IllegalArgumentException e) {
            throw problem(lineOf(required(key)), name(key), String.valueOf(e.getMessage()));
        }
    }

    <T> Optional<T> optionalValue(String key, Function<String, T> reader) throws ConfigException {
        return has(key) ? Optional.of(value(key, reader)) : Optional.empty();
    }

    Section section(String key) throws ConfigException {
        return new Section(file, name(key), required(key));
    }

    Optional<Section> optionalSection(String key) throws ConfigException {
        return has(key) ? Optional.of(section(key)) : Optional.empty();
    }

    List<Section> sections(String key) throws ConfigException {
        List<Section> sections = new ArrayList<>();
        for (Node item : items(key)) {
            sections.add(new Section(file, name(key) + "[" + sections.size() + "]", item));
        }
        return sections;
    }

    List<String> texts(String key) throws ConfigException {
        List<String> texts = new ArrayList<>();
        for (Node item : items(key)) {
            texts.add(scalar(item, name(key)));
        }
        return texts;
    }

    /** A mapping with free keys. */
    SortedMap<String, String> map(String key) throws ConfigException {
        SortedMap<String, String> map = new TreeMap<>();
        if (has(key)) {
            Section free = section(key);
            for (String name : free.entries.keySet()) {
                map.put(name, free.text(name));
            }
        }
        return map;
    }

    /** Refuses keys that nobody asked for, and names the nearest that exists. */
    void refuseOthers() throws ConfigException {
        for (Map.Entry<String, NodeTuple> entry : entries.entrySet()) {
            String key = entry.getKey();
            if (!asked.contains(key)) {
                throw problem(
                        lineOf(entry.getValue().getKeyNode()),
                        name(key),
                        "unknown key" + suggestion(key) + "; the keys are " + asked);
            }
        }
    }

    ConfigException problem(String key, String problem) {
        NodeTuple tuple = entries.get(key);
        return problem(tuple == null ? line : lineOf(tuple.getValueNode()), name(key), problem);
    }

    private List<Node> items(String key) throws ConfigException {
        Node node = required(key);
        if (!(node instanceof SequenceNode sequence)) {
            throw problem(lineOf(node), name(key), "expected a list");
        }
        return sequence.getValue();
    }

    private Node required(String key) throws ConfigException {
        asked.add(key);
        NodeTuple tuple = entries.get(key);
        if (tuple == null) {
            throw problem(line, name(key), "missing; it must be given" + misspelt(key));
        }
        return tuple.getValueNode();
    }

    private String scalar(Node node, String name) throws ConfigException {
        if (node instanceof ScalarNode scalar && !scalar.getValue().isBlank()) {
            return scalar.getValue();
        }
        throw problem(lineOf(node), name, "expected a value that is not empty");
    }

    private ConfigException problem(int atLine, String name, String problem) {
        return new ConfigException("%s:%d: %s: %s".formatted(file, atLine, name, problem));
    }

    private String name(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private static int lineOf(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }

    private String suggestion(String key) {
        @Nullable String nearest =
                nearest(key, asked.stream().filter(one -> !entries.containsKey(one)).toList());
        return nearest == null ? "" : "; did you mean " + nearest + "?";
    }

    /** The key that is there instead of a missing one. */
    private String misspelt(String key) {
        @Nullable String nearest =
                nearest(
                        key,
                        entries.keySet().stream().filter(one -> !asked.contains(one)).toList());
        return nearest == null ? "" : "; found " + nearest + ", is it meant?";
    }

    private static @Nullable String nearest(String key, List<String> candidates) {
        @Nullable String nearest = null;
        int least = Math.max(2, key.length() / 2);
        for (String candidate : candidates) {
            int distance = distance(key, candidate);
            if (distance <= least) {
                least = distance - 1;
                nearest = candidate;
            }
        }
        return nearest;
    }

    /** The number of characters to insert, remove or replace (Levenshtein). */
    private static int distance(String from, String to) {
        int[] previous = new int[to.length() + 1];
        for (int column = 0; column <= to.length(); column++) {
            previous[column] = column;
        }
        for (int row = 1; row <= from.length(); row++) {
            int[] current = new int[to.length() + 1];
            current[0] = row;
            for (int column = 1; column <= to.length(); column++) {
                int replaced =
                        previous[column - 1]
                                + (from.charAt(row - 1) == to.charAt(column - 1) ? 0 : 1);
                current[column] =
                        Math.min(replaced, Math.min(previous[column], current[column - 1]) + 1);
            }
            previous = current;
        }
        return previous[to.length()];
    }
}
