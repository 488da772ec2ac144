package dev.sluice.control.model;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** A master node as the inventory describes it. */
public record Master(
        NodeId id,
        MasterRole role,
        RegionId region,
        HardwareModel hardware,
        SortedMap<PackageName, Version> installed) {

    public Master {
        installed = Collections.unmodifiableSortedMap(new TreeMap<>(installed));
    }
}
