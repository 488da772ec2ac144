package dev.sluice.cli.render;

import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/** How a command prints its answer. */
public enum OutputFormat {
    /** For people. */
    TABLE,
    JSON,
    YAML;

    /** A whole document, ending without a line feed. */
    public String document(Map<String, ?> document) {
        return switch (this) {
            case TABLE -> throw new IllegalStateException("a table is not a document");
            case JSON ->
                    JsonMapper.builder()
                            .enable(SerializationFeature.INDENT_OUTPUT)
                            .build()
                            .writeValueAsString(document);
            case YAML -> yaml(document);
        };
    }

    /** One of many documents in a stream: a line of JSON, or a YAML document with its marker. */
    public String record(Map<String, ?> document) {
        return switch (this) {
            case TABLE -> throw new IllegalStateException("a table is not a document");
            case JSON -> JsonMapper.builder().build().writeValueAsString(document);
            case YAML -> "---\n" + yaml(document);
        };
    }

    private static String yaml(Map<String, ?> document) {
        return YAMLMapper.builder()
                .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
                .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
                .enable(YAMLWriteFeature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
                .build()
                .writeValueAsString(document)
                .stripTrailing();
    }
}
