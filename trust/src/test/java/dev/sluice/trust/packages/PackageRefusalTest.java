package dev.sluice.trust.packages;

import static dev.sluice.trust.packages.PackageFixture.CLOCK;
import static dev.sluice.trust.packages.PackageFixture.NOW;
import static dev.sluice.trust.packages.PackageFixture.concat;
import static dev.sluice.trust.packages.PackageFixture.entry;
import static dev.sluice.trust.packages.PackageFixture.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way in which a package can be wrong is refused, with its reason, and leaves nothing. */
final class PackageRefusalTest {
    private static final long SEED = 20260301;

    @TempDir private Path directory;
    private PackageFixture fixture;
    private Path file;
    private byte[] good;
    private Manifest manifest;
    private PackageHead head;

    @BeforeEach
    void setUp() throws IOException {
        fixture = new PackageFixture(Files.createDirectory(directory.resolve("fixture")));
        file = fixture.build();
        good = Files.readAllBytes(file);
        head = PackageReader.open(file);
        manifest = Manifest.parse(head.manifestBytes());
    }

    @AfterEach
    void nothingIsLeftBehind() throws IOException {
        try (var files = Files.list(directory)) {
            assertThat(files.map(Path::getFileName).map(Path::toString))
                    .isSubsetOf("fixture", "package");
        }
    }

    private String refused(byte[] bytes) throws IOException {
        return refused(bytes, fixture.verifier);
    }

    private String refused(byte[] bytes, SignatureVerifier verifier) throws IOException {
        return refusal(
                PackageReader.verify(Files.write(directory.resolve("package"), bytes), verifier));
    }

