package dev.sluice.trust.packages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ContentVerifierTest {
    private static final int PART = 10_000;

    @TempDir private Path directory;
    private byte[] bytes;
    private PackageContent content;

    @BeforeEach
    void setUp() throws IOException {
        PackageFixture fixture = new PackageFixture(directory);
        Path file = fixture.build();
        content = Manifest.parse(PackageReader.open(file).manifestBytes()).content();
        bytes = Files.readAllBytes(fixture.contentOf(file));
    }

    private void feedRest(ContentVerifier verifier, byte[] from) throws InvalidPackageException {
        while (verifier.offset() < from.length) {
            int at = (int) verifier.offset();
            verifier.feed(at, ByteBuffer.wrap(from, at, Math.min(PART, from.length - at)));
        }
    }

    @Test
    void acceptsTheContentAndKnowsItsLeaves() throws Exception {
        ContentVerifier verifier = new ContentVerifier(content);

        feedRest(verifier, bytes);

        assertThat(verifier.finish().root()).isEqualTo(content.merkleRoot());
    }

    @Test
    @Tag("PKG-4")
    void goesOnFromAPartialFile() throws Exception {
        Path partial = Files.write(directory.resolve("partial"), Arrays.copyOf(bytes, 98_765));

        ContentVerifier verifier = ContentVerifier.resume(content, partial);

        assertThat(verifier.offset()).isEqualTo(98_765);
        feedRest(verifier, bytes);
        assertThat(verifier.finish().root()).isEqualTo(content.merkleRoot());
    }

    @Test
    @Tag("PKG-3")
    void refusesAPartialFileThatWasChanged() throws Exception {
        byte[] changed = Arrays.copyOf(bytes, 98_765);
        changed[5_000] ^= 4;
        Path partial = Files.write(directory.resolve("partial"), changed);
        ContentVerifier verifier = ContentVerifier.resume(content, partial);
        feedRest(verifier, bytes);

        assertThatThrownBy(verifier::finish)
                .isInstanceOf(InvalidPackageException.class)
                .hasMessageStartingWith("content was changed: expected sha256 " + content.sha256());
    }

    @Test
    @Tag("REL-3")
    void refusesAPartialFileLongerThanTheContent() throws Exception {
        Path partial =
                Files.write(
                        directory.resolve("partial"), PackageFixture.concat(bytes, new byte[] {1}));

        assertThatThrownBy(() -> ContentVerifier.resume(content, partial))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessageStartingWith("content: expected " + bytes.length + " bytes, found more");
    }

    @Test
    @Tag("REL-3")
    void refusesBytesThatComeOutOfOrderAndGoesOn() throws Exception {
        ContentVerifier verifier = new ContentVerifier(content);
        verifier.feed(0, ByteBuffer.wrap(bytes, 0, PART));

        assertThatThrownBy(() -> verifier.feed(0, ByteBuffer.wrap(bytes, 0, PART)))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessage("content: expected the bytes at offset 10000, found those at 0");

        feedRest(verifier, bytes);
        assertThat(verifier.finish().root()).isEqualTo(content.merkleRoot());
    }

    @Test
    @Tag("REL-3")
    void refusesTheEndBeforeAllBytesCame() throws Exception {
        ContentVerifier verifier = new ContentVerifier(content);
        verifier.feed(0, ByteBuffer.wrap(bytes, 0, PART));

        assertThatThrownBy(verifier::finish)
                .isInstanceOf(InvalidPackageException.class)
                .hasMessage(
                        "content is truncated: expected " + bytes.length + " bytes, found 10000");
    }

    @Test
    @Tag("PKG-3")
    void refusesAManifestWhoseRootIsNotThatOfItsContent() throws Exception {
        PackageContent contradictory =
                new PackageContent(
                        content.size(), content.sha256(), content.leafSize(), content.sha256());
        ContentVerifier verifier = new ContentVerifier(contradictory);
        feedRest(verifier, bytes);

        assertThatThrownBy(verifier::finish)
                .isInstanceOf(InvalidPackageException.class)
                .hasMessageStartingWith("the manifest contradicts itself: its merkleRoot is ");
    }
}
