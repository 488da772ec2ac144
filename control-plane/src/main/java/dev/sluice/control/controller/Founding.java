package dev.sluice.control.controller;

import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Topology;

/** What a cluster is founded with: its inventory file. */
public record Founding(Topology topology, Policy policy) {}
