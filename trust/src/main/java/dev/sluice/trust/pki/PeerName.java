package dev.sluice.trust.pki;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The identity in a certificate: what a peer is, and which one. Written as the URI {@code
 * sluice://node/eu-3}, which stands in the certificate as its only URI alternative name.
 *
 * @param id a DNS label: 1 to 63 of {@code a-z 0-9 -}, beginning and ending with a letter or digit
 */
public record PeerName(Kind kind, String id) {
    /** What a peer is. */
    public enum Kind {
        /** The agent of a node, masters' nodes included. */
        NODE,
        /** A control plane. */
        MASTER,
        /** A person or program that operates the cluster. */
        OPERATOR;

        /** The URI's host part. */
        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final String SCHEME = "sluice://";
    private static final Pattern ID = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final int MAX_SHOWN = 100;

    public PeerName {
        if (!ID.matcher(id).matches()) {
            throw new IllegalArgumentException(
                    "peer id '"
                            + shown(id)
                            + "' is not 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter"
                            + " or digit");
        }
    }

    public static PeerName node(String id) {
        return new PeerName(Kind.NODE, id);
    }

    public static PeerName master(String id) {
        return new PeerName(Kind.MASTER, id);
    }

    public static PeerName operator(String id) {
        return new PeerName(Kind.OPERATOR, id);
    }

    /**
     * The name that a URI states.
     *
     * @throws IllegalArgumentException when it is not exactly {@code sluice://KIND/ID}; the message
     *     names the text
     */
    public static PeerName parse(String uri) {
        for (Kind kind : Kind.values()) {
            String prefix = SCHEME + kind.label() + "/";
            if (uri.startsWith(prefix)) {
                return new PeerName(kind, uri.substring(prefix.length()));
            }
        }
        throw new IllegalArgumentException(
                "'"
                        + shown(uri)
                        + "' does not name a peer; expected sluice://node/ID, sluice://master/ID or"
                        + " sluice://operator/ID");
    }

    /** The URI form; {@link #parse} reads it. */
    public String uri() {
        return SCHEME + kind.label() + "/" + id;
    }

    @Override
    public String toString() {
        return uri();
    }

    private static String shown(String text) {
        String printable = text.replaceAll("[^\\x20-\\x7e]", "?");
        return printable.length() <= MAX_SHOWN
                ? printable
                : printable.substring(0, MAX_SHOWN) + "...";
    }
}
