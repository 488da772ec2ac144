package dev.sluice.loadtest.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

final class DemoCommandTest {

    @TempDir Path folder;

    static Stream<List<String>> badArguments() {
        return Stream.of(
                List.of("--regions", "0"),
                List.of("--nodes-per-region", "0"),
                List.of("--regions", "100000", "--nodes-per-region", "100000"),
                List.of("--clients-per-region", "0"),
                List.of("--kill", "everybody@s1"),
                List.of("--kill", "agent:nobody@s1"));
    }

    @ParameterizedTest
    @Tag("REL-3")
    @MethodSource("badArguments")
    void startsNothingWithBadArguments(List<String> arguments) {
        Path cluster = folder.resolve("cluster");
        String[] all =
                Stream.concat(arguments.stream(), Stream.of("--dir", cluster.toString()))
                        .toArray(String[]::new);

        int status = new CommandLine(new DemoCommand()).execute(all);

        assertThat(status).isEqualTo(1);
        assertThat(cluster).doesNotExist();
    }
}
