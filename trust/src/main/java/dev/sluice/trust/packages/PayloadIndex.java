package dev.sluice.trust.packages;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a payload holds, by path; refuses what the format does not allow. */
final class PayloadIndex {
    enum Type {
        DIRECTORY,
        FILE,
        EXECUTABLE
    }

    private final TreeMap<String, Type> entries = new TreeMap<>();
    private String last = "";

    /**
     * Adds an entry.
     *
     * @throws InvalidPackageException when it is out of order, below no directory, or one too many
     */
    void add(PayloadPath path, Type type) throws InvalidPackageException {
        String value = path.value();
        String ordered = type == Type.DIRECTORY ? value + "/" : value;
        if (ordered.compareTo(last) <= 0 || entries.containsKey(value)) {
            throw new InvalidPackageException(
                    "payload entry " + path + " is out of order or there twice");
        }
        int slash = value.lastIndexOf('/');
        if (slash >= 0 && entries.get(value.substring(0, slash)) != Type.DIRECTORY) {
            throw new InvalidPackageException(
                    "payload entry " + path + " lies in no directory of the payload");
        }
        if (entries.size() == TarLayout.MAX_ENTRIES) {
            throw new InvalidPackageException(
                    "the payload has more than " + TarLayout.MAX_ENTRIES + " entries");
        }
        entries.put(value, type);
        last = ordered;
    }

    /** Refuses an installation that names what is not there. */
    void check(Installation installation) throws InvalidPackageException {
        switch (installation) {
            case Installation.Image image -> {
                Type found = entries.get(image.file().value());
                if (found == null || found == Type.DIRECTORY) {
                    throw missing("image", image.file(), "a file", found);
                }
            }
            case Installation.Roles roles -> {
                for (var role : roles.payloads().entrySet()) {
                    check("roles." + role.getKey().label(), role.getValue());
                }
            }
        }
    }

    private void check(String role, RolePayload payload) throws InvalidPackageException {
        Type directory = entries.get(payload.directory().value());
        if (directory != Type.DIRECTORY) {
            throw missing(role + ".directory", payload.directory(), "a directory", directory);
        }
        if (!payload.command().isEmpty()) {
            Type program = entries.get(payload.program().value());
            if (program != Type.EXECUTABLE) {
                throw missing(role + ".command", payload.program(), "an executable file", program);
            }
        }
    }

    private static InvalidPackageException missing(
            String key, PayloadPath path, String expected, @Nullable Type found) {
        return new InvalidPackageException(
                String.format(
                        "%s: expected %s payload/%s, found %s",
                        key,
                        expected,
                        path,
                        switch (found) {
                            case null -> "nothing there";
                            case DIRECTORY -> "a directory";
                            case FILE -> "a file that is not executable";
                            case EXECUTABLE -> "an executable file";
                        }));
    }
}
