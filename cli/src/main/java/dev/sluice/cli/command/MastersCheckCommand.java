package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.connect.OneMaster;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.RelationChecks;
import dev.sluice.v1.CheckRelationsRequest;
import dev.sluice.v1.CheckRelationsResponse;
import dev.sluice.v1.ListMastersRequest;
import dev.sluice.v1.MasterDetail;
import dev.sluice.v1.RelationCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** Has every master that can be reached look at its relation to the others. */
@Command(
        name = "check",
        description = {
            "Checks that the masters have the same key and find each other, in both directions.",
            "Ends with 2 when anything is wrong, or a master could not be asked."
        })
final class MastersCheckCommand extends ClusterCommand {
    /** A master looks for seconds for another that is away. */
    private static final Duration SHORTEST_LIMIT = Duration.ofSeconds(20);

    MastersCheckCommand(RootCommand root) {
        super(root);
    }

    @Override
    ExitCode run(ClusterClient client) {
        Duration timeout = root().timeout();
        Duration limit = timeout.compareTo(SHORTEST_LIMIT) < 0 ? SHORTEST_LIMIT : timeout;
        List<String> ids =
                client
                        .call(connection ->
                                connection
                                        .within(timeout)
                                        .listMasters(ListMastersRequest.getDefaultInstance()))
                        .getMastersList()
                        .stream()
                        .map(MasterDetail::getId)
                        .toList();
        OneMaster masters = new OneMaster(client, timeout);
        List<RelationCheck> told = new ArrayList<>();
        Map<String, String> notAsked = new LinkedHashMap<>();
        for (String id : ids) {
            try {
                CheckRelationsResponse response =
                        masters.call(
                                id,
                                connection ->
                                        connection
                                                .within(limit)
                                                .checkRelations(
                                                        CheckRelationsRequest
                                                                .getDefaultInstance()));
                told.addAll(response.getChecksList());
            } catch (CommandFailure failure) {
                notAsked.put(id, failure.text());
            }
        }
        List<RelationCheck> checks = RelationChecks.merged(told);
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("checks", checks.stream().map(Documents::of).toList());
        document.put("notAsked", notAsked);
        root().print(document, () -> lines(checks, notAsked));
        return RelationChecks.allGood(checks) && notAsked.isEmpty()
                ? ExitCode.OK
                : ExitCode.REFUSED;
    }

    private static List<String> lines(List<RelationCheck> checks, Map<String, String> notAsked) {
        List<String> lines = new ArrayList<>();
        if (!checks.isEmpty() || notAsked.isEmpty()) {
            lines.addAll(RelationChecks.lines(checks));
        }
        notAsked.forEach((id, why) -> lines.add("Not asked: " + why));
        return lines;
    }
}
