package dev.sluice.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import dev.sluice.trust.pki.PeerName;
import org.junit.jupiter.api.Test;

final class CliArchitectureTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("dev.sluice.cli");

    private static final ArchRule ONLY_THE_WIRE =
            noClasses()
                    .should()
                    .dependOnClassesThat(
                            JavaClass.Predicates.resideInAPackage("dev.sluice..")
                                    .and(
                                            com.tngtech.archunit.base.DescribedPredicate.not(
                                                    JavaClass.Predicates.resideInAnyPackage(
                                                            "dev.sluice.cli..", "dev.sluice.v1..")))
                                    .as("are Sluice's, but neither the cli nor the wire"))
                    .because(
                            "the command line of one release has to work with the cluster of"
                                    + " another: it may know the wire alone");

    private static final ArchRule RENDERING_WITHOUT_TRANSPORT =
            noClasses()
                    .that()
                    .resideInAPackage("dev.sluice.cli.render..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("io.grpc..", "dev.sluice.cli.connect..", "picocli..")
                    .because(
                            "the demo shows the same picture over another transport, whose version"
                                    + " differs");

    @Test
    void seesOnlyTheWire() {
        ONLY_THE_WIRE.check(CLASSES);
    }

    @Test
    void rendersWithoutATransport() {
        RENDERING_WITHOUT_TRANSPORT.check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.sluice.cli.(*)..")
                .should()
                .beFreeOfCycles()
                .because("a cycle makes its packages one package")
                .check(CLASSES);
    }

    @Test
    void theRulesCanFail() {
        JavaClasses bad = new ClassFileImporter().importClasses(Offender.class);

        assertThat(ONLY_THE_WIRE.evaluate(bad).hasViolation()).isTrue();
    }

    /** Breaks the rule on purpose. */
    private static final class Offender {
        @SuppressWarnings("UnusedVariable") // its type is what counts
        private final PeerName name = PeerName.master("m-a");
    }
}
