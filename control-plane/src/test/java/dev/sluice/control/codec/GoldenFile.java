package dev.sluice.control.codec;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;

/** A file of golden bytes: hexadecimal, 32 bytes a line. Made once, never written again. */
final class GoldenFile {

    private static final Path FOLDER = Path.of("src/test/resources/codec/v1");
    private static final int BYTES_PER_LINE = 32;

    private GoldenFile() {}

    static byte[] read(String name) throws IOException {
        return HexFormat.of().parseHex(Files.readString(path(name)).replace("\n", ""));
    }

    /** The bytes of a golden; makes the file of a new one when that was asked for. */
    static byte[] readOrCreate(String name, byte[] bytes) throws IOException {
        if (!Files.exists(path(name))) {
            if (!Boolean.getBoolean("sluice.golden.create")) {
                throw new AssertionError(
                        "%s does not exist; for a new event, make it with -Dsluice.golden.create=true"
                                .formatted(path(name)));
            }
            create(name, bytes);
        }
        return read(name);
    }

    private static void create(String name, byte[] bytes) throws IOException {
        Files.createDirectories(FOLDER);
        StringBuilder text = new StringBuilder();
        for (int from = 0; from < bytes.length; from += BYTES_PER_LINE) {
            int to = Math.min(bytes.length, from + BYTES_PER_LINE);
            text.append(HexFormat.of().formatHex(bytes, from, to)).append('\n');
        }
        Files.writeString(path(name), text, StandardOpenOption.CREATE_NEW);
    }

    static Set<String> names() {
        try (var files = Files.list(FOLDER)) {
            Set<String> names = new TreeSet<>();
            files.forEach(file -> names.add(file.getFileName().toString().replace(".hex", "")));
            return names;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path path(String name) {
        return FOLDER.resolve(name + ".hex");
    }
}
