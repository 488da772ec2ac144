package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.ForcedChanges;
import dev.sluice.cli.render.Table;
import dev.sluice.v1.GetConfigurationRequest;
import dev.sluice.v1.GetConfigurationResponse;
import dev.sluice.v1.SetConfigurationRequest;
import dev.sluice.v1.SetConfigurationResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The cluster's configuration. */
@Command(name = "config", description = "Shows and changes the cluster's configuration.")
final class ConfigCommand {
    private ConfigCommand() {}

    static ConfigCommand group() {
        return new ConfigCommand();
    }

    /** All settings, or one. */
    @Command(name = "get", description = "Prints all settings, or one.")
    static final class Get extends ClusterCommand {
        @Parameters(arity = "0..1", paramLabel = "KEY", description = "One setting's name.")
        private String key = "";

        Get(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            GetConfigurationResponse all =
                    client.call(connection ->
                            connection
                                    .within(root().timeout())
                                    .getConfiguration(
                                            GetConfigurationRequest.getDefaultInstance()));
            if (key.isEmpty()) {
                root().print(Documents.of(all), () -> lines(all));
                return ExitCode.OK;
            }
            String value = all.getSettingsMap().get(key);
            if (value == null) {
                throw CommandFailure.badInput(
                        "setting '"
                                + key
                                + "': expected one of "
                                + new TreeMap<>(all.getSettingsMap()).keySet());
            }
            root().print(Map.of(key, value), () -> List.of(value));
            return ExitCode.OK;
        }

        private static List<String> lines(GetConfigurationResponse all) {
            Table settings = new Table("KEY", "VALUE");
            new TreeMap<>(all.getSettingsMap()).forEach(settings::row);
            List<String> lines = new ArrayList<>(settings.lines());
            if (!all.getFrozenBy().isEmpty()) {
                lines.add("");
                lines.add("Frozen by " + all.getFrozenBy() + "; a change needs --force.");
            }
            if (all.getForcedChangesCount() > 0) {
                lines.add("");
                lines.addAll(ForcedChanges.table(all.getForcedChangesList()));
            }
            return lines;
        }
    }

    /** What the freeze of an upgrade holds, against what was forced meanwhile. */
    @Command(
            name = "diff",
            description = {
                "Lists what was forced during the freeze of the running or last upgrade:",
                "the frozen value, the forced one, by whom, when, and what became of it."
            })
    static final class Diff extends ClusterCommand {
        Diff(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            GetConfigurationResponse all =
                    client.call(connection ->
                            connection
                                    .within(root().timeout())
                                    .getConfiguration(
                                            GetConfigurationRequest.getDefaultInstance()));
            Map<String, Object> document = Documents.of(all);
            document.keySet().retainAll(List.of("frozenBy", "forcedChanges"));
            root().print(document, () -> lines(all));
            return ExitCode.OK;
        }

        private static List<String> lines(GetConfigurationResponse all) {
            List<String> lines = new ArrayList<>();
            lines.add(
                    all.getFrozenBy().isEmpty()
                            ? "The configuration is not frozen."
                            : "Frozen by " + all.getFrozenBy() + ".");
            if (all.getForcedChangesCount() == 0) {
                lines.add("Nothing was forced during the last upgrade.");
            } else {
                lines.addAll(ForcedChanges.table(all.getForcedChangesList()));
            }
            return lines;
        }
    }

    /** Changes a setting. */
    @Command(name = "set", description = "Changes a setting.")
    static final class Put extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "KEY", description = "The setting's name.")
        private String key = "";

        @Parameters(index = "1", paramLabel = "VALUE", description = "Its new value.")
        private String value = "";

        @Option(
                names = "--force",
                description = "Changes it during an upgrade too; it will be overwritten.")
        private boolean force;

        Put(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            SetConfigurationRequest request =
                    SetConfigurationRequest.newBuilder()
                            .setKey(key)
                            .setValue(value)
                            .setForce(force)
                            .build();
            SetConfigurationResponse response =
                    client.call(connection ->
                            connection.within(root().timeout()).setConfiguration(request));
            root().print(
                            Documents.of(response),
                            () ->
                                    List.of(
                                            "Set, revision "
                                                    + response.getRevision()
                                                    + (response.getWillBeOverwritten()
                                                            ? "; it will be overwritten when the"
                                                                    + " upgrade ends."
                                                            : ".")));
            return ExitCode.OK;
        }
    }
}
