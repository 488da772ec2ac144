package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterAccess;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The clusters that this operator knows. Talks to none of them. */
@Command(name = "context", description = "Shows the known clusters, and chooses one.")
final class ContextCommand {
    private ContextCommand() {}

    static ContextCommand group() {
        return new ContextCommand();
    }

    private static String addresses(ClusterAccess access) {
        return String.join(",", access.addresses().stream().map(Object::toString).toList());
    }

    private static Map<String, Object> document(ClusterAccess access) {
        Map<String, Object> tls = new LinkedHashMap<>();
        tls.put("ca", access.ca().toString());
        tls.put("certificate", access.certificate().toString());
        tls.put("key", access.key().toString());
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", access.name());
        document.put("addresses", access.addresses().stream().map(Object::toString).toList());
        document.put("tls", tls);
        return document;
    }

    /** All of them. */
    @Command(name = "list", description = "Lists the contexts; a star marks the one in use.")
    static final class Listing implements Callable<Integer> {
        private final RootCommand root;

        Listing(RootCommand root) {
            this.root = root;
        }

        @Override
        public Integer call() {
            List<ClusterAccess> all = root.contexts().all();
            String current = root.contexts().current().orElse("");
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("current", current);
            document.put("contexts", all.stream().map(ContextCommand::document).toList());
            root.print(
                    document,
                    () -> {
                        Table table = new Table("IN USE", "NAME", "ADDRESSES");
                        for (ClusterAccess access : all) {
                            table.row(
                                    access.name().equals(current) ? "*" : "",
                                    access.name(),
                                    addresses(access));
                        }
                        return table.lines();
                    });
            return ExitCode.OK.number();
        }
    }

    /** Chooses one for the commands to come. */
    @Command(name = "use", description = "Makes a context the one in use.")
    static final class Use implements Callable<Integer> {
        private final RootCommand root;

        @Parameters(paramLabel = "NAME", description = "The context's name.")
        private String name = "";

        Use(RootCommand root) {
            this.root = root;
        }

        @Override
        public Integer call() {
            root.contexts().use(name);
            root.print(Map.of("current", name), () -> List.of("Context " + name + " is in use."));
            return ExitCode.OK.number();
        }
    }

    /** What a command would use now, after flags and environment. */
    @Command(name = "show", description = "Shows which cluster a command would talk to, and how.")
    static final class Show implements Callable<Integer> {
        private final RootCommand root;

        Show(RootCommand root) {
            this.root = root;
        }

        @Override
        public Integer call() {
            ClusterAccess access = root.access();
            root.print(
                    document(access),
                    () -> {
                        List<String> lines = new ArrayList<>();
                        Table table = new Table("CONTEXT", access.name());
                        table.row("addresses", addresses(access));
                        table.row("ca", access.ca());
                        table.row("certificate", access.certificate());
                        table.row("key", access.key());
                        lines.addAll(table.lines());
                        return lines;
                    });
            return ExitCode.OK.number();
        }
    }
}
