package dev.sluice.agent.ledger;

import dev.sluice.agent.disk.CheckedLines;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The ledger's file format: a line a record, {@code CRC32C-in-hex SPACE JSON NEWLINE}.
 *
 * <p>It only grows: an unknown member of a known record is ignored, so that an older agent can read
 * what a newer one wrote; an unknown record is refused, because ignoring a fact is not safe.
 */
final class LedgerCodec {

    private static final JsonMapper JSON = JsonMapper.shared();

    private LedgerCodec() {}

    /**
     * What could be read.
     *
     * @param goodBytes the length of the readable part; what follows is a torn last record
     */
    record Decoded(List<LedgerRecord> records, int goodBytes) {
        Decoded {
            records = List.copyOf(records);
        }
    }

    static byte[] encode(LedgerRecord entry) {
        return CheckedLines.encode(JSON.writeValueAsBytes(toJson(entry)));
    }

    /**
     * Reads records up to the end or up to a torn last one.
     *
     * @throws LedgerCorruptException when anything else than the last record is damaged, or the
     *     last one was changed after it was written completely
     */
    static Decoded decode(String name, byte[] bytes) throws LedgerCorruptException {
        CheckedLines.Decoded lines = CheckedLines.decode(bytes);
        if (lines.damaged().isPresent()) {
            throw new LedgerCorruptException(
                    ("ledger %s: the record at offset %d is damaged (its checksum does not match);"
                                    + " restore the file from a backup, or reinstall the node and let a"
                                    + " master fence it anew")
                            .formatted(name, lines.damaged().getAsInt()));
        }
        List<LedgerRecord> records = new ArrayList<>();
        for (CheckedLines.Line line : lines.lines()) {
            records.add(record(name, line.offset(), bytes, line.from(), line.to()));
        }
        return new Decoded(records, lines.goodBytes());
    }

    private static ObjectNode toJson(LedgerRecord entry) {
        ObjectNode json = JSON.createObjectNode();
        switch (entry) {
            case LedgerRecord.Founded founded ->
                    json.put("is", "founded").put("node", founded.nodeId());
            case LedgerRecord.Started started ->
                    json.put("is", "started").put("incarnation", started.incarnation());
            case LedgerRecord.StoreNamed named ->
                    json.put("is", "store").put("id", named.storeId());
            case LedgerRecord.BallotRaised raised ->
                    RegisterCodec.put(json.put("is", "ballot"), raised.ballot());
            case LedgerRecord.BallotPromised promised ->
                    RegisterCodec.put(json.put("is", "promise"), promised.ballot());
            case LedgerRecord.RegisterAccepted accepted ->
                    RegisterCodec.put(json.put("is", "register"), accepted.register());
            case LedgerRecord.CommandExecuted executed -> {
                json.put("is", "executed").put("command", executed.commandId());
                switch (executed.outcome()) {
                    case Outcome.Done done -> {
                        ArrayNode evidence = json.putArray("done");
                        done.evidence().forEach(evidence::add);
                    }
                    case Outcome.Failed failed ->
                            json.put("failed", failed.reason())
                                    .put("retryable", failed.retryable());
                }
            }
            case LedgerRecord.AdmissionDesired admission ->
                    json.put("is", "admission").put("accepting", admission.accepting());
            case LedgerRecord.ConfigurationKept kept -> {
                json.put("is", "configuration").put("revision", kept.revision());
                ObjectNode settings = json.putObject("settings");
                kept.settings().forEach(settings::put);
            }
            case LedgerRecord.BytesReceived received ->
                    json.put("is", "received")
                            .put("from", received.fromNode())
                            .put("total", received.total());
            case LedgerRecord.InstallBegun begun ->
                    json.put("is", "install-begun")
                            .put("command", begun.intent().commandId())
                            .put("package", begun.intent().packageName())
                            .put("version", begun.intent().version())
                            .put("content", begun.intent().contentSha256());
            case LedgerRecord.InstallEnded _ -> json.put("is", "install-ended");
            case LedgerRecord.InterlockSet set ->
                    json.put("is", "interlock").put("reason", set.reason());
        }
        return json;
    }

    private static LedgerRecord record(String name, int offset, byte[] bytes, int from, int end)
            throws LedgerCorruptException {
        try {
            JsonNode json = JSON.readTree(bytes, from, end - from);
            return fromJson(json);
        } catch (JacksonException | IllegalArgumentException e) {
            throw new LedgerCorruptException(
                    ("ledger %s: the record at offset %d cannot be understood: %s; it was written by a"
                                    + " newer agent: install that one again")
                            .formatted(name, offset, e.getMessage()));
        }
    }

    private static LedgerRecord fromJson(JsonNode json) {
        String kind = json.required("is").asString();
        return switch (kind) {
            case "founded" -> new LedgerRecord.Founded(text(json, "node"));
            case "started" -> new LedgerRecord.Started(number(json, "incarnation"));
            case "store" -> new LedgerRecord.StoreNamed(text(json, "id"));
            case "ballot" -> new LedgerRecord.BallotRaised(RegisterCodec.ballot(json));
            case "promise" -> new LedgerRecord.BallotPromised(RegisterCodec.ballot(json));
            case "register" -> new LedgerRecord.RegisterAccepted(RegisterCodec.register(json));
            case "executed" ->
                    new LedgerRecord.CommandExecuted(text(json, "command"), outcome(json));
            case "admission" ->
                    new LedgerRecord.AdmissionDesired(json.required("accepting").booleanValue());
            case "configuration" ->
                    new LedgerRecord.ConfigurationKept(
                            number(json, "revision"), texts(json.required("settings")));
            case "received" ->
                    new LedgerRecord.BytesReceived(text(json, "from"), number(json, "total"));
            case "install-begun" ->
                    new LedgerRecord.InstallBegun(
                            new InstallIntent(
                                    text(json, "command"),
                                    text(json, "package"),
                                    text(json, "version"),
                                    text(json, "content")));
            case "install-ended" -> new LedgerRecord.InstallEnded();
            case "interlock" -> new LedgerRecord.InterlockSet(text(json, "reason"));
            default -> throw new IllegalArgumentException("unknown record '" + kind + "'");
        };
    }

    private static Outcome outcome(JsonNode json) {
        if (json.has("failed")) {
            return new Outcome.Failed(
                    text(json, "failed"), json.required("retryable").booleanValue());
        }
        List<String> evidence = new ArrayList<>();
        json.required("done").forEach(line -> evidence.add(line.stringValue()));
        return new Outcome.Done(evidence);
    }

    private static String text(JsonNode json, String member) {
        return json.required(member).stringValue();
    }

    private static long number(JsonNode json, String member) {
        return json.required(member).longValue();
    }

    private static SortedMap<String, String> texts(JsonNode json) {
        SortedMap<String, String> texts = new TreeMap<>();
        json.properties()
                .forEach(entry -> texts.put(entry.getKey(), entry.getValue().stringValue()));
        return texts;
    }
}
