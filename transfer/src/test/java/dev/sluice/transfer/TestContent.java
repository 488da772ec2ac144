package dev.sluice.transfer;

import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.LeafFile;
import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/** Bytes that are a content, with its table. */
@SuppressWarnings("ArrayRecordComponent") // A test compares the bytes themselves.
record TestContent(byte[] bytes, PackageContent content, LeafTable table) {

    /** Of a size that is no whole number of leaves, unless it is asked for. */
    static TestContent of(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return of(bytes);
    }

    static TestContent of(byte[] bytes) {
        PackageContent content = LeafHashing.describe(ByteBuffer.wrap(bytes));
        try {
            Path file = Files.createTempFile("content", null);
            try {
                Files.write(file, bytes);
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                    return new TestContent(bytes, content, LeafHashing.of(channel, 0, content));
                }
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Puts it whole into a node's directory, and has the node serve it. */
    void placeAt(TestNode node) throws IOException {
        node.serve(placedIn(node.directory, bytes, table.encoded()));
    }

    CompleteContent placedIn(Path directory, byte[] data, byte[] leaves) throws IOException {
        Path file = directory.resolve("origin-content");
        Path leafFile = directory.resolve("origin-leaves");
        Files.write(file, data);
        Files.write(leafFile, leaves);
        return new CompleteContent(content, file, 0, leafFile);
    }

    void storeTable(Path directory) throws IOException {
        LeafFile.write(directory.resolve(GrowingContent.leavesName()), table);
    }

    byte[] received(TestNode node) throws IOException {
        return Files.readAllBytes(node.directory.resolve(GrowingContent.partName()));
    }
}
