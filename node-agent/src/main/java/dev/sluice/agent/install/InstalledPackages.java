package dev.sluice.agent.install;

import dev.sluice.agent.hardware.FirmwareSlots;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What is installed on the node: slots on its disk, and what its hardware says it runs. */
public final class InstalledPackages {

    private final Slots slots;
    private final FirmwareSlots firmware;

    public InstalledPackages(Slots slots, FirmwareSlots firmware) {
        this.slots = slots;
        this.firmware = firmware;
    }

    /** What the current slots hold and what the previous ones do, read now. */
    public List<Map<String, String>> slots() throws IOException {
        return List.of(now(), slots.previous());
    }

    /** Package name to version, read now. */
    public SortedMap<String, String> now() throws IOException {
        SortedMap<String, String> installed = new TreeMap<>(slots.installed());
        installed.putAll(firmware.active());
        return installed;
    }
}
