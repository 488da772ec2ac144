package dev.sluice.trust.pki;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Who may be at the other end of a connection, beyond having a certificate of this cluster.
 *
 * @param description what is expected, as it reads after "expected" in an error message
 */
public record PeerExpectation(String description, Predicate<PeerName> accepts) {
    /** Any peer with a certificate of this cluster. */
    public static PeerExpectation any() {
        return new PeerExpectation("any peer of the cluster", _ -> true);
    }

    /** A peer of one of these kinds. */
    public static PeerExpectation kind(PeerName.Kind first, PeerName.Kind... others) {
        Set<PeerName.Kind> kinds = new TreeSet<>(Arrays.asList(others));
        kinds.add(first);
        String description =
                kinds.stream().map(PeerName.Kind::label).collect(Collectors.joining(" or "));
        return new PeerExpectation("a " + description, name -> kinds.contains(name.kind()));
    }

    /** One peer only. */
    public static PeerExpectation exactly(PeerName name) {
        return new PeerExpectation(name.uri(), name::equals);
    }
}
