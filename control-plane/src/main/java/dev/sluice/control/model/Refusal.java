package dev.sluice.control.model;

/** Why nothing was planned or done: what it is about, and what was expected and found. */
public record Refusal(String subject, String reason) {

    @Override
    public String toString() {
        return subject + ": " + reason;
    }
}
