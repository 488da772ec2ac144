package dev.sluice.control.model;

import java.util.List;

/** A blueprint with the reasons for its order. */
public record Plan(Blueprint blueprint, PlanningReport report) {

    /** Why each thing waits, and what the operator should know before accepting. */
    public record PlanningReport(List<Wait> waits, List<String> warnings) {
        public PlanningReport {
            waits = List.copyOf(waits);
            warnings = List.copyOf(warnings);
        }
    }

    /** One subject that waits for another, with the reason in words. */
    public record Wait(String subject, String waitsFor, String reason) {}
}
