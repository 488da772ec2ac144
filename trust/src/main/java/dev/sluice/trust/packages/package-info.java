/**
 * The package format: what a node installs, signed. {@code docs/reference/package-format.md} is its
 * specification.
 *
 * <p>A package is a tar of {@code manifest.json}, {@code manifest.p7s} and {@code payload/}. Its
 * <em>content</em> is every byte from the first payload header to the end of the file: one range,
 * which is shipped, resumed and verified as a plain stream of bytes.
 *
 * <p>May depend on the JDK, Bouncy Castle, commons-compress, Jackson, semver4j and {@code x509}.
 * Start with {@link dev.sluice.trust.packages.PackageReader} and {@link
 * dev.sluice.trust.packages.Manifest}.
 *
 * <pre>{@code
 * PackageSigningKey.create([SignatureScheme,] String name, Duration validity, InstantSource)
 *     PackageSigningKey.load(certFile, keyFile[, Optional<KeyPassword>])
 *     .store(certFile, keyFile)  .certificate()
 * new PackageSigner(PackageSigningKey[, PackageSigningKey mlDsa], InstantSource)
 *     .sign(byte[] manifest) -> byte[] cms  .addTo(byte[] cms, byte[] manifest) -> byte[] cms
 * TrustedSigners.load(Path pem) / .of(X509Certificate...)
 * new SignatureVerifier(TrustedSigners, InstantSource).verify(byte[] manifest, byte[] cms) -> Verification
 *
 * ManifestDraft.of(PackageName, PackageKind, PackageVersion, Installation) + .with...()
 * PackageBuilder.build(ManifestDraft, Path payloadDir, PackageSigner, Path out) -> Manifest
 * PackageBuilder.sign(Path file, PackageSigner, Path out)
 * PackageReader.open(Path) -> PackageHead(manifestBytes, signatureBytes, contentOffset, contentSize)
 * PackageReader.verify(Path, SignatureVerifier) -> Verification: Verified(signer, manifest) | Refused(reason)
 *
 * new ContentVerifier(PackageContent) / .resume(PackageContent, Path partial)
 *     .offset()  .feed(long offset, ByteBuffer)  .finish() -> LeafTable
 * LeafTable.decode(byte[], PackageContent)  .matches(index, ByteBuffer)  .proof(index)  .encoded()
 * PayloadExtractor.extract(Path content, PayloadPath subdirectory, Path target)
 * PayloadExtractor.extractFile(Path content, PayloadPath file, Path target)
 * }</pre>
 */
@NullMarked
package dev.sluice.trust.packages;

import org.jspecify.annotations.NullMarked;
