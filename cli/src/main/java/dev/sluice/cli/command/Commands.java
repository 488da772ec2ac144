package dev.sluice.cli.command;

import picocli.CommandLine;

/** The tree of commands, put together by hand. */
public final class Commands {
    private Commands() {}

    /** A command line that is ready to parse; one for each execution. */
    public static CommandLine tree(RootCommand root) {
        CommandLine line = new CommandLine(root);
        line.addSubcommand(new StatusCommand(root));
        line.addSubcommand(new NodesCommand(root));
        line.addSubcommand(
                new CommandLine(NodeCommand.group())
                        .addSubcommand(new NodeCommand.Close(root))
                        .addSubcommand(new NodeCommand.Open(root)));
        line.addSubcommand(
                new CommandLine(MastersCommand.group())
                        .addSubcommand(new MastersCommand.Listing(root))
                        .addSubcommand(new MastersCheckCommand(root))
                        .addSubcommand(new PromoteCommand(root))
                        .addSubcommand(new MastersCommand.Demote(root))
                        .addSubcommand(new MastersCommand.Resync(root))
                        .addSubcommand(new MastersCommand.Freeze(root))
                        .addSubcommand(new MastersCommand.Unfreeze(root)));
        line.addSubcommand(
                new CommandLine(PackagesCommand.group())
                        .addSubcommand(new PackagesCommand.Listing(root))
                        .addSubcommand(new PackagesCommand.Import(root))
                        .addSubcommand(new ChannelCommands.Check(root))
                        .addSubcommand(new ChannelCommands.DeviceKey(root))
                        .addSubcommand(new ChannelCommands.Accept(root))
                        .addSubcommand("build", program("Makes a package of a directory."))
                        .addSubcommand("sign", program("Adds a signature to a package."))
                        .addSubcommand("inspect", program("Shows what a package says of itself."))
                        .addSubcommand("verify", program("Judges a package as a node does."))
                        .addSubcommand(new PackagesCommand.Distribute(root))
                        .addSubcommand(new PackagesCommand.Remove(root)));
        line.addSubcommand(
                new CommandLine(SessionsCommand.group())
                        .addSubcommand(new SessionsCommand.Records(root)));
        line.addSubcommand(
                new CommandLine(UpgradeCommand.group())
                        .addSubcommand(new PlanCommand(root))
                        .addSubcommand(new UpgradeCommand.Start(root))
                        .addSubcommand(new UpgradeCommand.Watch(root))
                        .addSubcommand(new UpgradeCommand.Pause(root))
                        .addSubcommand(new UpgradeCommand.Resume(root))
                        .addSubcommand(new UpgradeCommand.Abort(root))
                        .addSubcommand(new UpgradeCommand.Confirm(root)));
        line.addSubcommand(new EventsCommand(root));
        line.addSubcommand(
                new CommandLine(ConfigCommand.group())
                        .addSubcommand(new ConfigCommand.Get(root))
                        .addSubcommand(new ConfigCommand.Diff(root))
                        .addSubcommand(new ConfigCommand.Put(root)));
        line.addSubcommand(
                new CommandLine(ContextCommand.group())
                        .addSubcommand(new ContextCommand.Listing(root))
                        .addSubcommand(new ContextCommand.Use(root))
                        .addSubcommand(new ContextCommand.Show(root)));
        line.addSubcommand(new CompletionCommand(root));
        elsewhere(line, "plan", "Plans an upgrade offline, from files.");
        elsewhere(line, "channel", "Makes and publishes channels, and packs bundles of them.");
        elsewhere(line, "demo", "Upgrades a whole cluster of real processes on this machine.");
        elsewhere(line, "bench", "Measures Sluice on this machine.");
        line.setCaseInsensitiveEnumValuesAllowed(true);
        return line;
    }

    private static void elsewhere(CommandLine line, String name, String description) {
        line.addSubcommand(name, program(description));
    }

    private static CommandLine program(String description) {
        CommandLine program = new CommandLine(new ElsewhereCommand());
        program.getCommandSpec().usageMessage().description(description);
        return program;
    }
}
