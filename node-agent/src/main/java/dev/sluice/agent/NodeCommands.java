package dev.sluice.agent;

import dev.sluice.agent.disk.Durable;
import dev.sluice.agent.install.Installer;
import dev.sluice.agent.install.ServiceKeeper;
import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.agent.session.Ballots;
import dev.sluice.agent.session.CommandDesk;
import dev.sluice.agent.stage.KeptPackages;
import dev.sluice.agent.stage.Stager;
import dev.sluice.agent.trusted.VerifiedChannels;
import dev.sluice.agent.verify.NodeVerifier;
import dev.sluice.v1.Command;
import dev.sluice.v1.KeepPackages;
import dev.sluice.v1.PushConfiguration;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Executes the commands of the masters: each kind by the part that can. */
final class NodeCommands implements CommandDesk.Executor {

    private static final String SITE_PREFIX = "site.";
    private static final int MAX_SETTINGS = 10_000;
    private static final int MAX_SETTING_CHARS = 4096;
    private static final Duration ADMISSION_DEADLINE = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(50);

    private final String nodeId;
    private final boolean hasTraffic;
    private final Stager stager;
    private final KeptPackages kept;
    private final Installer installer;
    private final ServiceKeeper keeper;
    private final NodeVerifier verifier;
    private final SharedAddressCommands sharedAddress;
    private final Ledger ledger;
    private final VerifiedChannels channels;
    private final Path siteProperties;

    NodeCommands(
            String nodeId,
            boolean hasTraffic,
            Stager stager,
            KeptPackages kept,
            Installer installer,
            ServiceKeeper keeper,
            NodeVerifier verifier,
            SharedAddressCommands sharedAddress,
            Ledger ledger,
            VerifiedChannels channels,
            Path siteProperties) {
        this.nodeId = nodeId;
        this.hasTraffic = hasTraffic;
        this.stager = stager;
        this.kept = kept;
        this.installer = installer;
        this.keeper = keeper;
        this.verifier = verifier;
        this.sharedAddress = sharedAddress;
        this.ledger = ledger;
        this.channels = channels;
        this.siteProperties = siteProperties;
    }

    @Override
    public void update(Command command) {
        if (command.hasStage()) {
            stager.update(command.getStage());
        }
    }

    @Override
    public void keep(Ballot ballot, KeepPackages order) {
        var _ = kept.take(ballot, order);
    }

    @Override
    public Outcome execute(Command command) throws InterruptedException {
        try {
            return switch (command.getWorkCase()) {
                case STAGE -> stage(command.getStage());
                case INSTALL -> installer.install(command.getCommandId(), command.getInstall());
                case SET_ADMISSION -> setAdmission(command.getSetAdmission().getAccepting());
                case CUT_SESSIONS -> cutSessions();
                case VERIFY -> verifier.verify(command.getVerify());
                case HOLD_ADDRESS ->
                        sharedAddress.hold(
                                Ballots.fromWire(command.getBallot()), command.getHoldAddress());
                case RELEASE_ADDRESS -> sharedAddress.release();
                case PUSH_CONFIGURATION -> keep(command.getPushConfiguration());
                case WORK_NOT_SET ->
                        Outcome.refused(
                                "node %s: command %s asks for work that this agent does not know; upgrade the agent"
                                        .formatted(nodeId, command.getCommandId()));
            };
        } catch (IOException e) {
            return Outcome.retryable("node %s: %s".formatted(nodeId, e.getMessage()));
        }
    }

    /** What the master knows of channels is judged before anything is fetched. */
    private Outcome stage(StagePackage order) throws IOException, InterruptedException {
        Optional<String> refusal = channels.refusal(nodeId, order);
        return refusal.isPresent() ? Outcome.refused(refusal.get()) : stager.stage(order);
    }

    private Outcome setAdmission(boolean accepting) throws IOException, InterruptedException {
        if (!hasTraffic) {
            return masterHasNone("admission");
        }
        ServiceKeeper.View view = keeper.setAdmission(accepting);
        String word = accepting ? "open" : "closed";
        if (!accepting && view.pid().isEmpty()) {
            return new Outcome.Done("the service does not run, and admission will stay closed");
        }
        long end = System.nanoTime() + ADMISSION_DEADLINE.toNanos();
        while (true) {
            if (view.site().isPresent() && view.site().get().accepting() == accepting) {
                return new Outcome.Done(
                        "admission is %s, %d clients are connected"
                                .formatted(word, view.site().get().connectedClients()));
            }
            if (System.nanoTime() - end > 0) {
                return Outcome.retryable(
                        "node %s: expected admission to be %s, found: %s; it follows as soon as the service answers"
                                .formatted(nodeId, word, view.detail()));
            }
            Thread.sleep(POLL);
            view = keeper.observe();
        }
    }

    private Outcome cutSessions() throws IOException, InterruptedException {
        if (!hasTraffic) {
            return masterHasNone("sessions");
        }
        return new Outcome.Done("%d sessions were cut".formatted(keeper.cutSessions()));
    }

    private Outcome masterHasNone(String what) {
        return Outcome.refused(
                "node %s: is a master and has no %s of clients".formatted(nodeId, what));
    }

    private Outcome keep(PushConfiguration order) throws IOException {
        LedgerState known = ledger.state();
        SortedMap<String, String> settings = new TreeMap<>(order.getSettingsMap());
        if (Long.compareUnsigned(order.getRevision(), known.configurationRevision()) < 0) {
            return Outcome.refused(
                    "node %s: configuration revision %s is older than %s"
                            .formatted(
                                    nodeId,
                                    Long.toUnsignedString(order.getRevision()),
                                    Long.toUnsignedString(known.configurationRevision())));
        }
        boolean tooLong =
                settings.entrySet().stream()
                        .anyMatch(one ->
                                one.getKey().length() > MAX_SETTING_CHARS
                                        || one.getValue().length() > MAX_SETTING_CHARS);
        if (settings.size() > MAX_SETTINGS || tooLong) {
            return Outcome.refused(
                    "node %s: expected at most %d settings of at most %d characters"
                            .formatted(nodeId, MAX_SETTINGS, MAX_SETTING_CHARS));
        }
        Durable.write(siteProperties, properties(settings).getBytes(StandardCharsets.UTF_8));
        ledger.append(new LedgerRecord.ConfigurationKept(order.getRevision(), settings));
        return new Outcome.Done(
                "configuration revision %s with %d settings is kept"
                        .formatted(Long.toUnsignedString(order.getRevision()), settings.size()));
    }

    /** The site's settings as a properties file, with everything escaped that could end a line. */
    private static String properties(SortedMap<String, String> settings) {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, String> one : settings.entrySet()) {
            if (one.getKey().startsWith(SITE_PREFIX)) {
                text.append(escape(one.getKey()))
                        .append('=')
                        .append(escape(one.getValue()))
                        .append('\n');
            }
        }
        return text.toString();
    }

    private static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            switch (c) {
                case '\\', '=', ':', '#', '!', ' ' -> escaped.append('\\').append(c);
                case '\n' -> escaped.append("\\n");
                case '\r' -> escaped.append("\\r");
                case '\t' -> escaped.append("\\t");
                default -> escaped.append(c);
            }
        }
        return escaped.toString();
    }
}
