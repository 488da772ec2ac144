package dev.sluice.control.offline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class OfflinePlanTest {

    private record Ran(int exit, String out, String err) {}

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(
                Objects.requireNonNull(OfflinePlanTest.class.getResource("/plan/" + name)).toURI());
    }

    private static Ran plan(String... more) throws URISyntaxException {
        List<String> args = new ArrayList<>();
        args.addAll(List.of("--inventory", resource("cluster.yaml").toString()));
        args.addAll(List.of("--packages", resource("catalogue.yaml").toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    private static Ran run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = OfflinePlan.run(new PrintWriter(out), new PrintWriter(err), args);
        return new Ran(exit, out.toString(), err.toString());
    }

    @Test
    @Tag("PRE-3")
    @Tag("CLU-1")
    void writesTheDocumentOfTheContract() throws IOException, URISyntaxException {
        Ran ran = plan("--target", "site=25.1.0", "-o", "json");
        assertThat(ran.err()).isEmpty();
        assertThat(ran.exit()).isZero();
        assertThat(ran.out()).isEqualTo(Files.readString(resource("plan.json")));
    }

    @Test
    void writesATableForPeople() throws IOException, URISyntaxException {
        assertThat(plan("--target", "site=25.1.0").out())
                .isEqualTo(Files.readString(resource("plan.txt")));
    }

    @Test
    void writesYaml() throws URISyntaxException {
        Ran ran = plan("--target", "site=25.1.0", "-o", "yaml", "--strategy", "cluster");
        assertThat(ran.exit()).isZero();
        assertThat(ran.out()).startsWith("strategy: \"CLUSTER\"\ntarget:\n  site: \"25.1.0\"\n");
    }

    @Test
    @Tag("REL-3")
    void aRefusalIsTheAnswerAndNotAnError() throws URISyntaxException {
        Ran json = plan("--target", "site=24.1.0", "-o", "json");
        assertThat(json.exit()).isEqualTo(2);
        assertThat(json.out())
                .contains("\"refused\"", "\"subject\" : \"site 24.1.0\"", "already installed");
        Ran table = plan("--target", "site=24.1.0");
        assertThat(table.exit()).isEqualTo(2);
        assertThat(table.out()).startsWith("REFUSED: nothing was planned.\n  site 24.1.0: already");
        assertThat(table.err()).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void badInputGoesToStandardErrorWithExitOne() throws URISyntaxException {
        assertBad(plan("--target", "site"), "--target \"site\": expected NAME=VERSION");
        assertBad(plan("--target", "site=new"), "version \"new\": expected a semantic version");
        assertBad(plan("--target", "site=25.1.0", "--target", "site=25.1.0"), "found site twice");
        assertBad(plan("--target", "site=25.1.0", "--strategy", "blue"), "expected one of SINGLE");
        assertBad(plan("--target", "site=25.1.0", "-o", "xml"), "xml");
        assertBad(plan("--target", "site=25.1.0", "--colour"), "--colour");
        assertBad(plan(), "--target");
        assertBad(
                run("--inventory", "none.yaml", "--packages", "none.yaml", "--target", "site=25.1"),
                "none.yaml: expected a file, found none");
    }

    private static void assertBad(Ran ran, String message) {
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).contains(message);
    }
}
