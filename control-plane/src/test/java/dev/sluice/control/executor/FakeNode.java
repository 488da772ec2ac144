package dev.sluice.control.executor;

import dev.sluice.control.executor.AgentCommand.AgentWork;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Blob;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A node with its agent, as a master sees them: obeys the ballot that fenced it, executes a command
 * id once and answers repeats from its record, and takes time for what takes time.
 */
final class FakeNode {

    private static final PackageName SITE = new PackageName("site");

    /** What is being executed, and for how long it still is. */
    private record Busy(AgentCommand command, int ticksLeft) {}

    final NodeId id;
    final RegionId region;
    final boolean master;
    final SortedMap<PackageName, Version> installed;
    final TreeSet<String> staged = new TreeSet<>();
    final TreeSet<String> failedPatches = new TreeSet<>();
    final Map<String, CommandOutcome> executed = new HashMap<>();
    final List<PackageRef> installs = new ArrayList<>();
    final List<AgentWork> received = new ArrayList<>();
    private final Map<Blob, String> contents;

    boolean accepting;
    boolean healthy = true;
    boolean connected = true;
    Duration age = Duration.ZERO;
    int clients;
    int leavingPerTick = 5;
    int ticksOfWork = 1;
    boolean takesPatches;
    boolean patchesFail;

    /** A content of which it has a patch of so many bytes, and nothing else yet; empty: none. */
    String hasPatchOf = "";

    long patchBytes = 1;

    /** Whom it reports that it pulls both halves of what is coming from; empty: nobody. */
    String source = "";

    String secondHalfSource = "";

    int installsToFail;
    int stagingsToFail;
    String heldAddress = "";
    long revision;
    @Nullable Ballot fenced;

    /** Null: its agent does not know what there is to keep. */
    @Nullable KeepOrder kept;

    boolean knowsKeeping;
    private @Nullable Busy busy;

    FakeNode(
            NodeId id,
            RegionId region,
            boolean master,
            SortedMap<PackageName, Version> installed,
            boolean accepting,
            int clients,
            Map<Blob, String> contents) {
        this.id = id;
        this.region = region;
        this.master = master;
        this.installed = new TreeMap<>(installed);
        this.accepting = accepting;
        this.clients = clients;
        this.contents = contents;
    }

    /** An agent is fenced when it hears of a ballot that is not below its own. */
    void hears(Ballot ballot) {
        if (connected && (fenced == null || ballot.isAbove(fenced))) {
            fenced = ballot;
        }
    }

    void receive(AgentCommand command) {
        if (!connected || !command.ballot().equals(fenced) || executed.containsKey(command.id())) {
            return;
        }
        switch (command.work()) {
            case AgentWork.SetAdmission(var open) -> {
                accepting = open;
                done(command);
            }
            case AgentWork.CutSessions() -> {
                clients = 0;
                done(command);
            }
            case AgentWork.HoldAddress(var address, var _) -> {
                heldAddress = address;
                done(command);
            }
            case AgentWork.PushConfiguration(var pushed, var _) -> {
                revision = pushed;
                done(command);
            }
            case AgentWork.Stage _, AgentWork.Install _, AgentWork.Verify _ -> {
                Busy doing = busy;
                // Other sources are taken without a word; another way begins anew.
                boolean isNews =
                        doing != null
                                && command.work() instanceof AgentWork.Stage told
                                && doing.command().work() instanceof AgentWork.Stage now
                                && told.manifest().equals(now.manifest())
                                && told.patch().isPresent() != now.patch().isPresent();
                if (doing == null || isNews) {
                    received.add(command.work());
                    busy = new Busy(command, ticksOfWork);
                }
            }
        }
    }

    private void done(AgentCommand command) {
        received.add(command.work());
        executed.put(command.id(), new CommandOutcome.Done(List.of("done")));
    }

    void receive(Ballot ballot, KeepOrder order) {
        if (connected && ballot.equals(fenced)) {
            kept = order;
        }
    }

    private NodeFacts.Keeping keeping() {
        KeepOrder order = kept;
        return new NodeFacts.Keeping(
                new TreeMap<>(),
                knowsKeeping ? Optional.of(order == null ? "" : order.digest()) : Optional.empty(),
                List.of());
    }

