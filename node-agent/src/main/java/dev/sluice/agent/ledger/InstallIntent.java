package dev.sluice.agent.ledger;

/** An install that was begun and of which the end is not recorded yet. */
public record InstallIntent(
        String commandId, String packageName, String version, String contentSha256) {}
