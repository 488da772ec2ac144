package dev.sluice.publisher;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** How an answer is written. */
final class Output {
    /** The forms, spelt as {@code -o} takes them. */
    enum Format {
        table,
        json,
        yaml
    }

    private Output() {}

    /** An answer under construction: keys in the order in which they are shown. */
    static Map<String, Object> document() {
        return new LinkedHashMap<>();
    }

    static void print(Format format, PrintWriter out, Map<String, Object> document) {
        switch (format) {
            case table -> table(out, "", document);
            case json -> out.println(text(JsonMapper.builder().build(), document));
            case yaml -> out.print(text(YAMLMapper.builder().build(), document));
        }
    }

    private static String text(ObjectMapper mapper, Map<String, Object> document) {
        return mapper.writer()
                .with(SerializationFeature.INDENT_OUTPUT)
                .writeValueAsString(document);
    }

    private static void table(PrintWriter out, String indent, Map<?, ?> document) {
        document.forEach((key, value) -> {
            switch (value) {
                case Map<?, ?> inner -> {
                    out.println(indent + key + ":");
                    table(out, indent + "  ", inner);
                }
                case Iterable<?> list -> {
                    out.println(indent + key + ":");
                    for (Object element : list) {
                        out.println(indent + "  " + element);
                    }
                }
                case Object other -> out.println(indent + key + ": " + other);
            }
        });
    }
}
