package dev.sluice.control.config;

import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Topology;

/** What an inventory file says: the nodes, and what an upgrade of them is allowed to do. */
public record Inventory(Topology topology, Policy policy) {}
