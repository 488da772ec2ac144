package dev.sluice.control.executor;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Command;

/** What the executor is to do next at its edge. */
public sealed interface Directive {

    /** Ask the controller. */
    record Submit(Command command) implements Directive {}

    /** Tell an agent, unless it was told the same in this session a moment ago. */
    record Send(NodeId node, AgentCommand command) implements Directive {}

    /** Tell an agent what is needed, unless it was told the same in this session a moment ago. */
    record Keep(NodeId node, KeepOrder order) implements Directive {}

    /** Take a backup on this master, once for each command id. */
    record TakeBackup(String id) implements Directive {}
}
