package dev.sluice.trust.packages;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * JSON whose author is not trusted yet: bounded in every direction, a key twice and anything behind
 * the object refused; written the same way every time.
 */
public final class StrictJson {
    /** The largest document of any kind; each has its own, smaller bound. */
    public static final int MAX_BYTES = 1 << 24;

    private static final int MAX_DEPTH = 8;
    private static final int MAX_NUMBER_CHARS = 20;
    private static final int MAX_KEY_CHARS = 128;
    private static final DefaultIndenter INDENT = new DefaultIndenter("  ", "\n");
    private static final JsonMapper MAPPER =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(MAX_DEPTH)
                                                    .maxStringLength(MAX_BYTES)
                                                    .maxNameLength(MAX_KEY_CHARS)
                                                    .maxNumberLength(MAX_NUMBER_CHARS)
                                                    .maxDocumentLength(MAX_BYTES)
                                                    .build())
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private StrictJson() {}

    /**
     * The object that a document consists of.
     *
     * @param file how errors call the document, ending with {@code .json}
     * @throws InvalidPackageException when it is too large, or anything but one object
     */
    public static StrictObject object(String file, byte[] json, int maxBytes)
            throws InvalidPackageException {
        if (json.length > maxBytes) {
            throw new InvalidPackageException(
                    String.format(
                            "%s: %d bytes, at most %d expected", file, json.length, maxBytes));
        }
        try {
            return StrictObject.of(file, MAPPER.readTree(json));
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation(); // null where a bound of the reader was hit
            throw new InvalidPackageException(
                    file
                            + (at == null
                                    ? ""
                                    : ": line " + at.getLineNr() + ", column " + at.getColumnNr())
                            + ": not valid JSON: "
                            + e.getOriginalMessage(),
                    e);
        }
    }

    /** An empty object, to be filled and encoded. */
    public static ObjectNode newObject() {
        return MAPPER.createObjectNode();
    }

    /** The document; equal objects in equal order give equal bytes. */
    public static byte[] encode(JsonNode root) {
        return MAPPER.writer()
                .with(new DefaultPrettyPrinter().withObjectIndenter(INDENT))
                .writeValueAsBytes(root);
    }
}
