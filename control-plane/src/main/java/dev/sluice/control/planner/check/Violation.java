package dev.sluice.control.planner.check;

/** A rule that a blueprint breaks: about what, and what was expected and found. */
public record Violation(Rule rule, String subject, String reason) {

    @Override
    public String toString() {
        return "%s: %s: %s".formatted(rule, subject, reason);
    }
}
