package dev.sluice.control;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The rules that keep decisions apart from effects, for the packages below a root. The root is a
 * parameter so that examples which break a rule can stand below another one.
 */
final class ArchitectureRules {
    private static final String[] PURE = {
        "model", "planner", "state", "drain", "clients", "failover", "records"
    };

    /** What pure code may use besides itself. Everything else does, or may one day do, I/O. */
    private static final String[] PURE_LIBRARIES = {
        "",
        "java.lang",
        "java.lang.annotation",
        "java.lang.invoke",
        "java.lang.runtime",
        "java.math",
        "java.time",
        "java.time.format",
        "java.time.temporal",
        "java.util",
        "java.util.function",
        "java.util.regex",
        "java.util.stream",
        "com.google.errorprone.annotations..",
        "org.jspecify.annotations..",
        "org.pcollections..",
        "org.semver4j.."
    };

    /** Classes of those packages that are not pure. */
    private static final Set<String> IMPURE =
            Set.of(
                    "java.lang.Thread",
                    "java.lang.ThreadLocal",
                    "java.lang.Process",
                    "java.lang.ProcessBuilder",
                    "java.lang.Runtime",
                    "java.time.Clock",
                    "java.time.InstantSource",
                    "java.util.Random",
                    "java.util.Scanner",
                    "java.util.ServiceLoader",
                    "java.util.Timer");

    private final String root;

    ArchitectureRules(String root) {
        this.root = root;
    }

    private String in(String name) {
        return root + "." + name + "..";
    }

    private String[] pure() {
        return Arrays.stream(PURE).map(this::in).toArray(String[]::new);
    }

    ArchRule noCycles() {
        return slices().matching(root + ".(*)..")
                .should()
                .beFreeOfCycles()
                .allowEmptyShould(true)
                .because("packages in a cycle can only be understood, tested and changed together");
    }

    ArchRule decisionsUseOnlyPureLibraries() {
        String[] allowed =
                Stream.concat(Arrays.stream(PURE_LIBRARIES), Arrays.stream(pure()))
                        .toArray(String[]::new);
        return classes()
                .that()
                .resideInAnyPackage(pure())
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(allowed))
                .allowEmptyShould(true)
                .because(
                        "a decision that does I/O, logs, or uses threads or gRPC can be neither"
                                + " replayed after a crash nor rehearsed on a twin: take values, return"
                                + " values, and let the executor act");
    }

    ArchRule decisionsReadNoClockAndNoDice() {
        return noClasses()
                .that()
                .resideInAnyPackage(pure())
                .should()
                .dependOnClassesThat(
                        describe(
                                "are a clock, randomness, a thread or the process",
                                type -> IMPURE.contains(type.getName())))
                .orShould()
                .callCodeUnitWhere(
                        describe("it reads a clock, randomness or the process", this::isImpure))
                .allowEmptyShould(true)
                .because(
                        "the same events have to give the same state on every master and after"
                                + " every restart: time and chance come in as values of the command");
    }

    private boolean isImpure(JavaCall<?> call) {
        CodeUnitCallTarget target = call.getTarget();
        String owner = target.getOwner().getName();
        String method = target.getName();
        return (owner.startsWith("java.time.") && method.equals("now"))
                || (owner.equals("java.util.UUID") && method.equals("randomUUID"))
                || (owner.equals("java.util.Collections") && method.equals("shuffle"))
                || (owner.equals("java.lang.Math") && method.equals("random"))
                || (owner.equals("java.lang.System")
                        && !method.equals("arraycopy")
                        && !method.equals("identityHashCode"));
    }

    ArchRule checkerIsIndependent() {
        return noClasses()
                .that()
                .resideInAPackage(in("planner.check"))
                .should()
                .dependOnClassesThat(
                        describe(
                                "plan",
                                type ->
                                        type.getPackageName().equals(root + ".planner")
                                                && !type.getName()
                                                        .startsWith(
                                                                root + ".planner.PlanningInput")))
                .allowEmptyShould(true)
                .because(
                        "a checker that shares more with the planner than its input shares its mistakes");
    }

    ArchRule wireTypesStayAtTheEdges() {
        return noClasses()
                .that()
                .resideOutsideOfPackages(in("codec"), in("fleet"), in("peer"), in("api"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.sluice.v1..")
                .allowEmptyShould(true)
                .because(
                        "the wire only grows, the model changes: codec, fleet, peer and api translate"
                                + " between them, so that neither holds the other back");
    }

    ArchRule onlyTheControllerApplies() {
        return noClasses()
                .that()
                .resideOutsideOfPackages(in("controller"), in("state"))
                .should()
                .callMethodWhere(
                        describe(
                                "it is ClusterState.apply",
                                call ->
                                        call.getTarget().getName().equals("apply")
                                                && call.getTargetOwner()
                                                        .getName()
                                                        .equals(root + ".state.ClusterState")))
                .allowEmptyShould(true)
                .because(
                        "an event that is applied without being in the journal is gone after a"
                                + " restart: commit first, in the controller, then apply");
    }
}
