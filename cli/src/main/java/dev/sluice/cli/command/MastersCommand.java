package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.connect.OneMaster;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.MastersTable;
import dev.sluice.v1.DemoteMasterRequest;
import dev.sluice.v1.DemoteMasterResponse;
import dev.sluice.v1.ListMastersRequest;
import dev.sluice.v1.ListMastersResponse;
import dev.sluice.v1.ResyncMasterRequest;
import dev.sluice.v1.ResyncMasterResponse;
import dev.sluice.v1.SetAutomaticFailoverRequest;
import dev.sluice.v1.SetAutomaticFailoverResponse;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The masters: who is primary, who follows, who would take over. */
@Command(name = "masters", description = "Shows the masters, and moves the primary's office.")
final class MastersCommand {
    private MastersCommand() {}

    static MastersCommand group() {
        return new MastersCommand();
    }

    /** All that is to be known before the office is moved. */
    @Command(
            name = "list",
            description = "Lists masters and witnesses: who is in sync, who would take over.")
    static final class Listing extends ClusterCommand {
        Listing(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            ListMastersResponse list =
                    client.call(connection ->
                            connection
                                    .within(root().timeout())
                                    .listMasters(ListMastersRequest.getDefaultInstance()));
            root().print(Documents.of(list), () -> MastersTable.lines(list));
            return ExitCode.OK;
        }
    }

    /** The primary gives its office away. */
    @Command(
            name = "demote",
            description = "The primary hands over to the backup in sync that has most.")
    static final class Demote extends ClusterCommand {
        @Parameters(paramLabel = "ID", description = "The primary's name.")
        private String id = "";

        @Option(
                names = "--during-upgrade",
                description = "Also while an upgrade is paused or halted.")
        private boolean duringUpgrade;

        Demote(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            DemoteMasterRequest request =
                    DemoteMasterRequest.newBuilder()
                            .setMasterId(id)
                            .setDuringUpgrade(duringUpgrade)
                            .build();
            DemoteMasterResponse response =
                    client.call(connection ->
                            connection.within(root().timeout()).demoteMaster(request));
            root().print(
                            Documents.of(response),
                            () ->
                                    List.of(
                                            "Master "
                                                    + id
                                                    + " handed over to master "
                                                    + response.getSuccessor()
                                                    + "."));
            return ExitCode.OK;
        }
    }

    /** A backup's journal is repaired now instead of when something is noticed. */
    @Command(
            name = "resync",
            description = "Compares a backup's journal with the primary's anew, and repairs it.")
    static final class Resync extends ClusterCommand {
        @Parameters(paramLabel = "ID", description = "The backup's name.")
        private String id = "";

        Resync(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            ResyncMasterRequest request = ResyncMasterRequest.newBuilder().setMasterId(id).build();
            ResyncMasterResponse response =
                    new OneMaster(client, root().timeout())
                            .call(
                                    id,
                                    connection ->
                                            connection
                                                    .within(root().timeout())
                                                    .resyncMaster(request));
            root().print(
                            Documents.of(response),
                            () ->
                                    List.of(
                                            "Master "
                                                    + id
                                                    + ": its journal is compared anew; see 'sluice masters list'."));
            return ExitCode.OK;
        }
    }

    /** No backup becomes primary by itself, until {@link Unfreeze}. */
    @Command(
            name = "freeze",
            description = "Switches automatic failover off: no backup takes over by itself.")
    static final class Freeze extends Switch {
        Freeze(RootCommand root) {
            super(root, false);
        }
    }

    /** Backups become primary by themselves again. */
    @Command(name = "unfreeze", description = "Switches automatic failover on again.")
    static final class Unfreeze extends Switch {
        Unfreeze(RootCommand root) {
            super(root, true);
        }
    }

    abstract static class Switch extends ClusterCommand {
        private final boolean on;

        Switch(RootCommand root, boolean on) {
            super(root);
            this.on = on;
        }

        @Override
        ExitCode run(ClusterClient client) {
            SetAutomaticFailoverRequest request =
                    SetAutomaticFailoverRequest.newBuilder().setOn(on).build();
            SetAutomaticFailoverResponse response =
                    client.call(connection ->
                            connection.within(root().timeout()).setAutomaticFailover(request));
            String done =
                    "Automatic failover is "
                            + (on ? "on" : "off")
                            + (response.getUnchanged() ? ", as it was." : ".");
            root().print(Documents.of(response), () -> List.of(done));
            return ExitCode.OK;
        }
    }
}
