package dev.sluice.control.offline;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Halves;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Plan;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Work;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/**
 * The document that a plan is shown as, the same wherever it comes from. Its keys are a promise:
 * some may be added, none is renamed or removed. docs/reference/plan.md describes them.
 */
public final class PlanDocument {

    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final ObjectMapper YAML =
            YAMLMapper.builder().disable(YAMLWriteFeature.WRITE_DOC_START_MARKER).build();

    private PlanDocument() {}

    /** A plan as maps, lists, texts and numbers, in the order in which they are written. */
    public static Map<String, Object> of(Plan plan) {
        Blueprint blueprint = plan.blueprint();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("strategy", blueprint.strategy().name());
        Map<String, Object> target = new LinkedHashMap<>();
        blueprint.target().forEach((name, version) -> target.put(name.value(), version.toString()));
        document.put("target", target);
        document.put("path", blueprint.path().stream().map(PlanDocument::of).toList());
        Map<String, Object> halves = new LinkedHashMap<>();
        blueprint.halves().forEach((region, chosen) -> halves.put(region.value(), of(chosen)));
        document.put("halves", halves);
        document.put("steps", blueprint.steps().stream().map(PlanDocument::of).toList());
        document.put("report", plan.report().waits().stream().map(PlanDocument::of).toList());
        document.put("warnings", plan.report().warnings());
        return document;
    }

    /** The document of a plan that was refused. */
    public static Map<String, Object> of(List<Refusal> refusals) {
        List<Object> refused = new ArrayList<>();
        for (Refusal refusal : refusals) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("subject", refusal.subject());
            one.put("reason", refusal.reason());
            refused.add(one);
        }
        return Map.of("refused", refused);
    }

    /** Writes a document as JSON, ending in a line feed. */
    public static String json(Map<String, Object> document) {
        return JSON.writeValueAsString(document) + "\n";
    }

    /** Writes a document as YAML, ending in a line feed. */
    public static String yaml(Map<String, Object> document) {
        return YAML.writeValueAsString(document);
    }

    private static Map<String, Object> of(PackageRef ref) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("package", ref.name().value());
        one.put("version", ref.version().toString());
        return one;
    }

    private static Map<String, Object> of(Halves halves) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("first", ids(halves.first()));
        one.put("second", ids(halves.second()));
        one.put("waves", halves.waves().stream().map(PlanDocument::ids).toList());
        return one;
    }

    private static List<String> ids(List<NodeId> nodes) {
        return nodes.stream().map(NodeId::value).toList();
    }

    private static Map<String, Object> of(Plan.Wait wait) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("subject", wait.subject());
        one.put("waitsFor", wait.waitsFor());
        one.put("reason", wait.reason());
        return one;
    }

    private static Map<String, Object> of(Step step) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("id", step.id().value());
        one.put("pass", step.pass());
        one.put("phase", step.phase().name());
        one.put("kind", step.kind().name());
        one.put("node", step.node().value());
        one.put("region", step.region().value());
        step.pkg().ifPresent(ref -> one.putAll(of(ref)));
        details(step.work(), one);
        one.put("after", step.after().stream().map(StepId::value).toList());
        return one;
    }

    /** What only some kinds of work have to say. */
    private static void details(Work work, Map<String, Object> step) {
        switch (work) {
            case Work.Sync(var _, var to) -> step.put("to", to.value());
            case Work.Promote(var _, var from) -> step.put("from", from.value());
            case Work.SwitchAddress(var _, var from) -> step.put("from", from.value());
            case Work.RestoreFailover(var _, var backup) -> step.put("backup", backup.value());
            case Work.Soak(var _, var _, var duration) -> step.put("duration", duration.toString());
            case Work.VerifyCluster(var _, var gate) -> step.put("gate", gate.name());
            case Work.Verify(var _, var expected) -> {
                Map<String, Object> versions = new LinkedHashMap<>();
                expected.forEach((name, version) -> versions.put(name.value(), version.toString()));
                step.put("expected", versions);
            }
            case Work.Backup _,
                    Work.BreakFailover _,
                    Work.Distribute _,
                    Work.AwaitWindow _,
                    Work.CloseAdmission _,
                    Work.Drain _,
                    Work.Install _,
                    Work.AwaitClients _,
                    Work.OpenAdmission _,
                    Work.Resync _,
                    Work.Freeze _,
                    Work.Unfreeze _,
                    Work.Confirm _,
                    Work.Finalise _ -> {}
        }
    }
}
