package dev.sluice.sample;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection, from its HELLO to its end. It runs on a thread of its own; {@link
 * #close} may come from any.
 */
final class ClientSession implements Runnable, Closeable {

    private static final int MAX_PING_DIGITS = 18;

    private final Socket socket;
    private final SiteOptions options;
    private final Admission admission;
    private final ScheduledExecutorService timer;
    private final Consumer<ClientSession> onEnd;

    ClientSession(
            Socket socket,
            SiteOptions options,
            Admission admission,
            ScheduledExecutorService timer,
            Consumer<ClientSession> onEnd) {
        this.socket = socket;
        this.options = options;
        this.admission = admission;
        this.timer = timer;
        this.onEnd = onEnd;
    }

    @Override
    public void run() {
        EndedBy how = EndedBy.BROKEN;
        try (socket;
                Expiry expiry = Expiry.after(options.handshake(), timer, socket)) {
            how = timed(expiry);
        } catch (IOException _) {
            // Closing failed: nobody is left to be told.
        } finally {
            admission.leave(this, how);
            onEnd.accept(this);
        }
    }

    private EndedBy timed(Expiry expiry) {
        try {
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            converse(expiry);
            return EndedBy.CLIENT;
        } catch (IOException _) {
            // The client went away, was cut or was silent too long: nobody is left to be told.
            return expiry.passed() ? EndedBy.SILENT : EndedBy.BROKEN;
        }
    }

    /** Ends the connection without a farewell. */
    @Override
    public void close() throws IOException {
        socket.close();
    }

    private void converse(Expiry expiry) throws IOException {
        LineReader lines = new LineReader(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        try {
            @Nullable String hello = lines.readLine();
            if (hello == null) {
                return;
            }
            if (admission.admit(this, kindOf(hello)) == Admission.Decision.REFUSED) {
                send(out, "NOT-ACCEPTING");
                return;
            }
            expiry.extend(options.idle());
            send(out, "WELCOME " + options.version() + " " + options.node());
            @Nullable String line;
            while ((line = lines.readLine()) != null) {
                expiry.extend(options.idle());
                if (line.equals("BYE")) {
                    // Out of the count before the answer: a client that saw it is not connected any
                    // more.
                    admission.leave(this, EndedBy.CLIENT);
                    send(out, "BYE");
                    return;
                }
                send(out, "PONG " + pingNumber(line) + " " + options.version());
            }
        } catch (ProtocolException e) {
            admission.leave(this, EndedBy.ERROR);
            send(out, "ERROR " + e.getMessage());
        }
    }

    private static Kind kindOf(String hello) throws ProtocolException {
        String[] words = hello.split(" ", -1);
        @Nullable Kind kind =
                words.length == 3 && words[0].equals("HELLO") ? Kind.ofWireName(words[1]) : null;
        if (kind == null || !SiteOptions.isToken(words[2])) {
            throw new ProtocolException("expected HELLO customer|console|probe CLIENT-ID");
        }
        return kind;
    }

    private static String pingNumber(String line) throws ProtocolException {
        String number = line.startsWith("PING ") ? line.substring("PING ".length()) : "";
        boolean digits = !number.isEmpty() && number.length() <= MAX_PING_DIGITS;
        for (int at = 0; digits && at < number.length(); at++) {
            digits = number.charAt(at) >= '0' && number.charAt(at) <= '9';
        }
        if (!digits) {
            throw new ProtocolException("expected PING NUMBER or BYE");
        }
        return number;
    }

    private static void send(OutputStream out, String line) throws IOException {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
