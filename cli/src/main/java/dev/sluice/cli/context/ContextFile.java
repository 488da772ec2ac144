package dev.sluice.cli.context;

import dev.sluice.cli.connect.Address;
import dev.sluice.cli.connect.ClusterAccess;
import dev.sluice.cli.outcome.CommandFailure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads contexts.yaml strictly: what is not known is an error with its line, never ignored. */
final class ContextFile {
    private static final int MAX_BYTES = 256 * 1024;
    private static final int MAX_CONTEXTS = 200;
    private static final int MAX_ADDRESSES = 16;

    private final Path file;

    private ContextFile(Path file) {
        this.file = file;
    }

    static List<ClusterAccess> read(Path file) {
        return new ContextFile(file).parse();
    }

    private List<ClusterAccess> parse() {
        Node root;
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw CommandFailure.badInput(file + ": expected at most 256 KiB, found more");
            }
            LoadSettings settings =
                    LoadSettings.builder().setLabel(file.toString()).setUseMarks(true).build();
            root =
                    new Compose(settings)
                            .composeString(new String(bytes, StandardCharsets.UTF_8))
                            .orElseThrow(() ->
                                    CommandFailure.badInput(
                                            file
                                                    + ": expected the key 'contexts', found"
                                                    + " nothing"));
        } catch (IOException e) {
            throw CommandFailure.badInput(file + " cannot be read: " + e.getMessage());
        } catch (YamlEngineException e) {
            throw CommandFailure.badInput(file + " is not YAML: " + e.getMessage());
        }
        Map<String, Node> keys = keys(root, "the file", Set.of("contexts"));
        List<Node> entries = list(keys.get("contexts"), "contexts", MAX_CONTEXTS);
        List<ClusterAccess> contexts = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Node entry : entries) {
            ClusterAccess context = context(entry);
            if (!names.add(context.name())) {
                throw wrong(entry, "context '" + context.name() + "' is there twice");
            }
            contexts.add(context);
        }
        return contexts;
    }

    private ClusterAccess context(Node node) {
        Map<String, Node> keys = keys(node, "a context", Set.of("name", "addresses", "tls"));
        String name = text(keys, "name");
        List<Address> addresses = new ArrayList<>();
        for (Node entry : list(keys.get("addresses"), "addresses", MAX_ADDRESSES)) {
            try {
                addresses.add(Address.parse(scalar(entry, "an address")));
            } catch (CommandFailure e) {
                throw wrong(entry, e.text());
            }
        }
        if (addresses.isEmpty()) {
            throw wrong(node, "context '" + name + "': expected at least one address, found none");
        }
        Node tlsNode = keys.get("tls");
        Map<String, Node> tls =
                keys(tlsNode == null ? node : tlsNode, "tls", Set.of("ca", "certificate", "key"));
        return new ClusterAccess(
                name, addresses, path(tls, "ca"), path(tls, "certificate"), path(tls, "key"));
    }

    /** The mapping's entries; all known keys have to be there, and no others. */
    private Map<String, Node> keys(Node node, String what, Set<String> known) {
        if (!(node instanceof MappingNode mapping)) {
            throw wrong(node, what + ": expected keys " + sorted(known) + ", found something else");
        }
        Map<String, Node> found = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            String key = scalar(tuple.getKeyNode(), "a key");
            if (!known.contains(key)) {
                throw wrong(
                        tuple.getKeyNode(),
                        what
                                + ": unknown key '"
                                + key
                                + "', did you mean '"
                                + nearest(key, known)
                                + "'?");
            }
            if (found.put(key, tuple.getValueNode()) != null) {
                throw wrong(tuple.getKeyNode(), what + ": the key '" + key + "' is there twice");
            }
        }
        for (String key : sorted(known)) {
            if (!found.containsKey(key)) {
                throw wrong(node, what + ": the key '" + key + "' is missing");
            }
        }
        return found;
    }

    private static List<String> sorted(Set<String> keys) {
        return keys.stream().sorted().toList();
    }

    private static String nearest(String key, Set<String> known) {
        return sorted(known).stream()
                .min((a, b) -> Integer.compare(distance(key, a), distance(key, b)))
                .orElseThrow();
    }

    /** Levenshtein's: the single-character edits from one word to the other. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int substitute = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitute, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }

    private List<Node> list(@Nullable Node node, String what, int most) {
        if (!(node instanceof SequenceNode sequence)) {
            throw node == null
                    ? CommandFailure.badInput(file + ": the key '" + what + "' is missing")
                    : wrong(node, what + ": expected a list, found something else");
        }
        if (sequence.getValue().size() > most) {
            throw wrong(
                    node,
                    what
                            + ": expected at most "
                            + most
                            + " entries, found "
                            + sequence.getValue().size());
        }
        return sequence.getValue();
    }

    private String text(Map<String, Node> keys, String key) {
        Node node = keys.get(key);
        if (node == null) {
            throw new IllegalStateException(key);
        }
        String value = scalar(node, key);
        if (value.isBlank()) {
            throw wrong(node, key + ": expected a value, found nothing");
        }
        return value;
    }

    /** A path, seen from the folder of the contexts file. */
    private Path path(Map<String, Node> keys, String key) {
        return file.resolveSibling(text(keys, key)).normalize();
    }

    private String scalar(Node node, String what) {
        if (node instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        throw wrong(node, what + ": expected a text, found a list or keys");
    }

    private CommandFailure wrong(Node node, String message) {
        String line = node.getStartMark().map(mark -> ":" + (mark.getLine() + 1)).orElse("");
        return CommandFailure.badInput(file + line + ": " + message);
    }
}
