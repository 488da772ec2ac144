package dev.sluice.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import org.junit.jupiter.api.Test;

/** Holds the architecture, and shows with examples that each rule can fail. */
final class ArchitectureTest {
    private static final ArchitectureRules RULES = new ArchitectureRules("dev.sluice.control");
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("dev.sluice.control");

    private static final ArchitectureRules BAD_RULES =
            new ArchitectureRules("dev.sluice.control.badexample");
    private static final JavaClasses BAD_CLASSES =
            new ClassFileImporter().importPackages("dev.sluice.control.badexample");

    @Test
    void packagesHaveNoCycles() {
        RULES.noCycles().check(CLASSES);
        assertBroken(BAD_RULES.noCycles(), "journal", "executor");
    }

    @Test
    void decisionsUseOnlyPureLibraries() {
        RULES.decisionsUseOnlyPureLibraries().check(CLASSES);
        assertBroken(
                BAD_RULES.decisionsUseOnlyPureLibraries(),
                "java.nio.file.Files",
                "java.util.concurrent.locks.ReentrantLock",
                "org.slf4j.Logger",
                "io.grpc.Status");
    }

    @Test
    void decisionsReadNoClockAndNoDice() {
        RULES.decisionsReadNoClockAndNoDice().check(CLASSES);
        assertBroken(
                BAD_RULES.decisionsReadNoClockAndNoDice(),
                "java.time.Instant.now()",
                "java.lang.System.nanoTime()",
                "java.util.UUID.randomUUID()",
                "java.util.Random");
    }

    @Test
    void thePlannersCheckerSharesNothingWithThePlanner() {
        RULES.checkerIsIndependent().check(CLASSES);
        assertBroken(BAD_RULES.checkerIsIndependent(), "BorrowsFromThePlanner");
    }

    @Test
    void wireTypesStayAtTheEdges() {
        RULES.wireTypesStayAtTheEdges().check(CLASSES);
        assertBroken(BAD_RULES.wireTypesStayAtTheEdges(), "dev.sluice.v1.PackageRef");
    }

    @Test
    void onlyTheControllerAppliesEvents() {
        RULES.onlyTheControllerApplies().check(CLASSES);
        assertBroken(BAD_RULES.onlyTheControllerApplies(), "AppliesByItself");
        EvaluationResult result = BAD_RULES.onlyTheControllerApplies().evaluate(BAD_CLASSES);
        assertThat(String.join("\n", result.getFailureReport().getDetails()))
                .doesNotContain("MayApply");
    }

    private static void assertBroken(ArchRule rule, String... named) {
        EvaluationResult result = rule.evaluate(BAD_CLASSES);
        assertThat(result.hasViolation()).isTrue();
        assertThat(result.getFailureReport().toString()).contains(named).contains("because");
    }
}
