package dev.sluice.transfer.serve;

/**
 * How much a server serves at once.
 *
 * @param connections open at once, whatever they do
 * @param pulls served at once; each holds up to 1 MiB of memory and a file
 * @param pullsPerPeer of one certificate; a puller that changes its source has two for a moment
 */
public record ServeLimits(int connections, int pulls, int pullsPerPeer) {

    public ServeLimits {
        if (pulls < 1 || pullsPerPeer < 1 || connections < pulls) {
            throw new IllegalArgumentException(
                    "limits of serving: expected at least one pull, and no fewer connections than pulls");
        }
    }

    public static ServeLimits standard() {
        return new ServeLimits(128, 32, 8);
    }
}
