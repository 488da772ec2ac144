package dev.sluice.sim.redfish;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Who may use the service: user names with their passwords, of which only digests are kept in
 * memory.
 */
public final class Credentials {

    private static final int MAX_BYTES = 64 << 10;
    private static final int MIN_PASSWORD_CHARS = 8;
    private static final Set<PosixFilePermission> OWNER =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final Map<String, byte[]> digests;

    private Credentials(Map<String, byte[]> digests) {
        this.digests = Map.copyOf(digests);
    }

    /**
     * Reads a file with {@code user:password} on each line; empty lines and those that start with #
     * are skipped. It must not be accessible to others than its owner. There is no default user.
     */
    public static Credentials read(Path file) throws IOException {
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
        if (!OWNER.containsAll(mode)) {
            throw new IOException(
                    "credentials file "
                            + file
                            + ": expected mode 0600, found "
                            + PosixFilePermissions.toString(mode)
                            + "; run chmod 600 on it");
        }
        if (Files.size(file) > MAX_BYTES) {
            throw new IOException(
                    "credentials file " + file + ": expected at most " + MAX_BYTES + " bytes");
        }
        Map<String, byte[]> digests = new HashMap<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            int colon = line.indexOf(':');
            if (colon < 1 || line.length() - colon - 1 < MIN_PASSWORD_CHARS) {
                throw new IOException(
                        "credentials file "
                                + file
                                + ", line "
                                + number
                                + ": expected user:password with a password of at least "
                                + MIN_PASSWORD_CHARS
                                + " characters");
            }
            if (digests.put(line.substring(0, colon), digest(line.substring(colon + 1))) != null) {
                throw new IOException(
                        "credentials file "
                                + file
                                + ", line "
                                + number
                                + ": the user is given twice");
            }
        }
        if (digests.isEmpty()) {
            throw new IOException(
                    "credentials file " + file + ": has no user; add a line user:password");
        }
        return new Credentials(digests);
    }

    /**
     * Whether the password is the user's; takes as long for an unknown user as for a wrong
     * password.
     */
    boolean match(String user, String password) {
        byte[] expected = digests.getOrDefault(user, new byte[0]);
        return MessageDigest.isEqual(expected, digest(password));
    }

    private static byte[] digest(String password) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(password.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
