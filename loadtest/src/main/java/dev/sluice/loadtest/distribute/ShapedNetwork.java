package dev.sluice.loadtest.distribute;

import dev.sluice.loadtest.distribute.Scenario.Machine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/**
 * A scenario's machines and links: each machine a network namespace, each region a bridge, each
 * link a veth pair with a token bucket at both ends. The benchmark itself sits where the regions
 * meet, on a link without limit.
 */
final class ShapedNetwork {

    /** Where the benchmark's own process is reached. */
    static final String BENCH_ADDRESS = "10.203.255.254";

    /**
     * Bytes that a bucket lets through at once: the largest packet that the kernel hands over in
     * one, with the headers of its frames. Of a smaller bucket the kernel would make every frame a
     * packet of its own, which hardware does for nothing and which would cost more than all the
     * rest here.
     */
    private static final int BURST_BYTES = 70 << 10;

    private static final double QUEUE_SECONDS = 0.05;
    private static final int SMALLEST_QUEUE_BYTES = 256 << 10;

    /**
     * Keeps the frames of a namespace's bridges from its firewall, where Docker had them sent
     * through it: a switch does not do that, and it is the machines' time that it would take.
     */
    private static final List<String> NO_FIREWALL =
            List.of(
                    "sh",
                    "-c",
                    "for each in /proc/sys/net/bridge/bridge-nf-call-*; do if [ -e $each ]; then echo 0 > $each; fi; done");

    /**
     * What Debian's kernels use. BBR, which some machines are set to, looks for the shortest round
     * trip every 10 s, and sends next to nothing for 0.2 s.
     */
    static final List<String> CHOOSE_CONGESTION_CONTROL =
            List.of("sysctl", "--quiet", "--write", "net.ipv4.tcp_congestion_control=cubic");

    private final Scenario scenario;

    private ShapedNetwork(Scenario scenario) {
        this.scenario = scenario;
    }

    /** Makes it, inside the {@link Sandbox}. */
    static ShapedNetwork make(Scenario scenario) throws IOException, InterruptedException {
        ShapedNetwork network = new ShapedNetwork(scenario);
        network.build();
        return network;
    }

    private void build() throws IOException, InterruptedException {
        List<String> core = new ArrayList<>();
        core.add("link add name core type bridge");
        core.add("link set dev core up");
        core.add("addr add %s/16 dev core".formatted(BENCH_ADDRESS));
        ip(core);
        Shell.require(NO_FIREWALL);
        for (int region = 0; region < scenario.regions().size(); region++) {
            region(region);
        }
        for (Machine machine : scenario.machines()) {
            machine(machine);
        }
    }

    private void region(int region) throws IOException, InterruptedException {
        String namespace = "r" + region;
        ip(
                List.of(
                        "netns add " + namespace,
                        "link add name reg%d type veth peer name uplink netns %s"
                                .formatted(region, namespace),
                        "link set dev reg%d master core up".formatted(region)));
        ipIn(
                namespace,
                List.of(
                        "link add name bridge0 type bridge",
                        "link set dev bridge0 up",
                        "link set dev uplink master bridge0 up"));
        List<String> noFirewall = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        noFirewall.addAll(NO_FIREWALL);
        Shell.require(noFirewall);
        if (scenario.regionMbit() > 0) {
            Shell.require(shaper(List.of("tc"), "reg" + region, scenario.regionMbit()));
            Shell.require(shaper(tcIn(namespace), "uplink", scenario.regionMbit()));
        }
    }

    private void machine(Machine machine) throws IOException, InterruptedException {
        String region = "r" + machine.region();
        String port = "p" + machine.index();
        ip(
                List.of(
                        "netns add " + machine.namespace(),
                        "link add name %s netns %s type veth peer name eth0 netns %s"
                                .formatted(port, region, machine.namespace())));
        ipIn(region, List.of("link set dev %s master bridge0 up".formatted(port)));
        ipIn(
                machine.namespace(),
                List.of(
                        "link set dev lo up",
                        "addr add %s/16 dev eth0".formatted(machine.address()),
                        "link set dev eth0 up"));
        Shell.require(on(machine, CHOOSE_CONGESTION_CONTROL));
        Shell.require(shaper(tcIn(region), port, scenario.nodeMbit()));
        Shell.require(shaper(tcIn(machine.namespace()), "eth0", scenario.nodeMbit()));
    }

    private static List<String> shaper(List<String> tc, String device, int mbit) {
        long queue = Math.max(SMALLEST_QUEUE_BYTES, (long) (mbit * 1e6 / 8 * QUEUE_SECONDS));
        List<String> command = new ArrayList<>(tc);
        command.addAll(
                List.of(
                        "qdisc",
                        "add",
                        "dev",
                        device,
                        "root",
                        "tbf",
                        "rate",
                        mbit + "mbit",
                        "burst",
                        String.valueOf(BURST_BYTES),
                        "limit",
                        String.valueOf(queue)));
        return command;
    }

    private static List<String> tcIn(String namespace) {
        return List.of("tc", "-n", namespace);
    }

    private static void ip(List<String> lines) throws IOException, InterruptedException {
        Shell.require(List.of("ip", "-batch", "-"), String.join("\n", lines) + "\n");
    }

    private static void ipIn(String namespace, List<String> lines)
            throws IOException, InterruptedException {
        Shell.require(
                List.of("ip", "-n", namespace, "-batch", "-"), String.join("\n", lines) + "\n");
    }

    /** A command as the machine runs it. */
    List<String> on(Machine machine, List<String> command) {
        List<String> there = new ArrayList<>(List.of("ip", "netns", "exec", machine.namespace()));
        there.addAll(command);
        return there;
    }

    /** Has the machine's link deliver nothing any more, in either direction, and say nothing. */
    void blackHole(Machine machine) throws IOException, InterruptedException {
        Shell.require(
                List.of(
                        "bridge",
                        "-n",
                        "r" + machine.region(),
                        "link",
                        "set",
                        "dev",
                        "p" + machine.index(),
                        "state",
                        "0"));
    }

    /** Takes the network away. */
    void remove() throws IOException, InterruptedException {
        List<String> lines = new ArrayList<>();
        scenario.machines().forEach(machine -> lines.add("netns del " + machine.namespace()));
        for (int region = 0; region < scenario.regions().size(); region++) {
            lines.add("netns del r" + region);
        }
        lines.add("link del core");
        ip(lines);
    }

    /** Bytes in frames that the machine has sent. */
    long sentBy(Machine machine) throws IOException, InterruptedException {
        return sent(tcIn(machine.namespace()), "eth0");
    }

    /** Bytes in frames that have gone into the region over its link. */
    long intoRegion(int region) throws IOException, InterruptedException {
        return sent(List.of("tc"), "reg" + region);
    }

    /** What the device's bucket has let through: a device counts a packet's headers once only. */
    private static long sent(List<String> tc, String device)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(tc);
        command.addAll(List.of("-j", "-s", "qdisc", "show", "dev", device, "root"));
        return JsonMapper.builder()
                .build()
                .readTree(Shell.require(command))
                .required(0)
                .required("bytes")
                .asLong();
    }
}
