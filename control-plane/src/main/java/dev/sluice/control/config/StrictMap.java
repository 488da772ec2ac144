package dev.sluice.control.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * The keys of a map. What is asked for is what is known: {@link #finish()} refuses all other keys.
 *
 * <pre>{@code
 * StrictMap map = StrictYaml.read(file).map();
 * String id = map.require("id").string();
 * int port = map.find("port").map(n -> (int) n.whole(0, 65535)).orElse(7443);
 * map.finish();
 * }</pre>
 */
public final class StrictMap {

    private final StrictNode self;
    private final Map<String, Node> values = new LinkedHashMap<>();
    private final Map<String, Node> keys = new LinkedHashMap<>();
    private final TreeSet<String> asked = new TreeSet<>();

    StrictMap(StrictNode self, MappingNode mapping) {
        this.self = self;
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw self.errorAt(tuple.getKeyNode(), "expected a text as key");
            }
            if (values.put(key.getValue(), tuple.getValueNode()) != null) {
                throw self.errorAt(
                        key,
                        "expected each key once, found \"%s\" twice".formatted(key.getValue()));
            }
            keys.put(key.getValue(), key);
        }
    }

    /** The value of a key, if the file has it. */
    public Optional<StrictNode> find(String key) {
        asked.add(key);
        return Optional.ofNullable(values.get(key)).map(v -> self.child(key, v));
    }

    /** The value of a key that the file must have. */
    public StrictNode require(String key) {
        Optional<StrictNode> value = find(key);
        if (value.isPresent()) {
            return value.get();
        }
        for (String other : values.keySet()) {
            if (!asked.contains(other) && Nearest.to(other, List.of(key)).isPresent()) {
                throw unknown(other, Optional.of(key));
            }
        }
        throw self.error("expected key \"%s\", found none".formatted(key));
    }

    public String requireString(String key) {
        return require(key).string();
    }

    /** All keys with their values, for maps whose keys are names; none of them is unknown then. */
    public Map<String, StrictNode> entries() {
        Map<String, StrictNode> entries = new LinkedHashMap<>();
        values.forEach((key, value) -> entries.put(key, self.child(key, value)));
        asked.addAll(values.keySet());
        return entries;
    }

    /** Refuses the first key that was not asked for. */
    public void finish() {
        for (String key : values.keySet()) {
            if (!asked.contains(key)) {
                throw unknown(key, Nearest.to(key, asked));
            }
        }
    }

    private ConfigException unknown(String key, Optional<String> nearest) {
        String hint =
                nearest.map(n -> "did you mean \"%s\"?".formatted(n))
                        .orElse("known keys: " + String.join(", ", asked));
        Node place = keys.get(key);
        String problem = "unknown key \"%s\"; %s".formatted(key, hint);
        return place == null ? self.error(problem) : self.errorAt(place, problem);
    }
}
