package dev.sluice.control.codec;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Makes from one good message all messages that have one thing wrong, at any depth. */
final class Damage {

    private static final int UNKNOWN_NUMBER = 12_345;

    private Damage() {}

    static List<Message> withAnUnknownField(Message good) {
        return everywhere(
                good,
                message ->
                        List.of(
                                message.toBuilder()
                                        .setUnknownFields(
                                                UnknownFieldSet.newBuilder()
                                                        .mergeVarintField(UNKNOWN_NUMBER, 1)
                                                        .build())
                                        .build()));
    }

    static List<Message> withAnUnknownEnumValue(Message good) {
        return everywhere(good, message -> withEnumValue(message, UNKNOWN_NUMBER));
    }

    static List<Message> withAnUnspecifiedEnumValue(Message good) {
        return everywhere(good, message -> withEnumValue(message, 0));
    }

    /** Each message without one of its parts, where a part is a message itself. */
    static List<Message> withoutAPart(Message good, List<String> optional) {
        return everywhere(
                good,
                message ->
                        message.getAllFields().keySet().stream()
                                .filter(field -> isPart(field, optional))
                                .map(field -> message.toBuilder().clearField(field).build())
                                .toList());
    }

    private static boolean isPart(FieldDescriptor field, List<String> optional) {
        return field.getJavaType() == JavaType.MESSAGE
                && !field.isRepeated()
                && !optional.contains(field.getFullName());
    }

    private static List<Message> withEnumValue(Message message, int number) {
        return message.getAllFields().keySet().stream()
                .filter(field -> field.getJavaType() == JavaType.ENUM)
                .map(field ->
                        message.toBuilder()
                                .setField(
                                        field,
                                        field.getEnumType()
                                                .findValueByNumberCreatingIfUnknown(number))
                                .build())
                .toList();
    }

    private static List<Message> everywhere(
            Message message, Function<Message, List<Message>> damage) {
        List<Message> damaged = new ArrayList<>(damage.apply(message));
        message.getAllFields()
                .forEach((field, value) -> {
                    if (field.getJavaType() != JavaType.MESSAGE) {
                        return;
                    }
                    if (!field.isRepeated()) {
                        everywhere((Message) value, damage).stream()
                                .map(part -> message.toBuilder().setField(field, part).build())
                                .forEach(damaged::add);
                        return;
                    }
                    for (int i = 0; i < message.getRepeatedFieldCount(field); i++) {
                        for (Message part :
                                everywhere((Message) message.getRepeatedField(field, i), damage)) {
                            damaged.add(
                                    message.toBuilder().setRepeatedField(field, i, part).build());
                        }
                    }
                });
        return damaged;
    }
}