    /** One second passes. */
    void tick() {
        if (!accepting) {
            clients = Math.max(0, clients - leavingPerTick);
        }
        Busy doing = busy;
        if (doing == null) {
            return;
        }
        if (doing.ticksLeft() > 0) {
            busy = new Busy(doing.command(), doing.ticksLeft() - 1);
            return;
        }
        if (doing.command().work() instanceof AgentWork.Stage stage
                && stage.patch().isPresent()
                && patchesFail) {
            failedPatches.add(stage.patch().get().patch().sha256());
            return;
        }
        busy = null;
        executed.put(doing.command().id(), finish(doing.command().work()));
    }

    private CommandOutcome finish(AgentWork work) {
        return switch (work) {
            case AgentWork.Stage stage -> stage(stage.manifest());
            case AgentWork.Install(var ref, var sha, var cut) -> install(ref, sha, cut);
            case AgentWork.Verify(var expected, var _, var _) ->
                    installed.entrySet().containsAll(expected.entrySet()) && healthy
                            ? new CommandOutcome.Done(List.of("runs " + installed))
                            : new CommandOutcome.Failed("runs " + installed, true);
            default -> throw new AssertionError("takes no time: " + work);
        };
    }

    private CommandOutcome stage(Blob manifest) {
        if (stagingsToFail > 0) {
            stagingsToFail--;
            return new CommandOutcome.Failed("the disk is full", true);
        }
        staged.add(contents.getOrDefault(manifest, "none"));
        return new CommandOutcome.Done(List.of("verified"));
    }

    private CommandOutcome install(PackageRef ref, String sha, boolean cut) {
        if (!staged.contains(sha)) {
            return new CommandOutcome.Failed(ref + " is not staged", false);
        }
        if (!master && (accepting || (clients > 0 && !cut))) {
            return new CommandOutcome.Failed("clients are connected", false);
        }
        if (installsToFail > 0) {
            installsToFail--;
            return new CommandOutcome.Failed("the slot could not be written", true);
        }
        clients = 0;
        installed.put(ref.name(), ref.version());
        installs.add(ref);
        return new CommandOutcome.Done(List.of("installed"));
    }

    Optional<CommandOutcome> outcome(String command) {
        return Optional.ofNullable(executed.get(command));
    }

    NodeObservation observed() {
        return new NodeObservation(
                id, 1, connected, connected ? fenced : null, facts(), age, "1.0.0", id + ":7070");
    }

    /** Failed patches are told of the package that is coming. */
    private List<NodeFacts.Staged> onDisk() {
        List<NodeFacts.Staged> found = new ArrayList<>();
        for (String sha : staged) {
            found.add(
                    onDisk(sha, true, new NodeFacts.Patching(takesPatches, "", 0, failedPatches)));
        }
        if (!hasPatchOf.isEmpty() && !staged.contains(hasPatchOf)) {
            found.add(
                    onDisk(
                            hasPatchOf,
                            false,
                            new NodeFacts.Patching(false, "patch", patchBytes, failedPatches)));
            return found;
        }
        if (busy != null && busy.command().work() instanceof AgentWork.Stage stage) {
            String sha = contents.getOrDefault(stage.manifest(), "none");
            if (!staged.contains(sha)) {
                found.add(onDisk(sha, false, new NodeFacts.Patching(false, "", 0, failedPatches)));
            }
        }
        return found;
    }

    private NodeFacts.Staged onDisk(String sha, boolean complete, NodeFacts.Patching patching) {
        return new NodeFacts.Staged(
                sha,
                complete ? 10 : 0,
                10,
                complete,
                complete ? "" : source,
                new TreeSet<>(),
                complete ? "" : secondHalfSource,
                patching,
                Optional.empty());
    }

    /** What it has verified of the channels that it has pinned. */
    final SortedMap<String, NodeFacts.VerifiedChannel> verified = new TreeMap<>();

    NodeFacts facts() {
        boolean installing = busy != null && busy.command().work() instanceof AgentWork.Install;
        SortedMap<String, Integer> sessions = new TreeMap<>();
        if (clients > 0) {
            sessions.put("customer", clients);
        }
        Version site = installed.get(SITE);
        return new NodeFacts(
                installed,
                onDisk(),
                new NodeFacts.Service(
                        !installing,
                        site == null ? "" : site.toString(),
                        healthy && !installing,
                        "",
                        id + ":8443"),
                accepting,
                sessions,
                heldAddress,
                revision,
                busy == null ? "" : busy.command().id(),
                "",
                new TreeMap<>(),
                1L << 40,
                "",
                "",
                keeping(),
                0,
                verified);
    }
}
