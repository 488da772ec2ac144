package dev.sluice.sample;

import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A running site: the client port, the control port and the admission between them. */
public final class SampleSite implements AutoCloseable {

    private static final int EXIT_UNUSABLE = 1;

    /** A run that is not known, as at the first question, is named "-". */
    private static final Pattern LOG = Pattern.compile("log ([0-9-]{1,40}) ([0-9]{1,18})");

    private final SiteOptions options;
    private final Admission admission;
    private final ScheduledThreadPoolExecutor timer;
    private final ClientPort clients;
    private final ControlPort control;
    private final CountDownLatch shutdownRequested = new CountDownLatch(1);

    private SampleSite(SiteOptions options) throws IOException {
        this.options = options;
        InstantSource clock = InstantSource.system();
        this.admission =
                new Admission(
                        options.maxSessions(),
                        new SessionLog(ProcessHandle.current().pid() + "-" + clock.millis()),
                        clock);
        this.timer =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().name("expiry").daemon().factory());
        timer.setRemoveOnCancelPolicy(true);
        // A connection that comes while the site stops needs no deadline: it is closed at once.
        timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        ClientPort opened = ClientPort.open(options, admission, timer);
        try {
            this.control = ControlPort.open(options.control(), new SiteRequests(), timer);
        } catch (IOException e) {
            opened.close();
            timer.shutdownNow();
            throw e;
        }
        this.clients = opened;
    }

    /** Binds both ports; admission is off until the control port opens it. */
    static SampleSite start(SiteOptions options) throws IOException {
        return new SampleSite(options);
    }

    /**
     * Starts the site that the arguments and the environment describe, prints one line of JSON when
     * it is ready and runs until it is told to stop. Exit codes: 0 stopped by request or SIGTERM, 1
     * could not start.
     */
    public static void main(String[] arguments) throws InterruptedException {
        SampleSite site;
        try {
            site =
                    start(
                            SiteOptions.parse(
                                    List.of(arguments),
                                    System.getenv(),
                                    Runtime.getRuntime().maxMemory()));
        } catch (SiteOptions.Unusable | IOException e) {
            System.err.println("sample-site: " + e.getMessage());
            System.exit(EXIT_UNUSABLE);
            return;
        }
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    site.close();
                                    // SIGTERM is how a site is stopped, not a failure: exit 0
                                    // instead of 143.
                                    Runtime.getRuntime().halt(0);
                                },
                                "shutdown"));
        System.out.println(site.readyLine());
        site.shutdownRequested.await();
    }

    /** The address for clients as HOST:PORT. */
    String address() {
        return clients.address();
    }

    String readyLine() {
        return "{\"ready\":true,\"version\":\""
                + options.version()
                + "\",\"node\":\""
                + options.node()
                + "\",\"listen\":\""
                + clients.address()
                + "\",\"pid\":"
                + ProcessHandle.current().pid()
                + "}";
    }

    /** Waits until a shutdown was requested on the control port. */
    void awaitShutdownRequest() throws InterruptedException {
        shutdownRequested.await();
    }

    /** Refuses new sessions, ends the connected ones and releases both ports. */
    @Override
    public void close() {
        admission.close();
        try (control;
                clients) {
            timer.shutdownNow();
        } catch (IOException e) {
            System.err.println("sample-site: " + e.getMessage());
        }
    }

    private final class SiteRequests implements ControlPort.Requests {

        @Override
        public String answer(String request) {
            return switch (request) {
                case "status" -> line(admission.status(), "");
                case "open" -> line(admission.open(), "");
                case "close" -> line(admission.close(), "");
                case "cut" -> {
                    int count = cut();
                    yield line(admission.status(), ",\"cut\":" + count);
                }
                case "shutdown" -> {
                    admission.close();
                    int count = cut();
                    yield line(admission.status(), ",\"cut\":" + count);
                }
                default -> {
                    Matcher log = LOG.matcher(request);
                    yield log.matches()
                            ? admission.logFrom(log.group(1), Long.parseLong(log.group(2)))
                            : "{\"error\":\"unknown request; expected status, open, close, cut, shutdown or log RUN NUMBER\"}";
                }
            };
        }

        @Override
        public void answered(String request) {
            if (request.equals("shutdown")) {
                shutdownRequested.countDown();
            }
        }

        private String line(SiteStatus status, String more) {
            return "{"
                    + status.toJson(
                            options.version(), options.node(), ProcessHandle.current().pid())
                    + more
                    + "}";
        }

        private int cut() {
            List<ClientSession> evicted = admission.evict();
            for (ClientSession session : evicted) {
                try {
                    session.close();
                } catch (IOException e) {
                    System.err.println(
                            "sample-site: session could not be closed: " + e.getMessage());
                }
            }
            return evicted.size();
        }
    }
}
