package dev.sluice.cli.command;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.connect.OneMaster;
import dev.sluice.cli.connect.Signed;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.ForcedPromotionView;
import dev.sluice.cli.render.OutputFormat;
import dev.sluice.cli.render.Words;
import dev.sluice.v1.ForcePromotionRequest;
import dev.sluice.v1.ForcePromotionResponse;
import dev.sluice.v1.ForcedPromotion;
import dev.sluice.v1.ProposeForcedPromotionRequest;
import dev.sluice.v1.ProposeForcedPromotionResponse;
import java.io.PrintStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A promotion by force: the master's proposal, the operator's confirmation and signature, and the
 * promotion.
 */
final class ForcedPromotionFlow {
    private final RootCommand root;
    private final ClusterClient client;
    private final OneMaster masters;
    private final String id;
    private final List<String> writeOff;

    ForcedPromotionFlow(RootCommand root, ClusterClient client, String id, List<String> writeOff) {
        this.root = root;
        this.client = client;
        this.masters = new OneMaster(client, root.timeout());
        this.id = id;
        this.writeOff = List.copyOf(writeOff);
    }

    /**
     * Runs it as far as the operator lets it.
     *
     * @param acceptLoss false: only shows what would be given up
     * @param yes asks for no confirmation
     */
    ExitCode run(boolean acceptLoss, boolean yes) {
        Duration limit = root.timeout();
        ProposeForcedPromotionRequest request =
                ProposeForcedPromotionRequest.newBuilder()
                        .setMasterId(id)
                        .addAllWriteOff(writeOff)
                        .build();
        ProposeForcedPromotionResponse proposal =
                masters.call(
                        id, connection -> connection.within(limit).proposeForcedPromotion(request));
        ForcedPromotion promotion = checked(proposal.getPromotion());
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("proposal", Documents.of(proposal));
        document.put("certificate", Documents.of(promotion));
        if (!acceptLoss) {
            root.print(document, () -> ForcedPromotionView.lines(proposal, promotion));
            throw CommandFailure.badInput("nothing was done: expected --accept-loss to do this")
                    .with("next", "read the list above; then run it again with --accept-loss");
        }
        show(proposal, promotion);
        if (!yes) {
            confirm(promotion.getCluster());
        }
        ForcePromotionResponse response = force(proposal.getPromotion(), limit);
        document.put("ballot", Documents.of(response.getBallot()));
        root.print(
                document,
                () ->
                        List.of(
                                "Master "
                                        + id
                                        + " is primary by force, ballot "
                                        + Words.ballot(response.getBallot())
                                        + "."));
        return ExitCode.OK;
    }

    /** What the master proposes has to be what was asked of it: the operator signs it. */
    private ForcedPromotion checked(ByteString bytes) {
        ForcedPromotion promotion;
        try {
            promotion = ForcedPromotion.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            throw defect("proposed something that is no forced promotion");
        }
        if (!promotion.getMasterId().equals(id)) {
            throw defect("proposed to promote master " + promotion.getMasterId());
        }
        if (!new TreeSet<>(promotion.getWrittenOffList()).equals(new TreeSet<>(writeOff))) {
            throw defect("proposed to write off " + promotion.getWrittenOffList());
        }
        return promotion;
    }

    private CommandFailure defect(String what) {
        return new CommandFailure(
                ExitCode.INTERNAL,
                "master %s %s; nothing was signed, nothing was changed".formatted(id, what),
                Map.of());
    }

    private void show(ProposeForcedPromotionResponse proposal, ForcedPromotion promotion) {
        Surroundings surroundings = root.surroundings();
        PrintStream to =
                root.format() == OutputFormat.TABLE ? surroundings.out() : surroundings.err();
        ForcedPromotionView.lines(proposal, promotion).forEach(to::println);
        to.flush();
    }

    private void confirm(String cluster) {
        Surroundings surroundings = root.surroundings();
        surroundings
                .err()
                .println(
                        "Type the cluster's name to promote master "
                                + id
                                + " by force, anything else to leave it:");
        surroundings.err().flush();
        Optional<String> typed = surroundings.typed().get();
        if (!typed.map(String::strip).equals(Optional.of(cluster))) {
            throw CommandFailure.badInput(
                            "nothing was done: expected the cluster's name, found "
                                    + typed.map(text -> "'" + text + "'").orElse("nothing"))
                    .with("next", "in a script, --yes takes the place of the name");
        }
    }

    private ForcePromotionResponse force(ByteString promotion, Duration limit) {
        Signed signed = client.sign(promotion.toByteArray());
        ForcePromotionRequest request =
                ForcePromotionRequest.newBuilder()
                        .setPromotion(promotion)
                        .setSignature(signed.signature())
                        .addAllCertificateChain(signed.chain())
                        .build();
        return masters.call(id, connection -> connection.within(limit).forcePromotion(request));
    }
}
