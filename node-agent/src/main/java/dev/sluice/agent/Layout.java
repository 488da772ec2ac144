package dev.sluice.agent;

import java.nio.file.Path;

/**
 * Where things lie in the data directory.
 *
 * @param dataDir owned by one agent
 */
record Layout(Path dataDir) {

    /** Held locked while an agent runs on this directory. */
    Path lock() {
        return dataDir.resolve("agent.lock");
    }

    Path ledger() {
        return dataDir.resolve("ledger");
    }

    /** Session records that no master has yet. */
    Path spool() {
        return dataDir.resolve("spool");
    }

    Path staged() {
        return dataDir.resolve("staged");
    }

    /** What makes packages of others that are here. */
    Path patches() {
        return dataDir.resolve("patches");
    }

    Path slots() {
        return dataDir.resolve("slots");
    }

    /** The pid file and the log of the site. */
    Path run() {
        return dataDir.resolve("run");
    }

    /** What the site finds as SLUICE_DATA. */
    Path serviceData() {
        return dataDir.resolve("service");
    }

    Path siteProperties() {
        return serviceData().resolve("site.properties");
    }

    /** Emptied whenever it is used. */
    Path scratch() {
        return dataDir.resolve("scratch");
    }
}
