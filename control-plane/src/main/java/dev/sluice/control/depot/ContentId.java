package dev.sluice.control.depot;

import java.util.regex.Pattern;

/**
 * The name of a package's content: its SHA-256, 64 lower-case hexadecimal digits. It stands in
 * paths, so nothing else may pass.
 */
public record ContentId(String sha256) {

    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    public ContentId {
        if (!isValid(sha256)) {
            throw new IllegalArgumentException(
                    "content \"%s\": expected a SHA-256 of 64 lower-case hexadecimal digits"
                            .formatted(
                                    sha256.length() > 80
                                            ? sha256.substring(0, 80) + "..."
                                            : sha256));
        }
    }

    public static boolean isValid(String sha256) {
        return SHA256.matcher(sha256).matches();
    }

    @Override
    public String toString() {
        return sha256;
    }
}
