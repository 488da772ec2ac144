package dev.sluice.cli.render;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Wire messages as documents for JSON and YAML.
 *
 * <p>Keys are the wire's field names in lowerCamelCase. The wire only grows, so the keys stay; the
 * order is that of the fields, maps are sorted. Numbers are numbers, 64-bit ones too, times and
 * durations are ISO 8601, enumeration values lose the prefix with their type's name. Fields that
 * were not set stand there with their default, except absent messages, which are left out.
 */
public final class Documents {
    private Documents() {}

    /** The message as a map of maps, lists, strings, numbers and booleans. */
    public static Map<String, Object> of(Message message) {
        Map<String, Object> document = new LinkedHashMap<>();
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            if (field.hasPresence() && !message.hasField(field)) {
                continue;
            }
            document.put(field.getJsonName(), value(field, message.getField(field)));
        }
        return document;
    }

    private static Object value(FieldDescriptor field, Object value) {
        if (field.isMapField()) {
            FieldDescriptor keyField = field.getMessageType().findFieldByName("key");
            FieldDescriptor valueField = field.getMessageType().findFieldByName("value");
            Map<String, Object> sorted = new TreeMap<>();
            for (Object element : (List<?>) value) {
                Message entry = (Message) element;
                sorted.put(
                        String.valueOf(entry.getField(keyField)),
                        single(valueField, entry.getField(valueField)));
            }
            return sorted;
        }
        if (field.isRepeated()) {
            List<Object> list = new ArrayList<>();
            for (Object element : (List<?>) value) {
                list.add(single(field, element));
            }
            return list;
        }
        return single(field, value);
    }

    private static Object single(FieldDescriptor field, Object value) {
        return switch (value) {
            case Timestamp time -> Words.instant(time).toString();
            case Duration duration ->
                    java.time.Duration.ofSeconds(duration.getSeconds(), duration.getNanos())
                            .toString();
            case Message message -> of(message);
            case EnumValueDescriptor constant -> withoutPrefix(constant);
            case ByteString bytes -> HexFormat.of().formatHex(bytes.toByteArray());
            case Integer number when unsigned(field) -> Integer.toUnsignedLong(number);
            case Object plain -> plain;
        };
    }

    private static boolean unsigned(FieldDescriptor field) {
        return field.getType() == FieldDescriptor.Type.UINT32;
    }

    private static String withoutPrefix(EnumValueDescriptor constant) {
        String prefix =
                constant.getType()
                                .getName()
                                .replaceAll("([a-z0-9])([A-Z])", "$1_$2")
                                .toUpperCase(Locale.ROOT)
                        + "_";
        return constant.getName().startsWith(prefix)
                ? constant.getName().substring(prefix.length())
                : constant.getName();
    }
}
