package dev.sluice.transfer;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import dev.sluice.transfer.pull.SourceChoice;
import org.junit.jupiter.api.Test;

final class TransferArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("dev.sluice.transfer");

    private static final ArchRule CHOICE_WITHOUT_IO =
            noClasses()
                    .that()
                    .haveNameMatching(
                            ".*[.$](SourceChoice|SourceFailure|PullTiming|SourceId)(\\$.*)?")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "io.netty..",
                            "java.io..",
                            "java.nio..",
                            "java.time..",
                            "java.util.concurrent..",
                            "dev.sluice.transfer.pace..")
                    .because(
                            "which source to pull from is decided without I/O and without a clock");

    private static final ArchRule KNOWS_TRUST_ALONE =
            noClasses()
                    .should()
                    .dependOnClassesThat(
                            JavaClass.Predicates.resideInAPackage("dev.sluice..")
                                    .and(
                                            com.tngtech.archunit.base.DescribedPredicate.not(
                                                    JavaClass.Predicates.resideInAnyPackage(
                                                            "dev.sluice.transfer..",
                                                            "dev.sluice.trust..")))
                                    .as("are Sluice's, but neither transfer nor trust"))
                    .because("agents and masters use it; it must not know them");

    @Test
    void decidesAboutSourcesWithoutIo() {
        CHOICE_WITHOUT_IO.check(CLASSES);
    }

    @Test
    void knowsNeitherAgentNorMaster() {
        KNOWS_TRUST_ALONE.check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.sluice.transfer.(*)..")
                .should()
                .beFreeOfCycles()
                .because("a cycle makes its packages one package")
                .check(CLASSES);
    }

    @Test
    void theRulesCanFail() {
        JavaClasses bad =
                new ClassFileImporter().importClasses(SourceChoiceOffender.SourceChoice.class);

        assertThat(CHOICE_WITHOUT_IO.evaluate(bad).hasViolation()).isTrue();
        assertThat(SourceChoice.class).isNotNull();
    }

    /** Breaks the rule on purpose. */
    private static final class SourceChoiceOffender {
        private static final class SourceChoice {
            @SuppressWarnings("UnusedVariable") // its type is what counts
            private final java.time.Instant now = java.time.Instant.EPOCH;
        }
    }
}
