package dev.sluice.control.offline;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Plan;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A plan for people: what happens in which order, not every step of every node. */
public final class PlanText {

    /** Ids on one line; a large half is counted, not listed. */
    private static final int MAX_IDS = 8;

    /** Lines of the report; the JSON document has all of them. */
    private static final int MAX_WAITS = 40;

    private final StringBuilder text = new StringBuilder();

    private PlanText() {}

    public static String of(Plan plan) {
        PlanText out = new PlanText();
        out.head(plan.blueprint());
        out.halves(plan.blueprint());
        out.steps(plan.blueprint());
        out.waits(plan.report().waits());
        out.warnings(plan.report().warnings());
        return out.text.toString();
    }

    public static String of(List<Refusal> refusals) {
        PlanText out = new PlanText();
        out.line("REFUSED: nothing was planned.");
        refusals.forEach(r -> out.line("  " + r));
        return out.text.toString();
    }

    private void line(String line) {
        text.append(line.stripTrailing()).append('\n');
    }

    private void table(List<List<String>> rows) {
        int columns = rows.getFirst().size();
        int[] width = new int[columns];
        for (List<String> row : rows) {
            for (int c = 0; c < columns; c++) {
                width[c] = Math.max(width[c], row.get(c).length());
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < columns; c++) {
                line.append(row.get(c)).repeat(' ', width[c] - row.get(c).length() + 2);
            }
            line(line.toString());
        }
        line("");
    }

    private void head(Blueprint blueprint) {
        line("Strategy  " + blueprint.strategy());
        line(
                "Target    "
                        + blueprint.target().entrySet().stream()
                                .map(e -> e.getKey() + " " + e.getValue())
                                .collect(Collectors.joining(", ")));
        line(
                "Path      "
                        + blueprint.path().stream()
                                .map(PackageRef::toString)
                                .collect(Collectors.joining(", then ")));
        line("");
    }

    private void halves(Blueprint blueprint) {
        if (blueprint.halves().isEmpty()) {
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("REGION", "WAVE", "HALF", "NODES"));
        blueprint
                .halves()
                .forEach((region, halves) -> {
                    int number = 1;
                    for (List<NodeId> wave : halves.waves()) {
                        boolean first = halves.first().contains(wave.getFirst());
                        rows.add(
                                List.of(
                                        region.value(),
                                        String.valueOf(number++),
                                        first ? "first" : "second",
                                        some(wave)));
                    }
                });
        table(rows);
    }

    private static String some(List<NodeId> ids) {
        String shown =
                ids.stream().limit(MAX_IDS).map(NodeId::value).collect(Collectors.joining(", "));
        return ids.size() > MAX_IDS
                ? shown + " and %d more".formatted(ids.size() - MAX_IDS)
                : shown;
    }

    /** One line for every run of steps of one kind. */
    private void steps(Blueprint blueprint) {
        record Run(int pass, String phase, StepKind kind, String what) {}
        Map<Run, List<NodeId>> runs = new LinkedHashMap<>();
        for (Step step : blueprint.steps()) {
            Run run =
                    new Run(
                            step.pass(),
                            step.phase().name(),
                            step.kind(),
                            step.pkg().map(PackageRef::toString).orElse(""));
            runs.computeIfAbsent(run, _ -> new ArrayList<>()).add(step.node());
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("PASS", "PHASE", "STEP", "PACKAGE", "NODES"));
        runs.forEach((run, nodes) ->
                rows.add(
                        List.of(
                                String.valueOf(run.pass()),
                                run.phase(),
                                run.kind().name(),
                                run.what(),
                                some(nodes.stream().distinct().toList()))));
        table(rows);
    }

    private void waits(List<Plan.Wait> waits) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("NODE", "WAITS FOR", "BECAUSE"));
        waits.stream()
                .limit(MAX_WAITS)
                .forEach(w -> rows.add(List.of(w.subject(), w.waitsFor(), w.reason())));
        table(rows);
        if (waits.size() > MAX_WAITS) {
            line("(%d more; -o json has all)".formatted(waits.size() - MAX_WAITS));
            line("");
        }
    }

    private void warnings(List<String> warnings) {
        warnings.forEach(w -> line("WARNING: " + w));
    }
}
