package dev.sluice.control.config;

import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Policy.Confirm;
import dev.sluice.control.model.Policy.DrainPolicy;
import dev.sluice.control.model.Policy.FailureBudget;
import dev.sluice.control.model.Policy.OnDeadline;
import dev.sluice.control.model.Policy.SingleNodeRegion;
import dev.sluice.control.model.Policy.VerifyPolicy;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads a policy; every key may be left out and is then as in {@link Policy#DEFAULT}. */
public final class PolicyReader {

    private static final int MAX_NODES = 1_000_000;

    /** A file name without a path: an agent looks in its scripts folder only. */
    private static final Pattern SCRIPT = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

    private PolicyReader() {}

    public static Policy read(StrictNode node) {
        Policy base = Policy.DEFAULT;
        StrictMap map = node.map();
        Policy policy =
                new Policy(
                        number(map, "waves", 1, 100, base.waves()),
                        number(map, "canaries", 0, MAX_NODES, base.canaries()),
                        map.find("minAcceptingShare")
                                .map(n -> n.number(0, 1))
                                .orElse(base.minAcceptingShare()),
                        map.find("failureBudget")
                                .map(PolicyReader::failureBudget)
                                .orElse(base.failureBudget()),
                        map.find("singleNodeRegion")
                                .map(n -> n.choice(SingleNodeRegion.class, PolicyReader::lower))
                                .orElse(base.singleNodeRegion()),
                        map.find("drain").map(PolicyReader::drain).orElse(base.drain()),
                        map.find("soak").map(StrictNode::duration).orElse(base.soak()),
                        map.find("verify").map(PolicyReader::verify).orElse(base.verify()));
        map.finish();
        return policy;
    }

    private static int number(StrictMap map, String key, int min, int max, int otherwise) {
        return map.find(key).map(n -> Math.toIntExact(n.whole(min, max))).orElse(otherwise);
    }

    private static FailureBudget failureBudget(StrictNode node) {
        FailureBudget base = Policy.DEFAULT.failureBudget();
        StrictMap map = node.map();
        FailureBudget budget =
                new FailureBudget(
                        number(map, "perRegion", 0, MAX_NODES, base.perRegion()),
                        number(map, "total", 0, MAX_NODES, base.total()));
        map.finish();
        return budget;
    }

    private static DrainPolicy drain(StrictNode node) {
        DrainPolicy base = Policy.DEFAULT.drain();
        StrictMap map = node.map();
        Optional<StrictNode> deadline = map.find("deadline");
        Duration length = deadline.map(StrictNode::duration).orElse(base.deadline());
        if (length.isZero()) {
            throw deadline.orElse(node).expected("a duration above 0");
        }
        OnDeadline onDeadline =
                map.find("onDeadline")
                        .map(n -> n.choice(OnDeadline.class, PolicyReader::lower))
                        .orElse(base.onDeadline());
        map.finish();
        return new DrainPolicy(length, onDeadline);
    }

    private static VerifyPolicy verify(StrictNode node) {
        VerifyPolicy base = VerifyPolicy.DEFAULT;
        StrictMap map = node.map();
        VerifyPolicy verify =
                new VerifyPolicy(
                        map.find("session").map(StrictNode::bool).orElse(base.session()),
                        map.find("confirm")
                                .map(n -> n.choice(Confirm.class, PolicyReader::lower))
                                .orElse(base.confirm()),
                        map.find("script").map(PolicyReader::script));
        map.finish();
        return verify;
    }

    private static String script(StrictNode node) {
        String name = node.string();
        if (!SCRIPT.matcher(name).matches()) {
            throw node.expected("the name of a file in the agent's scripts folder");
        }
        return name;
    }

    static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
