package dev.sluice.publisher;

import dev.sluice.trust.x509.KeyPassword;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that does something. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
abstract class Leaf implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;

    /** The password of private keys, in options that only some commands have. */
    static final class Password {
        @Option(
                names = "--password-file",
                paramLabel = "FILE",
                description = "Holds the password of the private keys, in one line.")
        private @Nullable Path file;

        @Option(
                names = "--ask-password",
                description = "Asks for the password of the private keys at the terminal.")
        private boolean ask;

        /** Asked for at most once. */
        Optional<KeyPassword> read() throws IOException {
            if (file != null && ask) {
                throw PublisherException.badInput(
                        "expected one of --password-file and --ask-password, found both");
            }
            if (file != null) {
                return Optional.of(KeyPassword.load(file));
            }
            if (!ask) {
                return Optional.empty();
            }
            @SuppressWarnings("SystemConsoleNull") // NullAway's model says that it may be.
            Console console = System.console();
            if (console == null || !console.isTerminal()) {
                throw PublisherException.badInput(
                        "--ask-password needs a terminal; use --password-file");
            }
            char[] typed = console.readPassword("Password of the private keys: ");
            return Optional.of(KeyPassword.of(typed == null ? new char[0] : typed));
        }
    }

    abstract Output.Format format();

    PrintWriter out() {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        return spec.commandLine().getOut();
    }

    void print(Map<String, Object> document) {
        Output.print(format(), out(), document);
    }

    /** A command that answers. */
    @Command
    abstract static class Answering extends Leaf {
        @Option(
                names = {"-o", "--output"},
                paramLabel = "FORMAT",
                description = "table, json or yaml.")
        private Output.Format format = Output.Format.table;

        @Override
        final Output.Format format() {
            return format;
        }
    }

    /** A command that makes a file, which {@code -o} names. */
    @Command
    abstract static class Making extends Leaf {
        @Option(
                names = "--output",
                paramLabel = "FORMAT",
                description = "What is said of it: table, json or yaml.")
        private Output.Format format = Output.Format.table;

        @Override
        final Output.Format format() {
            return format;
        }
    }
}
