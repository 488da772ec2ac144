package dev.sluice.cli.render;

import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A plan's document, for people and for programs. */
public final class PlanView {
    private final JsonNode plan;
    private final Map<String, Object> document;

    private PlanView(JsonNode plan, Map<String, Object> document) {
        this.plan = plan;
        this.document = document;
    }

    /**
     * A view.
     *
     * @param planId added to the document as {@code planId}; empty when it cannot be started
     */
    public static PlanView of(String planId, String json) {
        try {
            JsonMapper mapper = JsonMapper.builder().build();
            Map<String, Object> document = new LinkedHashMap<>();
            if (!planId.isEmpty()) {
                document.put("planId", planId);
            }
            document.putAll(
                    mapper.readValue(json, new TypeReference<LinkedHashMap<String, Object>>() {}));
            return new PlanView(mapper.valueToTree(document), document);
        } catch (JacksonException e) {
            throw new CommandFailure(
                    ExitCode.INTERNAL,
                    "the master answered with a plan that is not JSON: " + e.getOriginalMessage(),
                    Map.of("next", "this is a defect; see that both sides are of one version"));
        }
    }

    /** The document, in the order in which it came. */
    public Map<String, Object> document() {
        return new LinkedHashMap<>(document);
    }

    /** The plan as tables. */
    public List<String> lines() {
        return plan.has("refused") ? refusals() : steps();
    }

    private List<String> refusals() {
        List<String> lines = new ArrayList<>();
        lines.add("Refused; nothing was planned.");
        lines.add("");
        Table table = new Table("SUBJECT", "REASON");
        for (JsonNode refusal : plan.path("refused")) {
            table.row(text(refusal, "subject"), text(refusal, "reason"));
        }
        lines.addAll(table.lines());
        return lines;
    }

    private List<String> steps() {
        List<String> lines = new ArrayList<>();
        String id = text(plan, "planId");
        List<String> path = new ArrayList<>();
        for (JsonNode hop : plan.path("path")) {
            path.add(text(hop, "package") + " " + text(hop, "version"));
        }
        lines.add("Plan" + (id.isEmpty() ? "" : " " + id) + ", strategy " + text(plan, "strategy"));
        lines.add("Path: " + Table.printable(String.join(", ", path)));
        plan.path("halves")
                .properties()
                .forEach(entry ->
                        lines.add(
                                Table.printable(
                                        "Region "
                                                + entry.getKey()
                                                + ": first "
                                                + names(entry.getValue().path("first"))
                                                + "; second "
                                                + names(entry.getValue().path("second")))));
        lines.add("");
        Table table = new Table("STEP", "PHASE", "KIND", "NODE", "REGION", "PACKAGE", "AFTER");
        for (JsonNode step : plan.path("steps")) {
            table.row(
                    text(step, "id"),
                    text(step, "phase"),
                    text(step, "kind"),
                    text(step, "node"),
                    text(step, "region"),
                    (text(step, "package") + " " + text(step, "version")).strip(),
                    names(step.path("after")));
        }
        lines.addAll(table.lines());
        report(lines);
        if (!id.isEmpty()) {
            lines.add("");
            lines.add("Start it with: sluice upgrade start " + Table.printable(id) + " --watch");
        }
        return lines;
    }

    private void report(List<String> lines) {
        if (!plan.path("report").isEmpty()) {
            lines.add("");
            Table table = new Table("SUBJECT", "WAITS FOR", "WHY");
            for (JsonNode wait : plan.path("report")) {
                table.row(text(wait, "subject"), text(wait, "waitsFor"), text(wait, "reason"));
            }
            lines.addAll(table.lines());
        }
        if (!plan.path("warnings").isEmpty()) {
            lines.add("");
            for (JsonNode warning : plan.path("warnings")) {
                lines.add("Warning: " + Table.printable(warning.asString("")));
            }
        }
    }

    private static String text(JsonNode node, String key) {
        return Table.printable(node.path(key).asString(""));
    }

    private static String names(JsonNode list) {
        List<String> names = new ArrayList<>();
        for (JsonNode name : list) {
            names.add(name.asString(""));
        }
        return names.isEmpty() ? "-" : String.join(" ", names);
    }
}
