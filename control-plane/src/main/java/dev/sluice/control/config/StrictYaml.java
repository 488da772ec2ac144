package dev.sluice.control.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads one YAML document (JSON is YAML too) into a {@link StrictNode}. */
public final class StrictYaml {

    /** An inventory of 10,000 nodes is about 3 MB. */
    static final int MAX_BYTES = 64 * 1024 * 1024;

    /** No file of ours nests deeper than 6; far less than what would overflow a stack. */
    static final int MAX_DEPTH = 32;

    /** Enough for a large inventory that names each list of installed packages once. */
    static final int MAX_ALIASES = 200_000;

    private StrictYaml() {}

    /**
     * Reads a file.
     *
     * @throws ConfigException when it cannot be read, is too large, or is no YAML
     */
    public static StrictNode read(Path file) {
        return parse(file.toString(), text(file));
    }

    /**
     * Reads a text.
     *
     * @param name what errors call it
     */
    public static StrictNode parse(String name, String text) {
        LoadSettings settings =
                LoadSettings.builder()
                        .setLabel(name)
                        .setCodePointLimit(MAX_BYTES)
                        .setAllowDuplicateKeys(true)
                        .build();
        try {
            checkShape(name, new Parse(settings).parseString(text));
            Iterator<Node> documents = new Compose(settings).composeAllFromString(text).iterator();
            if (!documents.hasNext()) {
                throw new ConfigException(
                        "%s: expected a YAML document, found an empty file".formatted(name));
            }
            StrictNode root = new StrictNode(name, "", documents.next());
            if (documents.hasNext()) {
                throw new ConfigException(
                        "%s: expected one YAML document, found several".formatted(name));
            }
            return root;
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(Mark::getLine).orElse(0) + 1;
            throw new ConfigException(
                    "%s:%d: expected YAML, found: %s".formatted(name, line, e.getProblem()), e);
        } catch (YamlEngineException e) {
            throw new ConfigException("%s: expected YAML: %s".formatted(name, e.getMessage()), e);
        }
    }

    /** Bounds depth and aliases before anything is built that would recurse over them. */
    private static void checkShape(String name, Iterable<Event> events) {
        int depth = 0;
        int aliases = 0;
        for (Event event : events) {
            if (event instanceof CollectionStartEvent) {
                depth++;
            } else if (event instanceof CollectionEndEvent) {
                depth--;
            } else if (event instanceof AliasEvent) {
                aliases++;
            }
            if (depth > MAX_DEPTH || aliases > MAX_ALIASES) {
                throw new ConfigException(
                        "%s:%d: expected at most %d levels and %d aliases, found more"
                                .formatted(
                                        name,
                                        event.getStartMark().map(Mark::getLine).orElse(0) + 1,
                                        MAX_DEPTH,
                                        MAX_ALIASES));
            }
        }
    }

    private static String text(Path file) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (NoSuchFileException e) {
            throw new ConfigException("%s: expected a file, found none".formatted(file), e);
        } catch (AccessDeniedException e) {
            throw new ConfigException("%s: expected a readable file".formatted(file), e);
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be read: %s".formatted(file, e.getMessage()), e);
        }
        if (bytes.length > MAX_BYTES) {
            throw new ConfigException(
                    "%s: expected at most %d bytes, found more".formatted(file, MAX_BYTES));
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ConfigException("%s: expected UTF-8 text".formatted(file), e);
        }
    }
}
