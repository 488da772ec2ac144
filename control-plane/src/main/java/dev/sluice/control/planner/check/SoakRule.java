package dev.sluice.control.planner.check;

import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Between two SITE packages the clients get the time to upgrade. */
final class SoakRule {

    private final Inspection inspection;
    private final StepGraph graph;
    private final Map<PackageRef, List<Integer>> installs = new HashMap<>();
    private final Map<PackageRef, Integer> soaks = new HashMap<>();

    private SoakRule(Inspection inspection) {
        this.inspection = inspection;
        this.graph = inspection.graph();
    }

    static void check(Inspection inspection) {
        new SoakRule(inspection).check();
    }

    private void check() {
        for (int i = 0; i < graph.size(); i++) {
            int index = i;
            switch (graph.step(i).work()) {
                case Work.Install(var _, var ref) ->
                        installs.computeIfAbsent(ref, _ -> new ArrayList<>()).add(index);
                case Work.Soak(var _, var ref, var duration) -> {
                    if (duration.compareTo(required(ref)) >= 0) {
                        soaks.put(ref, index);
                    }
                }
                default -> {}
            }
        }
        List<PackageRef> sites =
                inspection.blueprint().path().stream().filter(this::isSite).toList();
        for (int i = 1; i < sites.size(); i++) {
            between(sites.get(i - 1), sites.get(i));
        }
    }

    private boolean isSite(PackageRef ref) {
        return inspection
                .input()
                .catalogue()
                .find(ref)
                .map(p -> p.kind() == PackageKind.SITE)
                .orElse(false);
    }

    private Duration required(PackageRef ref) {
        PackageDescriptor pkg = inspection.input().catalogue().find(ref).orElse(null);
        Duration own = pkg == null ? null : pkg.soak();
        return own == null ? inspection.input().policy().soak() : own;
    }

    private void between(PackageRef earlier, PackageRef later) {
        Integer soak = soaks.get(earlier);
        String subject = "%s, then %s".formatted(earlier, later);
        if (soak == null) {
            inspection.report(
                    Rule.SOAK_BETWEEN_SITES,
                    subject,
                    "expected a soak of %s between, found none".formatted(required(earlier)));
            return;
        }
        for (int install : installs.getOrDefault(earlier, List.of())) {
            if (!graph.precedesByBarrier(install, soak)) {
                inspection.report(
                        Rule.SOAK_BETWEEN_SITES,
                        graph.step(install),
                        "may still run when the soak begins");
            }
        }
        for (int install : installs.getOrDefault(later, List.of())) {
            if (!graph.precedesByBarrier(soak, install)) {
                inspection.report(
                        Rule.SOAK_BETWEEN_SITES,
                        graph.step(install),
                        "may start before the soak of %s has ended".formatted(earlier));
            }
        }
    }
}
