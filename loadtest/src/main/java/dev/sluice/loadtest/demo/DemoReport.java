package dev.sluice.loadtest.demo;

import dev.sluice.cli.render.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A demo's result as tables for people and as one JSON object for programs. */
final class DemoReport {

    private DemoReport() {}

    static List<String> tables(DemoResult result) {
        List<String> lines = new ArrayList<>();
        Table nodes = new Table("NODE", "REGION", "BEFORE", "AFTER", "RECEIVED");
        result.nodes()
                .forEach(n ->
                        nodes.row(
                                n.id(),
                                n.region(),
                                n.before(),
                                n.after(),
                                mebibytes(n.receivedBytes())));
        lines.addAll(nodes.lines());
        lines.add("");
        Table regions =
                new Table("REGION", "NODES", "LOWEST ACCEPTING", "REQUIRED", "LOWEST SHARE");
        result.regions()
                .forEach((name, r) ->
                        regions.row(
                                name,
                                r.nodes(),
                                r.lowestAccepting(),
                                r.requiredAccepting(),
                                "%d %%".formatted(100 * r.lowestAccepting() / r.nodes())));
        lines.addAll(regions.lines());
        lines.add("");
        Table links = new Table("LINK", "BYTES");
        result.bytesByLink().forEach((link, bytes) -> links.row(link, mebibytes(bytes)));
        lines.addAll(links.lines());
        lines.add("");
        Table phases = new Table("PHASE", "DURATION");
        result.phases().forEach(p -> phases.row(p.phase(), seconds(p.duration())));
        lines.addAll(phases.lines());
        lines.add("");
        Table facts = new Table("MEASURED", "VALUE", "MUST BE");
        facts.row("sessions opened", result.clients().opened(), "");
        facts.row("sessions cut", result.clients().cut(), "0");
        facts.row("attempts refused", result.clients().refused(), "0");
        facts.row(
                "longest gap of the shared address",
                result.address().longestGap().toMillis() + " ms",
                "");
        facts.row(
                "shared address answered by",
                String.join(", then ", result.address().holders()),
                "");
        facts.row("whole demo", seconds(result.total()), "");
        lines.addAll(facts.lines());
        lines.add("");
        result.kills().forEach(kill -> lines.add("killed   " + kill));
        result.problems().forEach(problem -> lines.add("WRONG    " + problem));
        lines.add(
                result.isRight()
                        ? "The cluster is upgraded; everything observed is right."
                        : "The cluster is not as it should be: %d problems."
                                .formatted(result.problems().size()));
        return lines;
    }

    static String json(DemoResult result) {
        JsonMapper mapper = JsonMapper.builder().build();
        ObjectNode root = mapper.createObjectNode();
        root.put("right", result.isRight());
        ArrayNode nodes = root.putArray("nodes");
        result.nodes()
                .forEach(n ->
                        nodes.addObject()
                                .put("id", n.id())
                                .put("region", n.region())
                                .put("before", n.before())
                                .put("after", n.after())
                                .put("receivedBytes", n.receivedBytes()));
        root.put("sessionsOpened", result.clients().opened());
        root.put("sessionsCut", result.clients().cut());
        root.put("attemptsRefused", result.clients().refused());
        ObjectNode versions = root.putObject("sessionsByVersion");
        result.clients().byVersion().forEach(versions::put);
        root.put("sharedAddressLongestGapMillis", result.address().longestGap().toMillis());
        ArrayNode holders = root.putArray("sharedAddressAnsweredBy");
        result.address().holders().forEach(holders::add);
        ObjectNode regions = root.putObject("regions");
        result.regions()
                .forEach((name, r) ->
                        regions.putObject(name)
                                .put("nodes", r.nodes())
                                .put("lowestAccepting", r.lowestAccepting())
                                .put("requiredAccepting", r.requiredAccepting())
                                .put(
                                        "lowestAcceptingShare",
                                        (double) r.lowestAccepting() / r.nodes()));
        ArrayNode phases = root.putArray("phases");
        result.phases()
                .forEach(p ->
                        phases.addObject()
                                .put("phase", p.phase())
                                .put("millis", p.duration().toMillis()));
        ObjectNode links = root.putObject("bytesByLink");
        result.bytesByLink().forEach(links::put);
        ArrayNode kills = root.putArray("killed");
        result.kills().forEach(kills::add);
        ArrayNode problems = root.putArray("problems");
        result.problems().forEach(problems::add);
        root.put("totalMillis", result.total().toMillis());
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root);
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
    }
}
