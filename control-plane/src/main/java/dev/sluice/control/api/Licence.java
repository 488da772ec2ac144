package dev.sluice.control.api;

import dev.sluice.control.model.Refusal;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.Supply;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The licence terms of a package, as its signed manifest has them.
 *
 * @param sha256 of the text in UTF-8, lower-case hexadecimal
 */
record Licence(String text, String sha256) {

    /** Empty: the package has none. */
    static Optional<Licence> of(PackageRecord pkg) {
        String text;
        try {
            text = Manifest.parse(pkg.manifest().toArray()).description().eula();
        } catch (InvalidPackageException e) {
            throw new IllegalStateException(
                    "package %s was imported with this manifest".formatted(pkg.ref()), e);
        }
        return Optional.ofNullable(text).map(t -> new Licence(t, hash(t)));
    }

    private static String hash(String text) {
        try {
            return HexFormat.of()
                    .formatHex(
                            MessageDigest.getInstance("SHA-256")
                                    .digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Why a package can't be installed yet; empty: nothing about its terms forbids it. */
    static Optional<Refusal> missing(PackageRecord pkg, Supply supply) {
        return of(pkg).filter(terms -> !supply.isAccepted(terms.sha256()))
                .map(terms ->
                        new Refusal(
                                "package " + pkg.ref(),
                                "its licence terms (sha256 %s) are not accepted; read and accept them with 'sluice packages accept %s %s'"
                                        .formatted(
                                                terms.sha256(),
                                                pkg.ref().name(),
                                                pkg.ref().version())));
    }
}
