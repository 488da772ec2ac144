package dev.sluice.trust.packages;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A JSON object that is read key by key. Every error names the key by its path; a key that nobody
 * read is an error at {@link #end}, because a misspelt condition would otherwise not be a
 * condition.
 */
public final class StrictObject {
    private static final int MAX_EDITS = 2;

    private final String path;
    private final JsonNode node;
    private final Set<String> known = new TreeSet<>();

    private StrictObject(String path, JsonNode node) {
        this.path = path;
        this.node = node;
    }

    static StrictObject of(String path, @Nullable JsonNode node) throws InvalidPackageException {
        if (node == null || !node.isObject()) {
            throw new InvalidPackageException(
                    path + ": expected an object, found " + describe(node));
        }
        return new StrictObject(path, node);
    }

    private String at(String key) {
        return path.endsWith(".json") ? path + ": " + key : path + "." + key;
    }

    private @Nullable JsonNode find(String key) {
        known.add(key);
        return node.get(key);
    }

    /** Reads a text that must be this one. */
    public void expect(String key, String value) throws InvalidPackageException {
        String found = read(key, text -> text);
        if (!found.equals(value)) {
            throw new InvalidPackageException(
                    at(key) + ": expected '" + value + "', found " + Printable.quoted(found));
        }
    }

    /** A text, in the form that {@code reader} makes of it. */
    public <T> T read(String key, Function<String, T> reader) throws InvalidPackageException {
        return parse(at(key), find(key), reader);
    }

    /** As {@link #read}, of a key that may be missing. */
    public <T> Optional<T> readOptional(String key, Function<String, T> reader)
            throws InvalidPackageException {
        JsonNode value = find(key);
        return value == null ? Optional.empty() : Optional.of(parse(at(key), value, reader));
    }

    /** A list of texts; empty when the key is missing. */
    public List<String> strings(String key) throws InvalidPackageException {
        List<String> strings = new ArrayList<>();
        int index = 0;
        for (JsonNode element : array(key)) {
            strings.add(parse(at(key) + "[" + index++ + "]", element, text -> text));
        }
        return strings;
    }

    /** A list of objects; empty when the key is missing. */
    public List<StrictObject> objects(String key) throws InvalidPackageException {
        List<StrictObject> objects = new ArrayList<>();
        for (JsonNode element : array(key)) {
            objects.add(of(at(key) + "[" + objects.size() + "]", element));
        }
        return objects;
    }

    /** An object. */
    public StrictObject object(String key) throws InvalidPackageException {
        return of(at(key), find(key));
    }

    /** An object that may be missing. */
    public Optional<StrictObject> optionalObject(String key) throws InvalidPackageException {
        JsonNode value = find(key);
        return value == null ? Optional.empty() : Optional.of(of(at(key), value));
    }

    /** A whole number of 64 bits. */
    public long wholeNumber(String key) throws InvalidPackageException {
        JsonNode value = find(key);
        if (value == null || !value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new InvalidPackageException(
                    at(key) + ": expected a whole number, found " + describe(value));
        }
        return value.longValue();
    }

    /** False when the key is missing. */
    public boolean bool(String key) throws InvalidPackageException {
        JsonNode value = find(key);
        if (value != null && !value.isBoolean()) {
            throw new InvalidPackageException(
                    at(key) + ": expected true or false, found " + describe(value));
        }
        return value != null && value.booleanValue();
    }

    /** What {@code construct} makes; its refusal is named by this object's path. */
    public <T> T check(Supplier<T> construct) throws InvalidPackageException {
        try {
            return construct.get();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new InvalidPackageException(path + ": " + e.getMessage(), e);
        }
    }

    /** Refuses the first key that was not read. */
    public void end() throws InvalidPackageException {
        for (String key : new TreeSet<>(node.propertyNames())) {
            if (!known.contains(key)) {
                throw new InvalidPackageException(
                        at(Printable.quoted(key)) + ": unknown key" + suggestion(key));
            }
        }
    }

    private String suggestion(String key) {
        return known.stream()
                .filter(candidate -> distance(candidate, key) <= MAX_EDITS)
                .min(Comparator.comparingInt(candidate -> distance(candidate, key)))
                .map(nearest -> "; did you mean '" + nearest + "'?")
                .orElse("; expected one of " + String.join(", ", known));
    }

    /** Edits of one character between two words (Levenshtein); both are bounded by the parser. */
    private static int distance(String a, String b) {
        int[] previous = IntStream.rangeClosed(0, b.length()).toArray();
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
            }
            previous = current;
        }
        return previous[b.length()];
    }

    private List<JsonNode> array(String key) throws InvalidPackageException {
        JsonNode value = find(key);
        if (value == null) {
            return List.of();
        }
        if (!value.isArray()) {
            throw new InvalidPackageException(
                    at(key) + ": expected a list, found " + describe(value));
        }
        List<JsonNode> elements = new ArrayList<>();
        value.forEach(elements::add);
        return elements;
    }

    private static <T> T parse(String where, @Nullable JsonNode value, Function<String, T> reader)
            throws InvalidPackageException {
        if (value == null || !value.isString()) {
            throw new InvalidPackageException(
                    where + ": expected a string, found " + describe(value));
        }
        try {
            return reader.apply(value.stringValue());
        } catch (IllegalArgumentException e) {
            throw new InvalidPackageException(where + ": " + e.getMessage(), e);
        }
    }

    private static String describe(@Nullable JsonNode node) {
        return switch (node) {
            case null -> "nothing";
            case JsonNode value when value.isNull() -> "null";
            case JsonNode value when value.isObject() -> "an object";
            case JsonNode value when value.isArray() -> "a list";
            case JsonNode value when value.isString() ->
                    "string " + Printable.quoted(value.stringValue());
            case JsonNode value -> Printable.quoted(value.toString());
        };
    }
}
