package dev.sluice.sim.rack;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A YAML mapping read strictly: every key known, once, of its type; errors name file, line and key.
 */
final class YamlMap {

    private final String file;
    private final String path;
    private final int line;
    private final Map<String, Node> values;

    private YamlMap(String file, String path, int line, Map<String, Node> values) {
        this.file = file;
        this.path = path;
        this.line = line;
        this.values = values;
    }

    static YamlMap of(String file, String path, Node node, List<String> known) throws InvalidRack {
        if (!(node instanceof MappingNode mapping)) {
            throw invalid(file, lineOf(node), path, "expected a mapping, found " + describe(node));
        }
        Map<String, Node> values = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Node keyNode = tuple.getKeyNode();
            String key =
                    keyNode instanceof ScalarNode scalar ? scalar.getValue() : describe(keyNode);
            String where = path.isEmpty() ? key : path + "." + key;
            if (!known.contains(key)) {
                throw invalid(
                        file,
                        lineOf(keyNode),
                        where,
                        "unknown key; did you mean '"
                                + nearest(key, known)
                                + "'? Known: "
                                + String.join(", ", known));
            }
            if (values.put(key, tuple.getValueNode()) != null) {
                throw invalid(file, lineOf(keyNode), where, "given twice; give it once");
            }
        }
        return new YamlMap(file, path, lineOf(node), values);
    }

    String string(String key, Pattern form, String expected) throws InvalidRack {
        Node node = required(key, expected);
        return text(key, node, expected, form);
    }

    Optional<String> optionalString(String key, Pattern form, String expected) throws InvalidRack {
        Node node = values.get(key);
        return node == null ? Optional.empty() : Optional.of(text(key, node, expected, form));
    }

    long integer(String key, long absent, long least, long most) throws InvalidRack {
        Node node = values.get(key);
        if (node == null) {
            return absent;
        }
        String expected = "an integer of " + least + " to " + most;
        if (!(node instanceof ScalarNode scalar) || !node.getTag().equals(Tag.INT)) {
            throw wrong(key, node, expected);
        }
        try {
            long value = Long.parseLong(scalar.getValue());
            if (value < least || value > most) {
                throw wrong(key, node, expected);
            }
            return value;
        } catch (NumberFormatException _) {
            throw wrong(key, node, expected);
        }
    }

    Duration duration(String key, Duration absent, Duration least, Duration most)
            throws InvalidRack {
        Node node = values.get(key);
        if (node == null) {
            return absent;
        }
        String expected = "a duration of " + least + " to " + most + " such as PT1.5S";
        try {
            Duration value = Duration.parse(text(key, node, expected, Pattern.compile(".*")));
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw wrong(key, node, expected);
            }
            return value;
        } catch (DateTimeException _) {
            throw wrong(key, node, expected);
        }
    }

    List<YamlMap> maps(String key, List<String> known, int most) throws InvalidRack {
        Node node = values.get(key);
        if (node == null) {
            return List.of();
        }
        if (!(node instanceof SequenceNode sequence)) {
            throw wrong(key, node, "a list");
        }
        if (sequence.getValue().size() > most) {
            throw wrong(key, node, "at most " + most + " entries");
        }
        List<YamlMap> maps = new ArrayList<>();
        for (Node each : sequence.getValue()) {
            maps.add(of(file, where(key) + "[" + maps.size() + "]", each, known));
        }
        return List.copyOf(maps);
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    InvalidRack invalid(String key, String message) {
        Node node = values.get(key);
        return invalid(file, node == null ? line : lineOf(node), where(key), message);
    }

    private Node required(String key, String expected) throws InvalidRack {
        Node node = values.get(key);
        if (node == null) {
            throw invalid(key, "missing; expected " + expected);
        }
        return node;
    }

    private String text(String key, Node node, String expected, Pattern form) throws InvalidRack {
        boolean plain = node instanceof ScalarNode && node.getTag().equals(Tag.STR);
        if (!plain || !form.matcher(((ScalarNode) node).getValue()).matches()) {
            throw wrong(key, node, expected);
        }
        return ((ScalarNode) node).getValue();
    }

    private InvalidRack wrong(String key, Node node, String expected) {
        return invalid(
                file,
                lineOf(node),
                where(key),
                "expected " + expected + ", found " + describe(node));
    }

    private String where(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private static InvalidRack invalid(String file, int line, String path, String message) {
        return new InvalidRack(
                "rack file "
                        + file
                        + ", line "
                        + line
                        + ": "
                        + (path.isEmpty() ? "" : path + ": ")
                        + message);
    }

    private static String describe(Node node) {
        return switch (node) {
            case ScalarNode scalar -> {
                String type =
                        scalar.getTag().equals(Tag.STR)
                                ? "text"
                                : scalar.getTag().getValue().replaceFirst(".*:", "");
                yield type + " '" + scalar.getValue() + "'";
            }
            case SequenceNode _ -> "a list";
            default -> "a mapping";
        };
    }

    private static int lineOf(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }

    private static String nearest(String key, List<String> known) {
        String best = known.getFirst();
        for (String candidate : known) {
            if (distance(key, candidate) < distance(key, best)) {
                best = candidate;
            }
        }
        return best;
    }

    /** The Levenshtein distance of two short words. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int at = 0; at <= to.length(); at++) {
            row[at] = at;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
