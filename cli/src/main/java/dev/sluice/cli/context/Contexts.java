package dev.sluice.cli.context;

import dev.sluice.cli.connect.Address;
import dev.sluice.cli.connect.ClusterAccess;
import dev.sluice.cli.outcome.CommandFailure;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The clusters that this operator knows, and which one is meant.
 *
 * <p>The contexts file is the operator's and is never written. Which context is in use stands in a
 * file of its own beside it, {@code current-context}.
 */
public final class Contexts {
    private static final String CURRENT_FILE = "current-context";

    private final Path file;
    private final Map<String, String> environment;

    public Contexts(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
        this.file = file(environment);
    }

    /** What the command line says itself; null: not said. */
    public record Flags(
            @Nullable String context,
            @Nullable String address,
            @Nullable Path ca,
            @Nullable Path certificate,
            @Nullable Path key) {}

    private static Path file(Map<String, String> environment) {
        String named = environment.getOrDefault("SLUICE_CONFIG", "");
        if (!named.isEmpty()) {
            return Path.of(named).toAbsolutePath();
        }
        String xdg = environment.getOrDefault("XDG_CONFIG_HOME", "");
        Path folder =
                xdg.isEmpty()
                        ? Path.of(environment.getOrDefault("HOME", "."), ".config")
                        : Path.of(xdg);
        return folder.resolve("sluice").resolve("contexts.yaml").toAbsolutePath();
    }

    /** Where the contexts are read from, whether it is there or not. */
    public Path file() {
        return file;
    }

    /** All contexts, in the file's order; none when there is no file. */
    public List<ClusterAccess> all() {
        return Files.exists(file) ? ContextFile.read(file) : List.of();
    }

    /** The context in use: the one that was chosen, or the only one. */
    public Optional<String> current() {
        String named = environment.getOrDefault("SLUICE_CONTEXT", "");
        if (!named.isEmpty()) {
            return Optional.of(named);
        }
        Path current = file.resolveSibling(CURRENT_FILE);
        try {
            if (Files.exists(current)) {
                return Optional.of(Files.readString(current).strip());
            }
        } catch (IOException e) {
            throw CommandFailure.badInput(current + " cannot be read: " + e.getMessage());
        }
        List<ClusterAccess> all = all();
        return all.size() == 1 ? Optional.of(all.getFirst().name()) : Optional.empty();
    }

    /** Makes a context the one in use. */
    public void use(String name) {
        named(name);
        Path current = file.resolveSibling(CURRENT_FILE);
        Path draft = file.resolveSibling(CURRENT_FILE + ".new");
        try {
            Files.writeString(draft, name + "\n");
            try {
                Files.move(
                        draft,
                        current,
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(draft, current, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw CommandFailure.badInput(current + " cannot be written: " + e.getMessage());
        }
    }

    /** A context by its name. */
    public ClusterAccess named(String name) {
        List<ClusterAccess> all = all();
        return all.stream()
                .filter(context -> context.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        CommandFailure.badInput(
                                "context '"
                                        + name
                                        + "': expected one of "
                                        + all.stream().map(ClusterAccess::name).toList()
                                        + " in "
                                        + file));
    }

    /** The cluster that is meant: flags before the environment before the context. */
    public ClusterAccess resolve(Flags flags) {
        Optional<String> name = flags.context() == null ? current() : Optional.of(flags.context());
        String address = first(flags.address(), "SLUICE_ADDRESS");
        String ca = first(text(flags.ca()), "SLUICE_CA");
        String certificate = first(text(flags.certificate()), "SLUICE_CERTIFICATE");
        String key = first(text(flags.key()), "SLUICE_KEY");
        boolean complete = address != null && ca != null && certificate != null && key != null;
        @Nullable ClusterAccess base = complete || name.isEmpty() ? null : named(name.get());
        if (base == null && !complete) {
            throw CommandFailure.badInput(
                            "no cluster is chosen: expected a context, or --address, --ca,"
                                    + " --certificate and --key")
                    .with("next", "choose one with 'sluice context use', or write " + file);
        }
        return new ClusterAccess(
                base == null ? "the given address" : base.name(),
                address == null && base != null ? base.addresses() : addresses(address),
                path(ca, base == null ? null : base.ca()),
                path(certificate, base == null ? null : base.certificate()),
                path(key, base == null ? null : base.key()));
    }

    private static List<Address> addresses(@Nullable String text) {
        return text == null
                ? List.of()
                : List.of(text.split(",")).stream()
                        .map(part -> Address.parse(part.strip()))
                        .toList();
    }

    private static Path path(@Nullable String given, @Nullable Path otherwise) {
        if (given != null) {
            return Path.of(given).toAbsolutePath();
        }
        if (otherwise != null) {
            return otherwise;
        }
        throw new IllegalStateException("either a context or all flags");
    }

    private @Nullable String first(@Nullable String flag, String variable) {
        if (flag != null) {
            return flag;
        }
        String value = environment.getOrDefault(variable, "");
        return value.isEmpty() ? null : value;
    }

    private static @Nullable String text(@Nullable Path path) {
        return path == null ? null : path.toString();
    }
}
