package dev.sluice.loadtest.sim;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** A node without its programs: what is on its disk, whether it has power, and its service. */
final class SimNode {

    private final NodeId id;
    private final RegionId region;
    private final boolean master;
    private final Machine machine;
    private final ServiceUnit service;
    private final LedgerDisk ledger;
    private final SortedMap<String, String> installed = new TreeMap<>();
    private final SortedMap<String, Long> staged = new TreeMap<>();
    private final SortedSet<String> depot = new TreeSet<>();
    private boolean powered = true;
    private int installsToFail;

    SimNode(
            NodeId id,
            RegionId region,
            boolean master,
            Machine machine,
            ServiceUnit service,
            SortedMap<String, String> installed) {
        this.id = id;
        this.region = region;
        this.master = master;
        this.machine = machine;
        this.service = service;
        this.ledger = new LedgerDisk("/" + id + "/ledger");
        this.installed.putAll(installed);
    }

    NodeId id() {
        return id;
    }

    RegionId region() {
        return region;
    }

    boolean isMaster() {
        return master;
    }

    Machine machine() {
        return machine;
    }

    ServiceUnit service() {
        return service;
    }

    LedgerDisk ledger() {
        return ledger;
    }

    SortedMap<String, String> installed() {
        return installed;
    }

    /** Bytes of each content that are here and verified. */
    SortedMap<String, Long> staged() {
        return staged;
    }

    /** Contents that an operator imported at this master. */
    SortedSet<String> depot() {
        return depot;
    }

    boolean isPowered() {
        return powered;
    }

    void power(boolean on) {
        powered = on;
        if (!on) {
            service.stop();
        }
    }

    /** The next installs end with an error that passes by itself. */
    void failInstalls(int count) {
        installsToFail = count;
    }

    boolean failsInstall() {
        if (installsToFail == 0) {
            return false;
        }
        installsToFail--;
        return true;
    }
}
