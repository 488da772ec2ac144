package dev.sluice.loadtest.requirements;

import com.tngtech.archunit.core.domain.JavaAnnotation;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Tests by the row that they show, read from compiled classes without loading them. */
final class TaggedTests {
    private static final String TAG = "org.junit.jupiter.api.Tag";
    private static final String TAGS = "org.junit.jupiter.api.Tags";
    private static final Pattern ROW = Pattern.compile("[A-Z]+-[0-9]+");

    private TaggedTests() {}

    /**
     * Row id to {@code TestClass.method}; tags that aren't row ids are for something else.
     *
     * @param except a class whose tests don't count
     */
    static SortedMap<String, SortedSet<String>> in(Collection<Path> folders, Class<?> except) {
        SortedMap<String, SortedSet<String>> tests = new TreeMap<>();
        for (JavaClass type : new ClassFileImporter().importPaths(folders)) {
            for (JavaMethod method : type.getMethods()) {
                if (type.isEquivalentTo(except) || !isTest(method)) {
                    continue;
                }
                for (String tag : tags(method)) {
                    if (ROW.matcher(tag).matches()) {
                        tests.computeIfAbsent(tag, _ -> new TreeSet<>())
                                .add(type.getSimpleName() + "." + method.getName());
                    }
                }
            }
        }
        return tests;
    }

    private static boolean isTest(JavaMethod method) {
        return method.getAnnotations().stream()
                .map(annotation -> annotation.getRawType().getName())
                .anyMatch(name ->
                        name.equals("org.junit.jupiter.api.Test")
                                || name.equals("org.junit.jupiter.api.RepeatedTest")
                                || name.equals("org.junit.jupiter.api.TestFactory")
                                || name.equals("org.junit.jupiter.params.ParameterizedTest"));
    }

    private static List<String> tags(JavaMethod method) {
        List<String> tags = new ArrayList<>();
        for (JavaAnnotation<?> annotation : method.getAnnotations()) {
            String name = annotation.getRawType().getName();
            Map<String, Object> properties = annotation.getProperties();
            if (name.equals(TAG)) {
                tags.add(String.valueOf(properties.get("value")));
            } else if (name.equals(TAGS)
                    && properties.get("value") instanceof JavaAnnotation<?>[] several) {
                for (JavaAnnotation<?> each : several) {
                    tags.add(String.valueOf(each.getProperties().get("value")));
                }
            }
        }
        return tags;
    }
}
