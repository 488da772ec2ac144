package dev.sluice.loadtest.sim;

/** What can be done to a cluster, and how often compared with the others. */
enum Fault {
    CONNECTION_BREAKS(10),
    CONNECTION_HALF_OPEN(4),
    PARTITION_ONE_WAY(5),
    PARTITION_TWO_WAY(6),
    MACHINE_ISOLATED(4),
    PRIMARY_SPLIT(5),
    MESSAGES_DELAYED(2),
    AGENT_ENDS(6),
    AGENT_ENDS_AT_A_POINT(8),
    AGENT_FROZEN(5),
    MASTER_ENDS(5),
    MASTER_ENDS_AT_A_POINT(8),
    MASTER_FROZEN(6),
    MACHINE_FROZEN(3),
    POWER_LOST(6),
    SITE_ENDS(4),
    DISK_SLOW(3),
    JOURNAL_FULL(2),
    JOURNAL_FORCE_FAILS(2),
    JOURNAL_ROTS(2),
    JOURNAL_LOST(2),
    LEDGER_FULL(2),
    LEDGER_ROTS(1),
    LEDGER_LOST(2),
    WITNESSES_LOST(2),
    INSTALL_FAILS(4),
    CLOCK_JUMPS(3);

    private final int weight;

    Fault(int weight) {
        this.weight = weight;
    }

    int weight() {
        return weight;
    }
}
