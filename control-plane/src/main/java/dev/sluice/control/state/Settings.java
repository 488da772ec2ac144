package dev.sluice.control.state;

import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Refusal;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/**
 * The settings that operators may change while the cluster runs: those of the policy by name, and
 * free ones of the application under {@code site.}, which are pushed to every node.
 */
public final class Settings {

    private static final Pattern SITE_KEY =
            Pattern.compile("site\\.[a-zA-Z0-9][a-zA-Z0-9._-]{0,120}");
    private static final int MAX_VALUE_LENGTH = 1024;

    /**
     * Limits every pull of a package; since one node of a region pulls over its link at a time, the
     * link as well.
     */
    public static final String MAX_BYTES_PER_SECOND = "distribution.maxBytesPerSecond";

    /** Limits everything that one node receives, and what it sends; before the older key. */
    public static final String NODE_BYTES_PER_SECOND = "distribution.nodeBytesPerSecond";

    /** Limits what crosses the link between two regions. */
    public static final String REGION_BYTES_PER_SECOND = "distribution.regionBytesPerSecond";

    /** When transfers that no upgrade waits for are begun, as {@link TransferWindow}. */
    public static final String WINDOW = "distribution.window";

    /** Whether an upgrade's own staging is begun within the window only as well. */
    public static final String WINDOW_FOR_UPGRADES = "distribution.windowForUpgrades";

    /** Nodes in a region from which on a large content goes down trees instead of a chain. */
    public static final String TREES_FROM = "distribution.treesFrom";

    /**
     * With fewer nodes a chain costs less: it has one connection for each node and one wake-up for
     * what the trees need two for. docs/adr/0032-two-trees.md has the measurements.
     */
    private static final int DEFAULT_TREES_FROM = 100;

    private static final Pattern COUNT = Pattern.compile("[1-9][0-9]{0,5}");

    private static final Set<String> WINDOWS = Set.of(WINDOW, WINDOW_FOR_UPGRADES);

    private static final Set<String> RATES =
            Set.of(MAX_BYTES_PER_SECOND, NODE_BYTES_PER_SECOND, REGION_BYTES_PER_SECOND);

    private static final Pattern RATE = Pattern.compile("[0-9]{1,12}");

    /**
     * How a text changes the policy; throws IllegalArgumentException or DateTimeParseException when
     * it cannot.
     */
    private static final Map<String, BiFunction<Policy, String, Policy>> OF_POLICY =
            Map.of(
                    "policy.minAcceptingShare",
                    (p, v) ->
                            new Policy(
                                    p.waves(),
                                    p.canaries(),
                                    Double.parseDouble(v),
                                    p.failureBudget(),
                                    p.singleNodeRegion(),
                                    p.drain(),
                                    p.soak(),
                                    p.verify()),
                    "policy.failureBudget.perRegion",
                    (p, v) ->
                            withBudget(
                                    p,
                                    new Policy.FailureBudget(
                                            Integer.parseInt(v), p.failureBudget().total())),
                    "policy.failureBudget.total",
                    (p, v) ->
                            withBudget(
                                    p,
                                    new Policy.FailureBudget(
                                            p.failureBudget().perRegion(), Integer.parseInt(v))),
                    "policy.drain.deadline",
                    (p, v) ->
                            withDrain(
                                    p,
                                    new Policy.DrainPolicy(
                                            Duration.parse(v), p.drain().onDeadline())),
                    "policy.drain.onDeadline",
                    (p, v) ->
                            withDrain(
                                    p, new Policy.DrainPolicy(p.drain().deadline(), onDeadline(v))),
                    "policy.soak",
                    (p, v) ->
                            new Policy(
                                    p.waves(),
                                    p.canaries(),
                                    p.minAcceptingShare(),
                                    p.failureBudget(),
                                    p.singleNodeRegion(),
                                    p.drain(),
                                    Duration.parse(v),
                                    p.verify()),
                    "policy.waves",
                    (p, v) ->
                            new Policy(
                                    Integer.parseInt(v),
                                    p.canaries(),
                                    p.minAcceptingShare(),
                                    p.failureBudget(),
                                    p.singleNodeRegion(),
                                    p.drain(),
                                    p.soak(),
                                    p.verify()),
                    "policy.canaries",
                    (p, v) ->
                            new Policy(
                                    p.waves(),
                                    Integer.parseInt(v),
                                    p.minAcceptingShare(),
                                    p.failureBudget(),
                                    p.singleNodeRegion(),
                                    p.drain(),
                                    p.soak(),
                                    p.verify()));

    private Settings() {}

    /** The names of the policy's settings, sorted. */
    public static List<String> policyKeys() {
        return OF_POLICY.keySet().stream().sorted().toList();
    }

