package dev.sluice.cli.render;

import com.google.protobuf.Timestamp;
import dev.sluice.v1.ForcedPromotion;
import dev.sluice.v1.ProposeForcedPromotionResponse;
import dev.sluice.v1.WitnessMember;
import java.util.ArrayList;
import java.util.List;

/** What a promotion by force would give up, as lines of text. Pure. */
public final class ForcedPromotionView {
    private ForcedPromotionView() {}

    /** The list that an operator reads before signing. */
    public static List<String> lines(
            ProposeForcedPromotionResponse proposal, ForcedPromotion promotion) {
        Table table =
                new Table(
                        "FORCED PROMOTION",
                        promotion.getMasterId() + " of " + promotion.getCluster());
        table.row("may be lost", promotion.getAcceptedLoss());
        table.row("last entry", lastEntry(proposal, promotion));
        table.row("in sync", inSync(proposal));
        table.row("last primary heard", lastContact(proposal));
        table.row(
                "last in sync with it",
                proposal.hasLastSync()
                        ? time(proposal.getLastSync())
                        : "not since its process started");
        table.row("masters not reached", names(proposal.getUnreachableMastersList()));
        table.row("nodes not reached", names(proposal.getUnreachableNodesList()));
        table.row("written off", names(promotion.getWrittenOffList()));
        table.row(
                "witnesses from then on",
                names(
                        promotion.getWitnessesList().stream()
                                .map(WitnessMember::getNodeId)
                                .toList()));
        table.row("generation", Integer.toUnsignedString(promotion.getGeneration()));
        table.row("certificate", promotion.getNonce() + ", until " + time(promotion.getExpiry()));
        List<String> lines = new ArrayList<>(table.lines());
        if (proposal.getWarningsCount() > 0) {
            lines.add("");
            proposal.getWarningsList()
                    .forEach(warning -> lines.add("Warning: " + Table.printable(warning)));
        }
        return lines;
    }

    private static String lastEntry(
            ProposeForcedPromotionResponse proposal, ForcedPromotion promotion) {
        String index = Long.toUnsignedString(promotion.getLastIndex());
        return proposal.hasLastAt()
                ? index
                        + ", of "
                        + time(proposal.getLastAt())
                        + ", under ballot "
                        + Words.ballot(proposal.getLastBallot())
                : index;
    }

    private static String inSync(ProposeForcedPromotionResponse proposal) {
        if (!proposal.hasRegister()) {
            return "not known: it knows no register";
        }
        return (proposal.getInSync() ? "yes" : "no")
                + ", by the last register it knows, of ballot "
                + Words.ballot(proposal.getRegister().getBallot());
    }

    private static String lastContact(ProposeForcedPromotionResponse proposal) {
        if (!proposal.hasLastContact()) {
            return "none since its process started";
        }
        return proposal.getLastPrimary()
                + " at "
                + time(proposal.getLastContact())
                + ", "
                + (proposal.getBehind() == 0
                        ? "nothing missing then"
                        : Long.toUnsignedString(proposal.getBehind()) + " entries behind then");
    }

    private static String time(Timestamp at) {
        return Words.instant(at).toString();
    }

    private static String names(List<String> names) {
        return names.isEmpty() ? "none" : String.join(", ", names);
    }
}
