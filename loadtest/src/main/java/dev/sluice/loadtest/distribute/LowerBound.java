package dev.sluice.loadtest.distribute;

/**
 * The time that no way of distributing can beat: each term counts what has to pass a link, or all
 * links of a kind together, however it is arranged.
 */
final class LowerBound {

    /** Bytes of a file in an Ethernet frame of 1514 bytes, with TCP's timestamps. */
    static final double GOODPUT = 1448.0 / 1514.0;

    private LowerBound() {}

    /** In seconds; the origin's region is the first. A machine that fails is not left out. */
    static double seconds(Scenario scenario) {
        double file = scenario.fileBytes();
        double node = bytesPerSecond(scenario.nodeMbit());
        int receivers = scenario.receivers().size();
        double bound = Math.max(file / node, receivers * file / (node * (1 + receivers)));
        int regions = scenario.regions().size();
        if (regions == 1 || scenario.regionMbit() == 0) {
            return bound;
        }
        double link = bytesPerSecond(scenario.regionMbit());
        bound = Math.max(bound, file / link);
        bound = Math.max(bound, (regions - 1) * file / (regions * link));
        for (int region = 1; region < regions; region++) {
            int here = scenario.regions().get(region);
            bound = Math.max(bound, here * file / (link + here * node));
        }
        return bound;
    }

    /** Of files, on a link of this rate. */
    static double bytesPerSecond(int mbit) {
        return mbit * 1e6 / 8 * GOODPUT;
    }
}