    /** Why a setting can't have this value; empty when it can. */
    static Optional<Refusal> refusal(Policy policy, String key, String value) {
        if (value.length() > MAX_VALUE_LENGTH) {
            return Optional.of(
                    new Refusal(
                            "setting " + key,
                            "expected at most %d characters, found %d"
                                    .formatted(MAX_VALUE_LENGTH, value.length())));
        }
        if (RATES.contains(key)) {
            return refusal(RATE, key, value, "bytes per second as 1 to 12 digits, 0 for no limit");
        }
        if (WINDOWS.contains(key)) {
            return windowRefusal(key, value);
        }
        if (key.equals(TREES_FROM)) {
            return refusal(COUNT, key, value, "nodes, 1 to 999999");
        }
        BiFunction<Policy, String, Policy> change = OF_POLICY.get(key);
        if (change == null) {
            return isKnown(key) ? Optional.empty() : Optional.of(unknown(key));
        }
        try {
            var _ = change.apply(policy, value);
            return Optional.empty();
        } catch (IllegalArgumentException | DateTimeParseException e) {
            return Optional.of(
                    new Refusal(
                            "setting " + key,
                            "\"%s\" is not a value of it: %s".formatted(value, e.getMessage())));
        }
    }

    private static Optional<Refusal> refusal(
            Pattern possible, String key, String value, String expected) {
        return possible.matcher(value).matches()
                ? Optional.empty()
                : Optional.of(
                        new Refusal(
                                "setting " + key,
                                "\"%s\" is not a value of it: expected %s"
                                        .formatted(value, expected)));
    }

    private static Optional<Refusal> windowRefusal(String key, String value) {
        try {
            if (key.equals(WINDOW)) {
                var _ = TransferWindow.parse(value);
            } else if (!value.equals("true") && !value.equals("false")) {
                throw new IllegalArgumentException("expected true or false");
            }
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(
                    new Refusal(
                            "setting " + key,
                            "\"%s\" is not a value of it: %s".formatted(value, e.getMessage())));
        }
    }

    /** When transfers that no upgrade waits for are begun; empty: at any time. */
    public static Optional<TransferWindow> window(Map<String, String> settings) {
        return Optional.ofNullable(settings.get(WINDOW)).map(TransferWindow::parse);
    }

    /** When an upgrade's own staging is begun; empty: at any time. */
    public static Optional<TransferWindow> windowForUpgrades(Map<String, String> settings) {
        return "true".equals(settings.get(WINDOW_FOR_UPGRADES))
                ? window(settings)
                : Optional.empty();
    }

    /** Bytes per second that one node receives of packages at most; 0: no limit. */
    public static long nodeBytesPerSecond(Map<String, String> settings) {
        return Long.parseLong(
                settings.getOrDefault(
                        NODE_BYTES_PER_SECOND, settings.getOrDefault(MAX_BYTES_PER_SECOND, "0")));
    }

    /** Bytes per second of a package that cross the link into a region at most; 0: no limit. */
    public static long regionBytesPerSecond(Map<String, String> settings) {
        return Long.parseLong(settings.getOrDefault(REGION_BYTES_PER_SECOND, "0"));
    }

    /** Nodes in a region from which on a content of 4 MiB or more goes down two trees. */
    public static int treesFrom(Map<String, String> settings) {
        return Integer.parseInt(
                settings.getOrDefault(TREES_FROM, String.valueOf(DEFAULT_TREES_FROM)));
    }

    static boolean isKnown(String key) {
        return RATES.contains(key)
                || key.equals(TREES_FROM)
                || WINDOWS.contains(key)
                || OF_POLICY.containsKey(key)
                || SITE_KEY.matcher(key).matches();
    }

    static Refusal unknown(String key) {
        return new Refusal(
                "setting " + (key.length() > 160 ? key.substring(0, 160) + "..." : key),
                "there is none of this name; expected site.<name>, %s, %s, %s, %s, %s, or one of %s"
                        .formatted(
                                NODE_BYTES_PER_SECOND,
                                REGION_BYTES_PER_SECOND,
                                WINDOW,
                                WINDOW_FOR_UPGRADES,
                                TREES_FROM,
                                policyKeys()));
    }

    static Policy policy(Policy founding, Map<String, String> settings) {
        Policy policy = founding;
        for (String key : policyKeys()) {
            String value = settings.get(key);
            BiFunction<Policy, String, Policy> change = OF_POLICY.get(key);
            if (value != null && change != null) {
                policy = change.apply(policy, value);
            }
        }
        return policy;
    }

    private static Policy.OnDeadline onDeadline(String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "hold" -> Policy.OnDeadline.HOLD;
            case "wait" -> Policy.OnDeadline.WAIT;
            case "cut" -> Policy.OnDeadline.CUT;
            default -> throw new IllegalArgumentException("expected hold, wait or cut");
        };
    }

    private static Policy withBudget(Policy p, Policy.FailureBudget budget) {
        return new Policy(
                p.waves(),
                p.canaries(),
                p.minAcceptingShare(),
                budget,
                p.singleNodeRegion(),
                p.drain(),
                p.soak(),
                p.verify());
    }

    private static Policy withDrain(Policy p, Policy.DrainPolicy drain) {
        return new Policy(
                p.waves(),
                p.canaries(),
                p.minAcceptingShare(),
                p.failureBudget(),
                p.singleNodeRegion(),
                drain,
                p.soak(),
                p.verify());
    }
}
