package dev.sluice.sim.redfish;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request's JSON object read strictly. Every look at a property marks it as known; {@link
 * #problems} then has what was wrong with those, and a message for every property that nobody
 * looked at.
 */
final class Payload {

    private final JsonObject json;
    private final String path;
    private final Set<String> known = new LinkedHashSet<>();
    private final Set<String> readOnly;
    private final List<Message> wrong = new ArrayList<>();
    private final List<Payload> children = new ArrayList<>();

    /**
     * @param readOnly properties that the resource has and a client cannot write
     */
    Payload(JsonObject json, Set<String> readOnly) {
        this(json, readOnly, "");
    }

    private Payload(JsonObject json, Set<String> readOnly, String path) {
        this.json = json;
        this.readOnly = Set.copyOf(readOnly);
        this.path = path;
    }

    boolean has(String property) {
        return json.containsKey(property);
    }

    Optional<String> string(String property, int maxChars) {
        return value(property, String.class, "a string of at most " + maxChars + " characters")
                .filter(text -> {
                    boolean fits = text.length() <= maxChars;
                    if (!fits) {
                        wrong.add(
                                Message.propertyValueType(
                                        path + property,
                                        text,
                                        "at most " + maxChars + " characters long"));
                    }
                    return fits;
                });
    }

    Optional<Boolean> bool(String property) {
        return value(property, Boolean.class, "a boolean");
    }

    Optional<Integer> integer(String property, int least, int most) {
        String expected = "an integer of " + least + " to " + most;
        Optional<Integer> value = value(property, Integer.class, expected);
        if (value.isPresent() && (value.get() < least || value.get() > most)) {
            wrong.add(Message.propertyValueType(path + property, value.get(), expected));
            return Optional.empty();
        }
        return value;
    }

    Optional<Payload> object(String property) {
        Optional<JsonObject> value = value(property, JsonObject.class, "an object");
        return value.map(child -> {
            Payload payload = new Payload(child, Set.of(), path + property + "/");
            children.add(payload);
            return payload;
        });
    }

    Optional<List<String>> strings(String property, int most, int maxChars) {
        Optional<JsonArray> array = value(property, JsonArray.class, "an array");
        if (array.isEmpty()) {
            return Optional.empty();
        }
        List<String> strings = new ArrayList<>();
        for (Object each : array.get()) {
            if (!(each instanceof String text) || text.isEmpty() || text.length() > maxChars) {
                wrong.add(
                        Message.propertyValueType(
                                path + property,
                                String.valueOf(each),
                                "a string of 1 to " + maxChars));
                return Optional.empty();
            }
            strings.add(text);
        }
        return bounded(property, strings, most);
    }

    Optional<List<Payload>> objects(String property, int most) {
        Optional<JsonArray> array = value(property, JsonArray.class, "an array");
        if (array.isEmpty()) {
            return Optional.empty();
        }
        List<Payload> objects = new ArrayList<>();
        for (Object each : array.get()) {
            if (!(each instanceof JsonObject child)) {
                wrong.add(
                        Message.propertyValueType(
                                path + property, String.valueOf(each), "an object"));
                return Optional.empty();
            }
            Payload payload =
                    new Payload(child, Set.of(), path + property + "/" + objects.size() + "/");
            children.add(payload);
            objects.add(payload);
        }
        return bounded(property, objects, most);
    }

    /** Records that the value of a property, though of the right type, cannot be used. */
    void refuse(String property, Object found, String expected) {
        wrong.add(Message.propertyValueNotInList(path + property, found, expected));
    }

    void miss(String property) {
        known.add(property);
        wrong.add(Message.propertyMissing(path + property));
    }

    /**
     * Everything that is wrong with the object, to be asked when all of its properties were looked
     * at.
     */
    List<Message> problems() {
        List<Message> problems = new ArrayList<>(wrong);
        for (String property : json.fieldNames()) {
            if (!known.contains(property) && !property.startsWith("@odata.")) {
                problems.add(
                        readOnly.contains(property)
                                ? Message.propertyNotWritable(path + property)
                                : Message.propertyUnknown(path + property));
            }
        }
        children.forEach(child -> problems.addAll(child.problems()));
        return problems;
    }

    private <T> Optional<List<T>> bounded(String property, List<T> values, int most) {
        if (values.size() > most) {
            wrong.add(
                    Message.propertyValueType(
                            path + property, values.size(), "an array of at most " + most));
            return Optional.empty();
        }
        return Optional.of(values);
    }

    private <T> Optional<T> value(String property, Class<T> type, String expected) {
        known.add(property);
        if (!json.containsKey(property)) {
            return Optional.empty();
        }
        @Nullable Object value = json.getValue(property);
        if (!type.isInstance(value)) {
            wrong.add(Message.propertyValueType(path + property, String.valueOf(value), expected));
            return Optional.empty();
        }
        return Optional.of(type.cast(value));
    }
}
