package dev.sluice.cli.connect;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a master's refusal or a lost call means for the operator. */
final class Failures {
    /** The stable name of the reason with which a backup master refuses to decide. */
    static final String NOT_PRIMARY = "NOT_PRIMARY";

    private Failures() {}

    static CommandFailure of(StatusRuntimeException e) {
        Status status = e.getStatus();
        Map<String, String> details = new LinkedHashMap<>();
        errorInfo(e)
                .ifPresent(info -> {
                    Map<String, String> metadata = new TreeMap<>(info.getMetadataMap());
                    for (String first : new String[] {"subject", "expected", "found"}) {
                        String value = metadata.remove(first);
                        if (value != null && !value.isEmpty()) {
                            details.put(first, value);
                        }
                    }
                    details.put("reason", info.getReason());
                    details.putAll(metadata);
                });
        String description =
                status.getDescription() == null
                        ? "no explanation was given (" + status.getCode() + ")"
                        : status.getDescription();
        return switch (status.getCode()) {
            case INVALID_ARGUMENT, NOT_FOUND, OUT_OF_RANGE ->
                    new CommandFailure(ExitCode.BAD_INPUT, description, details);
            case FAILED_PRECONDITION, ALREADY_EXISTS, ABORTED, RESOURCE_EXHAUSTED ->
                    new CommandFailure(ExitCode.REFUSED, "refused: " + description, details);
            case PERMISSION_DENIED, UNAUTHENTICATED ->
                    new CommandFailure(ExitCode.REFUSED, "not allowed: " + description, details)
                            .with("next", "see which certificate is used: sluice context show");
            case UNAVAILABLE, CANCELLED ->
                    new CommandFailure(
                                    ExitCode.UNREACHABLE,
                                    "the connection was lost: " + rootCause(e),
                                    details)
                            .with("next", "see with 'sluice status' whether it was done");
            case DEADLINE_EXCEEDED ->
                    new CommandFailure(
                                    ExitCode.UNREACHABLE,
                                    // The master's own word says what it waited for.
                                    details.containsKey("reason")
                                            ? "not done in time: " + description
                                            : "no answer came in time",
                                    details)
                            .with("next", "see with 'sluice status' whether it was done");
            case OK, UNKNOWN, INTERNAL, DATA_LOSS, UNIMPLEMENTED ->
                    new CommandFailure(
                                    ExitCode.INTERNAL,
                                    "the master failed (" + status.getCode() + "): " + description,
                                    details)
                            .with("next", "this is a defect; the master's log says more");
        };
    }

    static boolean isNotPrimary(StatusRuntimeException e) {
        return e.getStatus().getCode() == Status.Code.FAILED_PRECONDITION
                && errorInfo(e).filter(info -> info.getReason().equals(NOT_PRIMARY)).isPresent();
    }

    /** Whether the same question may get an answer later, from this master or its successor. */
    static boolean mayPass(StatusRuntimeException e) {
        return switch (e.getStatus().getCode()) {
            case UNAVAILABLE, CANCELLED, DEADLINE_EXCEEDED, ABORTED, RESOURCE_EXHAUSTED -> true;
            // What a master that is killed in the middle of a frame looks like.
            case INTERNAL, UNKNOWN -> errorInfo(e).isEmpty();
            case FAILED_PRECONDITION -> isNotPrimary(e);
            case OK,
                    INVALID_ARGUMENT,
                    NOT_FOUND,
                    OUT_OF_RANGE,
                    ALREADY_EXISTS,
                    PERMISSION_DENIED,
                    UNAUTHENTICATED,
                    DATA_LOSS,
                    UNIMPLEMENTED ->
                    false;
        };
    }

    /** The innermost explanation, which is the operating system's or the certificate check's. */
    static String rootCause(StatusRuntimeException e) {
        String text = null;
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            String message = cause.getMessage();
            if (message != null && !message.isBlank()) {
                text = message;
            }
            if (cause instanceof java.security.cert.CertificateException) {
                break;
            }
        }
        if (text != null) {
            return text;
        }
        String description = e.getStatus().getDescription();
        return description == null ? e.getStatus().getCode().name() : description;
    }

    private static Optional<ErrorInfo> errorInfo(StatusRuntimeException e) {
        com.google.rpc.Status status = StatusProto.fromThrowable(e);
        if (status == null) {
            return Optional.empty();
        }
        for (Any detail : status.getDetailsList()) {
            if (detail.is(ErrorInfo.class)) {
                try {
                    return Optional.of(detail.unpack(ErrorInfo.class));
                } catch (InvalidProtocolBufferException damaged) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }
}
