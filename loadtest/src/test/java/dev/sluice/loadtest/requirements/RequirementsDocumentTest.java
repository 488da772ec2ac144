package dev.sluice.loadtest.requirements;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

final class RequirementsDocumentTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path DOCUMENT = ROOT.resolve("docs/requirements.md");

    @Test
    void theDocumentListsTheTestsOfToday() throws IOException {
        String today =
                RequirementsDocument.text(rows(), TaggedTests.in(testClasses(), Example.class));
        if (Boolean.getBoolean("sluice.requirements.write")) {
            Files.writeString(DOCUMENT, today);
        }

        assertThat(DOCUMENT)
                .as("docs/requirements.md is out of date; write it with: ./sluice dev requirements")
                .hasContent(today);
    }

    @Test
    void aTagThatIsNoRowIsAnErrorWithItsTest() {
        TreeMap<String, SortedSet<String>> tests = new TreeMap<>();
        tests.put("XYZ-1", new TreeSet<>(List.of("SomeTest.works")));

        assertThatThrownBy(() -> RequirementsDocument.text(Map.of("PRE-1", "first"), tests))
                .hasMessageContaining("XYZ-1")
                .hasMessageContaining("SomeTest.works");
    }

    @Test
    void saysOfEachRowWhetherItIsShownAndBy() {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("B-1", "later");
        rows.put("A-1", "sooner");
        TreeMap<String, SortedSet<String>> tests = new TreeMap<>();
        tests.put("A-1", new TreeSet<>(List.of("SomeTest.works")));

        assertThat(RequirementsDocument.text(rows, tests))
                .contains("Shown: 1 of 2 rows.")
                .containsSubsequence(
                        "| B-1 | later | not shown |  |",
                        "| A-1 | sooner | shown | SomeTest.works |");
    }

    @Test
    void findsSingleAndRepeatedTagsOfTestMethodsOnly() throws Exception {
        Path here =
                Path.of(Example.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path example = here.resolve(Example.class.getName().replace('.', '/') + ".class");

        assertThat(TaggedTests.in(List.of(example), Object.class))
                .containsOnlyKeys("PRE-1", "PRE-2", "PRE-3")
                .containsEntry("PRE-1", new TreeSet<>(List.of("Example.one")));
    }

    /** Every module has its tests compiled by now: this module depends on all of them. */
    private static List<Path> testClasses() throws IOException {
        try (Stream<Path> modules = Files.list(ROOT)) {
            List<Path> withTests =
                    modules.filter(module -> Files.isDirectory(module.resolve("src/test/java")))
                            .sorted()
                            .toList();
            List<Path> folders =
                    withTests.stream()
                            .map(module -> module.resolve("target/test-classes"))
                            .toList();
            assertThat(folders)
                    .as("compile the tests of all modules first: ./mvnw test-compile")
                    .isNotEmpty()
                    .allMatch(Files::isDirectory);
            return folders;
        }
    }

    private static Map<String, String> rows() throws IOException {
        Object document =
                new Load(LoadSettings.builder().build())
                        .loadFromString(
                                Files.readString(ROOT.resolve("docs/requirements-rows.yaml")));
        Map<String, String> rows = new LinkedHashMap<>();
        Object titles = Objects.requireNonNull(((Map<?, ?>) document).get("rows"));
        ((Map<?, ?>) titles)
                .forEach((id, title) -> rows.put(String.valueOf(id), String.valueOf(title)));
        return rows;
    }

    /** Tags as they may be written; never run, because it is not named like a test class. */
    @SuppressWarnings("UnusedMethod") // read from the class file
    static final class Example {
        @Test
        @Tag("PRE-1")
        @Tag("slow")
        void one() {}

        @Test
        @Tag("PRE-2")
        @Tag("PRE-3")
        void two() {}

        @Tag("PRE-4")
        void noTest() {}
    }
}
