package dev.sluice.sample;

/**
 * What the site says of itself at one instant.
 *
 * @param accepting whether a new session would be let in
 * @param customers customer sessions established now
 * @param consoles console sessions established now
 * @param admitted sessions let in since the start; only grows
 * @param refused sessions refused since the start; only grows
 */
record SiteStatus(boolean accepting, int customers, int consoles, long admitted, long refused) {

    /**
     * The members of the answer without its braces; identity is text that {@link SiteOptions} has
     * checked.
     */
    String toJson(String version, String node, long pid) {
        return "\"version\":\""
                + version
                + "\",\"node\":\""
                + node
                + "\",\"accepting\":"
                + accepting
                + ",\"sessions\":{\"customer\":"
                + customers
                + ",\"console\":"
                + consoles
                + "},\"admitted\":"
                + admitted
                + ",\"refused\":"
                + refused
                + ",\"pid\":"
                + pid;
    }
}
