package dev.sluice.agent.records;

import dev.sluice.agent.disk.CheckedLines;
import dev.sluice.agent.traffic.SessionLog;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.pcollections.TreePMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The spool's file format: a fact a line of JSON, with its checksum. It only grows. */
final class SpoolCodec {

    private static final JsonMapper JSON = JsonMapper.shared();

    private SpoolCodec() {}

    /**
     * What could be read.
     *
     * @param goodBytes what follows is a torn last fact
     * @param damage why the rest cannot be trusted; empty: it can
     */
    record Decoded(List<SpoolFact> facts, int goodBytes, String damage) {}

    static byte[] encode(List<SpoolFact> facts) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (SpoolFact fact : facts) {
            lines.writeBytes(CheckedLines.encode(JSON.writeValueAsBytes(json(fact))));
        }
        return lines.toByteArray();
    }

    static Decoded decode(byte[] bytes) {
        CheckedLines.Decoded lines = CheckedLines.decode(bytes);
        List<SpoolFact> facts = new ArrayList<>();
        for (CheckedLines.Line line : lines.lines()) {
            try {
                facts.add(fact(JSON.readTree(bytes, line.from(), line.to() - line.from())));
            } catch (JacksonException | IllegalArgumentException e) {
                return new Decoded(
                        facts,
                        lines.goodBytes(),
                        "the fact at offset %d: %s".formatted(line.offset(), e.getMessage()));
            }
        }
        return new Decoded(
                facts,
                lines.goodBytes(),
                lines.damaged().isPresent()
                        ? "the fact at offset %d has another checksum"
                                .formatted(lines.damaged().getAsInt())
                        : "");
    }

    private static ObjectNode json(SpoolFact fact) {
        ObjectNode json = JSON.createObjectNode();
        switch (fact) {
            case SpoolFact.Named(String store) -> json.put("is", "store").put("id", store);
            case SpoolFact.SiteEnded(long millis) -> json.put("is", "site-ended").put("at", millis);
            case SpoolFact.Released(long sequence) ->
                    json.put("is", "released").put("sequence", sequence);
            case SpoolFact.Read read -> {
                json.put("is", "read")
                        .put("run", read.run())
                        .put("next", read.next())
                        .put("missed", read.missed());
                ArrayNode entries = json.putArray("entries");
                read.entries().forEach(entry -> entries.add(entry(entry)));
            }
            case SpoolFact.Everything(SpoolState state) -> all(json, state);
        }
        return json;
    }

    private static ArrayNode entry(SessionLog.Entry entry) {
        ArrayNode json = JSON.createArrayNode();
        switch (entry) {
            case SessionLog.Entry.Began(long session, String kind, long millis) ->
                    json.add(session).add(kind).add(millis);
            case SessionLog.Entry.Ended end ->
                    json.add(end.session())
                            .add(end.kind())
                            .add(end.beganMillis())
                            .add(end.millis())
                            .add(end.how());
        }
        return json;
    }

    private static void all(ObjectNode json, SpoolState state) {
        json.put("is", "all")
                .put("id", state.store())
                .put("run", state.run())
                .put("next", state.next())
                .put("oldest", state.oldest())
                .put("dropped", state.dropped())
                .put("missed", state.missed());
        ArrayNode open = json.putArray("open");
        state.open()
                .forEach((session, known) ->
                        open.add(
                                entry(
                                        new SessionLog.Entry.Began(
                                                session, known.kind(), known.beganMillis()))));
        ArrayNode records = json.putArray("records");
        state.records()
                .values()
                .forEach(ended ->
                        records.addArray()
                                .add(ended.kind())
                                .add(ended.beganMillis())
                                .add(ended.endedMillis())
                                .add(ended.how()));
    }

    private static SpoolFact fact(JsonNode json) {
        String kind = json.required("is").asString();
        return switch (kind) {
            case "store" -> new SpoolFact.Named(json.required("id").asString());
            case "site-ended" -> new SpoolFact.SiteEnded(json.required("at").asLong());
            case "released" -> new SpoolFact.Released(json.required("sequence").asLong());
            case "read" -> {
                List<SessionLog.Entry> entries = new ArrayList<>();
                json.required("entries").forEach(entry -> entries.add(entry(entry)));
                yield new SpoolFact.Read(
                        json.required("run").asString(),
                        json.required("next").asLong(),
                        json.required("missed").asLong(),
                        entries);
            }
            case "all" -> new SpoolFact.Everything(state(json));
            default -> throw new IllegalArgumentException("unknown fact \"" + kind + "\"");
        };
    }

    private static SessionLog.Entry entry(JsonNode json) {
        long session = json.required(0).asLong();
        String kind = json.required(1).asString();
        long began = json.required(2).asLong();
        return json.size() == 3
                ? new SessionLog.Entry.Began(session, kind, began)
                : new SessionLog.Entry.Ended(
                        session,
                        kind,
                        began,
                        json.required(3).asLong(),
                        json.required(4).asString());
    }

    private static SpoolState state(JsonNode json) {
        TreePMap<Long, SpoolState.Open> open = TreePMap.empty();
        for (JsonNode entry : json.required("open")) {
            open =
                    open.plus(
                            entry.required(0).asLong(),
                            new SpoolState.Open(
                                    entry.required(1).asString(), entry.required(2).asLong()));
        }
        long oldest = json.required("oldest").asLong();
        TreePMap<Long, EndedSession> records = TreePMap.empty();
        for (JsonNode ended : json.required("records")) {
            records =
                    records.plus(
                            oldest + records.size(),
                            new EndedSession(
                                    ended.required(0).asString(),
                                    ended.required(1).asLong(),
                                    ended.required(2).asLong(),
                                    ended.required(3).asString()));
        }
        return new SpoolState(
                json.required("id").asString(),
                json.required("run").asString(),
                json.required("next").asLong(),
                open,
                oldest,
                records,
                json.required("dropped").asLong(),
                json.required("missed").asLong());
    }
}
