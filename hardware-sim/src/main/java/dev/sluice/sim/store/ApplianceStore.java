package dev.sluice.sim.store;

import dev.sluice.sim.appliance.ApplianceSpec;
import dev.sluice.sim.appliance.ApplianceState;
import dev.sluice.sim.appliance.BaseImage;
import dev.sluice.sim.appliance.BaseImageHeader;
import dev.sluice.sim.appliance.Firmware;
import dev.sluice.sim.appliance.Slot;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One appliance's directory: {@code state.json}, {@code images/SHA256.img} and {@code incoming/}.
 *
 * <p>The state is replaced by a rename, so a process that is killed leaves the old or the new one.
 * It is not synced to the disk: what is simulated is the loss of the process, not of the machine.
 * Images are named by their digest, so that an image is in place before the state that names it.
 */
public final class ApplianceStore {

    private static final Logger LOG = LoggerFactory.getLogger(ApplianceStore.class);
    private static final int MAX_STATE_BYTES = 1 << 20;

    private final Path directory;

    private ApplianceStore(Path directory) {
        this.directory = directory;
    }

    /**
     * Opens the directory, makes it when it is missing, and drops what an interrupted update left.
     */
    public static ApplianceStore open(Path directory) throws IOException {
        ApplianceStore store = new ApplianceStore(directory);
        Files.createDirectories(store.images());
        Files.createDirectories(store.incoming());
        deleteAll(store.incoming(), Set.of());
        return store;
    }

    /** Where images are received. */
    public Path incoming() {
        return directory.resolve("incoming");
    }

    /** The state saved last; empty for a new appliance. */
    public Optional<ApplianceState> load() throws IOException {
        Path file = stateFile();
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        if (Files.size(file) > MAX_STATE_BYTES) {
            throw unreadable(file, "larger than " + MAX_STATE_BYTES + " bytes");
        }
        try {
            ApplianceState state = StateJson.decode(new JsonObject(Files.readString(file)));
            deleteUnused(state.firmware());
            return Optional.of(state);
        } catch (DecodeException | IllegalArgumentException e) {
            throw unreadable(file, String.valueOf(e.getMessage()));
        }
    }

    public void save(ApplianceState state) throws IOException {
        Path next = directory.resolve("state.json.next");
        Files.writeString(next, StateJson.encode(state).encodePrettily() + "\n");
        Files.move(
                next,
                stateFile(),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** Takes a received file over as the image that it was verified to be. */
    public void adopt(Path received, BaseImage image) throws IOException {
        Files.move(
                received,
                imageFile(image),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** Deletes a received file; one that cannot be deleted goes when the store is opened next. */
    public void discard(Path received) {
        try {
            Files.deleteIfExists(received);
        } catch (IOException e) {
            LOG.warn("received file {} cannot be deleted: {}", received, e.getMessage());
        }
    }

    /** Deletes the images that no slot holds any more. */
    public void deleteUnused(Firmware firmware) throws IOException {
        Set<Path> used = new HashSet<>();
        for (Slot slot : Slot.values()) {
            firmware.image(slot).map(this::imageFile).ifPresent(used::add);
        }
        deleteAll(images(), used);
    }

    public Path imageFile(BaseImage image) {
        return images().resolve(image.sha256() + ".img");
    }

    /**
     * Reads a received file through: its header, size and digest; empty when it is no base image.
     */
    public static Optional<BaseImage> inspect(Path received) throws IOException {
        MessageDigest digest = sha256();
        long size = 0;
        try (InputStream in = Files.newInputStream(received)) {
            byte[] start = in.readNBytes(BaseImageHeader.MAX_BYTES);
            Optional<BaseImageHeader> header = BaseImageHeader.parse(start);
            if (header.isEmpty()) {
                return Optional.empty();
            }
            byte[] buffer = new byte[1 << 16];
            InputStream whole = new SequenceInputStream(new ByteArrayInputStream(start), in);
            for (int count = whole.read(buffer); count >= 0; count = whole.read(buffer)) {
                digest.update(buffer, 0, count);
                size += count;
            }
            String hex = HexFormat.of().formatHex(digest.digest());
            return Optional.of(
                    new BaseImage(header.get().name(), header.get().version(), hex, size));
        }
    }

    /** Writes the image that a new appliance is delivered with. */
    public BaseImage writeFactoryImage(ApplianceSpec spec) throws IOException {
        byte[] bytes =
                new BaseImageHeader("base", spec.baseVersion())
                        .line()
                        .getBytes(StandardCharsets.US_ASCII);
        BaseImage image =
                new BaseImage(
                        "base",
                        spec.baseVersion(),
                        HexFormat.of().formatHex(sha256().digest(bytes)),
                        bytes.length);
        Files.write(imageFile(image), bytes);
        return image;
    }

    private Path images() {
        return directory.resolve("images");
    }

    private Path stateFile() {
        return directory.resolve("state.json");
    }

    private static void deleteAll(Path folder, Set<Path> except) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                if (!except.contains(file)) {
                    Files.delete(file);
                }
            }
        }
    }

    private static IOException unreadable(Path file, String found) {
        return new IOException(
                "state file "
                        + file
                        + ": expected an appliance's state, found: "
                        + found
                        + "; restore it, or remove it to start with a new appliance");
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
