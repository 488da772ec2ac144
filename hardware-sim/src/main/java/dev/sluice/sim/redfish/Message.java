package dev.sluice.sim.redfish;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * A message of the Base registry as it stands in an error's extended info.
 *
 * @param id within the registry, such as {@code PropertyUnknown}
 * @param relatedProperty JSON pointer to the property it is about, or empty
 */
record Message(
        String id, String text, List<String> arguments, String relatedProperty, String resolution) {

    private static final String REGISTRY = "Base.1.18.";

    Message {
        arguments = List.copyOf(arguments);
    }

    static Message propertyUnknown(String property) {
        return about(
                "PropertyUnknown",
                "The property "
                        + property
                        + " is not in the list of valid properties for the resource.",
                "Remove the unknown property from the request body and resubmit the request.",
                property);
    }

    static Message propertyNotWritable(String property) {
        return about(
                "PropertyNotWritable",
                "The property "
                        + property
                        + " is a read-only property and cannot be assigned a value.",
                "Remove the property from the request body and resubmit the request.",
                property);
    }

    static Message propertyMissing(String property) {
        return about(
                "PropertyMissing",
                "The property "
                        + property
                        + " is a required property and must be included in the request.",
                "Include the property in the request body and resubmit the request.",
                property);
    }

    static Message propertyValueType(String property, Object found, String expected) {
        return about(
                "PropertyValueTypeError",
                "The value "
                        + shown(found)
                        + " for the property "
                        + property
                        + " is not "
                        + expected
                        + ".",
                "Give " + expected + " and resubmit the request.",
                property);
    }

    static Message propertyValueNotInList(String property, Object found, String expected) {
        return about(
                "PropertyValueNotInList",
                "The value "
                        + shown(found)
                        + " for the property "
                        + property
                        + " is not one of "
                        + expected
                        + ".",
                "Choose a value from the list and resubmit the request.",
                property);
    }

    static Message propertyValueConflict(String property, String why) {
        return about(
                "PropertyValueConflict",
                "The property " + property + " could not be written: " + why + ".",
                "Change the conflicting property first.",
                property);
    }

    static Message actionParameterMissing(String action, String parameter) {
        return new Message(
                "ActionParameterMissing",
                "The action "
                        + action
                        + " requires the parameter "
                        + parameter
                        + " to be present in the request body.",
                List.of(action, parameter),
                "",
                "Supply the parameter and resubmit the request.");
    }

    static Message invalidUri(String path) {
        return new Message(
                "ResourceMissingAtURI",
                "The resource at the URI " + path + " was not found.",
                List.of(path),
                "",
                "Follow the links from /redfish/v1.");
    }

    static Message plain(String id, String text, String resolution) {
        return new Message(id, text, List.of(), "", resolution);
    }

    JsonObject toJson() {
        JsonObject json =
                new JsonObject()
                        .put("@odata.type", "#Message.v1_2_0.Message")
                        .put("MessageId", REGISTRY + id)
                        .put("Message", text)
                        .put("MessageArgs", new JsonArray(new ArrayList<>(arguments)))
                        .put("MessageSeverity", "Warning")
                        .put("Resolution", resolution);
        if (!relatedProperty.isEmpty()) {
            json.put("RelatedProperties", new JsonArray().add(relatedProperty));
        }
        return json;
    }

    /** The body of an error that these messages explain. */
    static JsonObject error(List<Message> messages) {
        JsonArray info = new JsonArray();
        messages.forEach(message -> info.add(message.toJson()));
        Message first = messages.getFirst();
        return new JsonObject()
                .put(
                        "error",
                        new JsonObject()
                                .put(
                                        "code",
                                        REGISTRY
                                                + (messages.size() == 1
                                                        ? first.id()
                                                        : "GeneralError"))
                                .put("message", first.text())
                                .put("@Message.ExtendedInfo", info));
    }

    private static Message about(String id, String text, String resolution, String property) {
        return new Message(id, text, List.of(property), "#/" + property, resolution);
    }

    /** A client's value, bounded before it is sent back. */
    private static String shown(Object found) {
        String text = String.valueOf(found);
        return text.length() <= 80 ? text : text.substring(0, 80) + "...";
    }
}