    /** The good package with one byte changed in its file, which is then as it was. */
    private Verification verifiedWith(int at, byte value) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {value}), at);
            Verification verification = PackageReader.verify(file, fixture.verifier);
            channel.write(ByteBuffer.wrap(good, at, 1), at);
            return verification;
        }
    }

    private byte[] content() {
        return Arrays.copyOfRange(good, (int) head.contentOffset(), good.length);
    }

    private byte[] manifestEntry() {
        return entry(TarLayout.MANIFEST, head.manifestBytes());
    }

    private byte[] signatureEntry() {
        return entry(TarLayout.SIGNATURE, head.signatureBytes());
    }

    @Test
    @Tag("PKG-3")
    void tamperedContentIsRefusedWithBothHashes() throws Exception {
        byte[] bytes = good.clone();
        bytes[bytes.length - 100_000] ^= 1;

        assertThat(refused(bytes))
                .startsWith(
                        "content was changed: expected sha256 "
                                + manifest.content().sha256()
                                + ", found ")
                .doesNotEndWith(manifest.content().sha256().hex());
    }

    @Test
    @Tag("PKG-3")
    void aTamperedManifestIsRefused() throws Exception {
        byte[] changed =
                new String(head.manifestBytes(), StandardCharsets.UTF_8)
                        .replace("25.1.0", "25.9.0")
                        .getBytes(StandardCharsets.UTF_8);

        assertThat(refused(concat(entry(TarLayout.MANIFEST, changed), signatureEntry(), content())))
                .isEqualTo("manifest.json was changed after CN=Acme releases signed it");
    }

    @Test
    @Tag("PKG-3")
    void aTruncatedPackageIsRefusedWhereverItEnds() throws Exception {
        Random random = new Random(SEED);
        for (int i = 0; i < 100; i++) {
            int length = random.nextInt(good.length);
            assertThat(refused(Arrays.copyOf(good, length)))
                    .as("first %d bytes, seed %d", length, SEED)
                    .contains("truncated");
        }
        assertThat(refused(Arrays.copyOf(good, good.length - 1)))
                .isEqualTo(
                        String.format(
                                "site 25.1.0 is truncated: expected %d bytes of content, found %d",
                                manifest.content().size(), manifest.content().size() - 1));
        assertThat(refused(new byte[0]))
                .isEqualTo("the package is truncated: it ends at byte 0, inside manifest.json");
    }

    @Test
    @Tag("PKG-3")
    void trailingDataIsRefused() throws Exception {
        assertThat(refused(concat(good, new byte[512])))
                .isEqualTo(
                        String.format(
                                "site 25.1.0 has trailing data: expected %d bytes of content, found %d",
                                manifest.content().size(), manifest.content().size() + 512));
    }

    @Test
    @Tag("PKG-3")
    void anUnsignedPackageIsRefused() throws Exception {
        assertThat(refused(concat(manifestEntry(), content())))
                .isEqualTo(
                        "the package is not signed: expected the entry manifest.p7s, found"
                                + " 'payload/'");
        assertThat(
                        refused(
                                concat(
                                        manifestEntry(),
                                        entry(TarLayout.SIGNATURE, new byte[0]),
                                        content())))
                .isEqualTo("the package is not signed: manifest.p7s is empty");
    }

    @Test
    @Tag("PKG-3")
    void anUnknownSignerIsRefusedByName() throws Exception {
        PackageSigningKey other =
                PackageSigningKey.create("Acme releases", Duration.ofDays(1), CLOCK);
        SignatureVerifier verifier =
                new SignatureVerifier(TrustedSigners.of(other.certificate()), CLOCK);

        assertThat(refused(good, verifier))
                .isEqualTo(
                        "signed by CN=Acme releases (issued by CN=Acme releases), who is not trusted;"
                                + " expected one of: CN=Acme releases");
    }

    @Test
    @Tag("PKG-3")
    void theSignatureOfAnotherManifestIsRefused() throws Exception {
        byte[] other = fixture.signer().sign("{}".getBytes(StandardCharsets.UTF_8));

        assertThat(refused(concat(manifestEntry(), entry(TarLayout.SIGNATURE, other), content())))
                .isEqualTo("manifest.json was changed after CN=Acme releases signed it");
    }

    @Test
    @Tag("PKG-3")
    void anExpiredSignerIsRefusedWithBothTimes() throws Exception {
        SignatureVerifier later =
                new SignatureVerifier(
                        TrustedSigners.of(fixture.key.certificate()),
                        InstantSource.fixed(NOW.plus(Duration.ofDays(366))));

        assertThat(refused(good, later))
                .isEqualTo(
                        "the certificate of CN=Acme releases expired: valid until"
                                + " 2027-03-01T12:00:00Z, and this machine's clock says"
                                + " 2027-03-02T12:00:00Z; check the clock, or get a newly signed"
                                + " package");
    }

    @Test
    @Tag("PKG-3")
    void aClockThatIsBehindIsNamedInsteadOfTheSignature() throws Exception {
        SignatureVerifier earlier =
                new SignatureVerifier(
                        TrustedSigners.of(fixture.key.certificate()),
                        InstantSource.fixed(NOW.minus(Duration.ofDays(1))));

        assertThat(refused(good, earlier))
                .isEqualTo(
                        "the certificate of CN=Acme releases is valid from 2026-03-01T12:00:00Z, but"
                                + " this machine's clock says 2026-02-28T12:00:00Z; check the clock"
                                + " first");
    }

    @Test
    @Tag("PKG-3")
    void entriesInAnotherOrderAreRefused() throws Exception {
        assertThat(refused(concat(signatureEntry(), manifestEntry(), content())))
                .isEqualTo(
                        "this is no package: expected the entry manifest.json, found 'manifest.p7s'");
        assertThat(refused(concat(content(), manifestEntry(), signatureEntry())))
                .isEqualTo(
                        "this is no package: expected the entry manifest.json, found 'payload/'");
    }

    @Test
    @Tag("PKG-3")
    @Tag("REL-3")
    void oversizedPartsAreRefusedUnread() throws Exception {
        assertThat(refused(TarLayout.header(TarLayout.MANIFEST, (1 << 20) + 1)))
                .isEqualTo("manifest.json: 1048577 bytes, at most 1048576 expected");
        assertThat(refused(concat(manifestEntry(), TarLayout.header(TarLayout.SIGNATURE, 65537))))
                .isEqualTo("manifest.p7s: 65537 bytes, at most 65536 expected");
    }

    @Test
    @Tag("REL-3")
    void bytesInThePaddingAreRefused() throws Exception {
        byte[] bytes = good.clone();
        bytes[TarLayout.BLOCK + head.manifestBytes().length] = 1;

        assertThat(refused(bytes)).isEqualTo("there are bytes behind the end of manifest.json");
    }

    @Test
    @Tag("REL-3")
    void aManifestThatOtherToolsPackedIsRefused() throws Exception {
        byte[] bytes = good.clone();
        byte[] header = Arrays.copyOf(bytes, TarLayout.BLOCK);
        header[100 + 6] = '6'; // another mode; the checksum no longer fits either
        System.arraycopy(header, 0, bytes, 0, header.length);

        assertThat(refused(bytes)).startsWith("the tar header of manifest.json is not the one");
    }

    @Test
    @Tag("REL-3")
    void aMissingFileIsAnErrorAndNotARefusal() {
        assertThatThrownBy(
                        () -> PackageReader.verify(directory.resolve("nowhere"), fixture.verifier))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("nowhere");
    }

    @Test
    @Tag("PKG-3")
    void everyByteBeforeTheSignatureAndBehindItMatters() throws Exception {
        Random random = new Random(SEED);
        int signatureAt = 2 * TarLayout.BLOCK + (int) TarLayout.padded(head.manifestBytes().length);
        for (int at = 0; at < head.contentOffset(); at++) {
            if (at == signatureAt) {
                at += head.signatureBytes().length;
            }
            assertThat(verifiedWith(at, (byte) (good[at] ^ 1 << random.nextInt(8))))
                    .as("byte %d, seed %d", at, SEED)
                    .isInstanceOf(Verification.Refused.class);
        }
    }

    @Test
    @Tag("PKG-3")
    void everyBitOfTheSignatureMatters() {
        for (int bit = 0; bit < head.signatureBytes().length * 8; bit++) {
            byte[] changed = head.signatureBytes().clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(fixture.verifier.verify(head.manifestBytes(), changed))
                    .as("bit %d of byte %d", bit % 8, bit / 8)
                    .isInstanceOf(Verification.Refused.class);
        }
    }

    @Test
    @Tag("PKG-3")
    void everyByteOfTheContentMatters() throws Exception {
        Random random = new Random(SEED);
        for (int i = 0; i < 300; i++) {
            int at = random.nextInt((int) head.contentOffset(), good.length);
            assertThat(refusal(verifiedWith(at, (byte) (good[at] ^ 1 + random.nextInt(255)))))
                    .as("byte %d, seed %d", at, SEED)
                    .startsWith("content was changed: expected sha256");
        }
    }

    @Test
    @Tag("PKG-3")
    @Tag("REL-3")
    void bytesThatWereCutOutMovedOrMadeUpAreRefused() throws Exception {
        Random random = new Random(SEED);
        for (int i = 0; i < 300; i++) {
            byte[] bytes = disturbed(random);
            assertThat(refused(bytes)).as("round %d, seed %d", i, SEED).isNotBlank();
        }
    }

    private byte[] disturbed(Random random) {
        int from = random.nextInt(good.length - 1);
        int to = random.nextInt(from + 1, good.length);
        byte[] noise = new byte[random.nextInt(1, 3000)];
        random.nextBytes(noise);
        return switch (random.nextInt(4)) {
            case 0 -> concat(Arrays.copyOf(good, from), Arrays.copyOfRange(good, to, good.length));
            case 1 ->
                    concat(
                            Arrays.copyOf(good, from),
                            noise,
                            Arrays.copyOfRange(good, from, good.length));
            case 2 -> concat(Arrays.copyOf(good, (int) head.contentOffset()), noise);
            default -> noise;
        };
    }
}
