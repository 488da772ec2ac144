package dev.sluice.control.depot;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What nodes say that they have whole, and that patches can be applied to. Pure. */
final class ReportedBases {

    private ReportedBases() {}

    /**
     * All, by the digest of the content; of several descriptions the one that most nodes give. A
     * node counts once.
     */
    static Map<String, PatchBase.Reported> of(Collection<NodeObservation> fleet) {
        Map<PatchBase.Reported, Integer> counts = new HashMap<>();
        for (NodeObservation seen : fleet) {
            NodeFacts facts = seen.facts();
            if (facts != null) {
                Map<String, PatchBase.Reported> once = new HashMap<>();
                facts.staged().stream()
                        .map(ReportedBases::base)
                        .flatMap(Optional::stream)
                        .forEach(base -> once.putIfAbsent(base.contentSha256(), base));
                once.values().forEach(base -> counts.merge(base, 1, Integer::sum));
            }
        }
        Comparator<PatchBase.Reported> mostTold =
                Comparator.<PatchBase.Reported>comparingInt(base -> counts.getOrDefault(base, 0))
                        .reversed()
                        .thenComparing(PatchBase.Reported::toString);
        List<PatchBase.Reported> sorted = counts.keySet().stream().sorted(mostTold).toList();
        Map<String, PatchBase.Reported> bases = new TreeMap<>();
        sorted.forEach(base -> bases.putIfAbsent(base.contentSha256(), base));
        return bases;
    }

    /** Whether a node has this content, by the same description. */
    static boolean has(NodeObservation seen, PatchBase.Reported wanted) {
        NodeFacts facts = seen.facts();
        return facts != null
                && facts.staged(wanted.contentSha256())
                        .flatMap(ReportedBases::base)
                        .filter(wanted::equals)
                        .isPresent();
    }

    /** Empty where a content is not whole, or was told in a way that no content can be. */
    private static Optional<PatchBase.Reported> base(NodeFacts.Staged staged) {
        if (!staged.complete() || !staged.patching().isBase() || staged.about().isEmpty()) {
            return Optional.empty();
        }
        NodeFacts.About about = staged.about().get();
        try {
            return Optional.of(
                    new PatchBase.Reported(
                            about.ref(),
                            new PackageContent(
                                    staged.bytesTotal(),
                                    new Sha256(staged.contentSha256()),
                                    PackageContent.LEAF_SIZE,
                                    new Sha256(about.merkleRoot()))));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }
}
