package dev.sluice.cli.render;

import java.io.Console;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;

/**
 * Lines at the bottom of a terminal that are drawn again in place.
 *
 * <p>Closing leaves the last picture where it is and gives the cursor back; that also happens when
 * the process is interrupted. Not for two threads at once: calls are serialised here, but pictures
 * would replace each other.
 */
public final class LiveScreen implements AutoCloseable {
    private final Terminal terminal;
    private final Display display;
    private final Thread restorer;
    private boolean closed;

    private LiveScreen(Terminal terminal) {
        this.terminal = terminal;
        this.display = new Display(terminal, false);
        this.restorer = new Thread(this::restore, "restore-terminal");
        Runtime.getRuntime().addShutdownHook(restorer);
        terminal.puts(Capability.cursor_invisible);
    }

    /** Whether standard input and output are a terminal that can be drawn on. */
    @SuppressWarnings(
            "SystemConsoleNull") // Since 25 the JDK's default console is null without a terminal
    // again.
    public static boolean isPossible() {
        Console console = System.console();
        return console != null && console.isTerminal() && !"dumb".equals(System.getenv("TERM"));
    }

    /** The process's own terminal. */
    public static LiveScreen open() throws IOException {
        return new LiveScreen(
                TerminalBuilder.builder().system(true).dumb(true).nativeSignals(false).build());
    }

    /** A given terminal; closing closes it. */
    static LiveScreen on(Terminal terminal) {
        return new LiveScreen(terminal);
    }

    /** Replaces what is shown; lines that don't fit are cut, and so are lines too many. */
    public synchronized void show(List<String> lines) {
        if (closed) {
            return;
        }
        Size size = terminal.getSize();
        // A terminal that doesn't say gets the classic size.
        int columns = size.getColumns() > 0 ? size.getColumns() : 80;
        int rows = size.getRows() > 0 ? size.getRows() : 24;
        display.resize(Size.of(columns, rows));
        // The last row stays free: writing its last column would scroll.
        int most = rows - 1;
        List<AttributedString> shown = new ArrayList<>();
        boolean tooMany = lines.size() > most;
        for (String line : lines.subList(0, tooMany ? most - 1 : lines.size())) {
            shown.add(new AttributedString(fitted(line, columns)));
        }
        if (tooMany) {
            String more = "... " + (lines.size() - most + 1) + " more lines";
            shown.add(new AttributedString(fitted(more, columns)));
        }
        display.update(shown, -1);
        terminal.flush();
    }

    private static String fitted(String line, int columns) {
        return line.length() < columns ? line : line.substring(0, columns - 1);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(restorer);
        } catch (IllegalStateException e) {
            // The process is ending already: the hook restores the terminal.
            return;
        }
        restore();
    }

    private synchronized void restore() {
        if (closed) {
            return;
        }
        closed = true;
        terminal.puts(Capability.cursor_visible);
        terminal.writer().println();
        terminal.flush();
        try {
            terminal.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the terminal could not be given back", e);
        }
    }
}
