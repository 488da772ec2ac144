package dev.sluice.control.executor;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a plan of who pulls a content from whom rests on.
 *
 * @param originRegion where this master is
 * @param originHas whether this master has the content
 */
record RelayView(Collection<Member> members, RegionId originRegion, boolean originHas) {

    /** Sources that a node is told at most: its parent and three fallbacks. */
    static final int MAX_SOURCES = 4;

    /** A node is far behind another one when it lacks more than this part of what that one has. */
    private static final int BEHIND_PART = 8;

    static final Upstream ORIGIN = new Upstream.Origin();

    RelayView {
        members = List.copyOf(members);
    }

    /** From whom a node is to pull. */
    sealed interface Upstream {

        /** This master. */
        record Origin() implements Upstream {}

        /** Another node. */
        record Node(NodeId id) implements Upstream {}
    }

    /**
     * A node that is connected and can be pulled from.
     *
     * @param present bytes that it has, verified
     * @param complete it has all of them
     * @param isMaster masters stand first: whoever takes over then has a copy
     * @param goesLast it drains, or is not to be relied on for another reason
     * @param uplinkBytesPerSecond as it was measured last; 0: not yet
     * @param source from whom it pulls now, or pulls the first half when the content has two; null:
     *     from nobody that is known here
     * @param secondSource from whom it pulls the second half now
     * @param blames whom it gave up lately as a source
     */
    record Member(
            NodeId node,
            RegionId region,
            long present,
            boolean complete,
            boolean isMaster,
            boolean goesLast,
            long uplinkBytesPerSecond,
            @Nullable Upstream source,
            @Nullable Upstream secondSource,
            Set<NodeId> blames) {
        Member {
            blames = Set.copyOf(blames);
        }

        @Nullable Upstream source(ContentHalf half) {
            return switch (half) {
                case FIRST -> source;
                case SECOND -> secondSource;
            };
        }

        /** Whether another one that pulled from it would wait for long. */
        boolean isFarBehind(Member other) {
            return !complete && present < other.present() - other.present() / BEHIND_PART;
        }

        /**
         * How good the uplink is, by factors of two, so that noise changes no order. One that was
         * not measured counts as the best: where nobody pulls from it, it never would be.
         */
        private int uplinkClass() {
            return uplinkBytesPerSecond <= 0
                    ? Long.SIZE
                    : Long.SIZE - 1 - Long.numberOfLeadingZeros(uplinkBytesPerSecond);
        }
    }

    /** Best first: those to be relied on, masters, those that have most, the best uplinks. */
    Comparator<Member> rank() {
        Set<NodeId> suspects = new HashSet<>();
        members.forEach(member -> suspects.addAll(member.blames()));
        return Comparator.<Member, Boolean>comparing(
                        m -> m.goesLast() || suspects.contains(m.node()))
                .thenComparing(m -> !m.isMaster())
                .thenComparing(Comparator.comparingLong(Member::present).reversed())
                .thenComparing(Comparator.comparingInt(Member::uplinkClass).reversed())
                .thenComparing(Member::node);
    }
}
