package dev.sluice.cli.command;

import dev.sluice.cli.outcome.ExitCode;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints a script that completes commands and options in a shell. */
@Command(
        name = "completion",
        description = "Prints a completion script: source <(sluice completion bash)")
final class CompletionCommand implements Callable<Integer> {
    private final RootCommand root;

    @Spec private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}")
    private Shell shell = Shell.BASH;

    /** Both are served by one script, which loads bash's completion in zsh. */
    enum Shell {
        BASH,
        ZSH
    }

    CompletionCommand(RootCommand root) {
        this.root = root;
    }

    @Override
    public Integer call() {
        if (spec == null) {
            throw new IllegalStateException("run by picocli only");
        }
        String script = AutoComplete.bash("sluice", spec.root().commandLine());
        if (shell == Shell.ZSH) {
            root.surroundings().out().println("autoload -U +X compinit && compinit");
        }
        root.surroundings().out().println(script);
        return ExitCode.OK.number();
    }
}
