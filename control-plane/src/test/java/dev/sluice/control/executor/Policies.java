package dev.sluice.control.executor;

import dev.sluice.control.model.Policy;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Policies that differ from the default in one thing. */
final class Policies {

    private Policies() {}

    static UnaryOperator<Policy> soak(int seconds) {
        return p -> with(p, p.failureBudget(), p.drain(), Duration.ofSeconds(seconds), p.verify());
    }

    static UnaryOperator<Policy> budget(int perRegion, int total) {
        return p ->
                with(
                        p,
                        new Policy.FailureBudget(perRegion, total),
                        p.drain(),
                        p.soak(),
                        p.verify());
    }

    static UnaryOperator<Policy> drain(int seconds, Policy.OnDeadline onDeadline) {
        return p ->
                with(
                        p,
                        p.failureBudget(),
                        new Policy.DrainPolicy(Duration.ofSeconds(seconds), onDeadline),
                        p.soak(),
                        p.verify());
    }

    static UnaryOperator<Policy> verify(Policy.Confirm confirm, String script) {
        return p ->
                with(
                        p,
                        p.failureBudget(),
                        p.drain(),
                        p.soak(),
                        new Policy.VerifyPolicy(true, confirm, Optional.of(script)));
    }

    private static Policy with(
            Policy p,
            Policy.FailureBudget budget,
            Policy.DrainPolicy drain,
            Duration soak,
            Policy.VerifyPolicy verify) {
        return new Policy(
                p.waves(),
                p.canaries(),
                p.minAcceptingShare(),
                budget,
                p.singleNodeRegion(),
                drain,
                soak,
                verify);
    }
}
