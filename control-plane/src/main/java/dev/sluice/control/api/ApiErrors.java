package dev.sluice.control.api;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Refusal;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The errors that operators get: a status, a sentence, and an ErrorInfo whose reason is a stable
 * name. All of it together stays below the 8 KiB that gRPC lets trailers have.
 */
final class ApiErrors {

    private static final Logger LOG = LoggerFactory.getLogger(ApiErrors.class);

    private static final String DOMAIN = "sluice";
    private static final int MAX_MESSAGE = 1000;
    private static final int MAX_DETAIL = 300;

    /** One byte a character, so that the bounds hold on the wire; and nothing a terminal obeys. */
    private static final Pattern NOT_PLAIN = Pattern.compile("[^\\x20-\\x7e]");

    private ApiErrors() {}

    /** An argument that cannot be meant. */
    static StatusRuntimeException invalid(String subject, String expected, String found) {
        return error(
                Status.Code.INVALID_ARGUMENT,
                "INVALID_ARGUMENT",
                "%s: expected %s, found %s".formatted(subject, expected, quoted(found)),
                Map.of("subject", subject, "expected", expected, "found", quoted(found)));
    }

    /** What the cluster's state does not allow now. */
    static StatusRuntimeException refused(Refusal refusal) {
        return refused(refusal.subject(), refusal.reason());
    }

    static StatusRuntimeException refused(String subject, String reason) {
        return error(
                Status.Code.FAILED_PRECONDITION,
                "REFUSED",
                subject + ": " + reason,
                Map.of("subject", subject));
    }

    /** This master decides nothing; the primary is named when it is known. */
    static StatusRuntimeException notPrimary(NodeId self, Optional<NodeId> primary) {
        String next =
                primary.map(id -> "ask master " + id).orElse("no master is; try again in a moment");
        return error(
                Status.Code.FAILED_PRECONDITION,
                "NOT_PRIMARY",
                "master %s: is not the primary; %s".formatted(self, next),
                Map.of(
                        "subject",
                        "master " + self,
                        "primary",
                        primary.map(NodeId::value).orElse("")));
    }

    /** A bound is reached; later it may be free again. */
    static StatusRuntimeException exhausted(String subject, String reason) {
        return error(
                Status.Code.RESOURCE_EXHAUSTED,
                "LIMIT_REACHED",
                subject + ": " + reason,
                Map.of("subject", subject));
    }

    /** What was asked for is not kept any more. */
    static StatusRuntimeException gone(String subject, String expected, String found) {
        return error(
                Status.Code.OUT_OF_RANGE,
                "COMPACTED",
                "%s: expected %s, found %s; older events are compacted away"
                        .formatted(subject, expected, found),
                Map.of("subject", subject, "expected", expected, "found", found));
    }

    /** No answer in time; whether it was done is open. */
    static StatusRuntimeException unanswered(String subject, String reason) {
        return error(
                Status.Code.DEADLINE_EXCEEDED,
                "UNANSWERED",
                subject + ": " + reason,
                Map.of("subject", subject));
    }

    /** A fault of this master. The client gets an id; the log has it with what happened. */
    static StatusRuntimeException internal(String subject, Throwable cause) {
        String id = UUID.randomUUID().toString();
        LOG.error("{} failed, error {}", subject, id, cause);
        return faulty(subject, id);
    }

    /** As {@link #internal(String, Throwable)}, for what is wrong without an exception. */
    static StatusRuntimeException internal(String subject, String detail) {
        String id = UUID.randomUUID().toString();
        LOG.error("{} failed, error {}: {}", subject, id, detail);
        return faulty(subject, id);
    }

    private static StatusRuntimeException faulty(String subject, String id) {
        return error(
                Status.Code.INTERNAL,
                "INTERNAL",
                "%s: the master failed; its log says more under %s".formatted(subject, id),
                Map.of("subject", subject, "error_id", id));
    }

    private static StatusRuntimeException error(
            Status.Code code, String reason, String message, Map<String, String> metadata) {
        Map<String, String> bounded = new LinkedHashMap<>();
        metadata.forEach((key, value) -> bounded.put(key, plain(value, MAX_DETAIL)));
        return StatusProto.toStatusRuntimeException(
                com.google.rpc.Status.newBuilder()
                        .setCode(code.value())
                        .setMessage(plain(message, MAX_MESSAGE))
                        .addDetails(
                                Any.pack(
                                        ErrorInfo.newBuilder()
                                                .setDomain(DOMAIN)
                                                .setReason(reason)
                                                .putAllMetadata(bounded)
                                                .build()))
                        .build());
    }

    private static String quoted(String found) {
        return found.isEmpty() ? "nothing" : "\"" + plain(found, MAX_DETAIL - 2) + "\"";
    }

    private static String plain(String text, int most) {
        String cut = text.length() <= most ? text : text.substring(0, most - 3) + "...";
        return NOT_PLAIN.matcher(cut).replaceAll("?");
    }
}
