package dev.sluice.agent.config;

import dev.sluice.agent.config.AgentConfig.Master;
import dev.sluice.agent.config.AgentConfig.Redfish;
import dev.sluice.agent.config.AgentConfig.Role;
import dev.sluice.agent.config.AgentConfig.Service;
import dev.sluice.agent.config.AgentConfig.SharedAddress;
import dev.sluice.agent.config.AgentConfig.Tls;
import dev.sluice.agent.config.AgentConfig.Traffic;
import dev.sluice.transfer.TransferWarmUp;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads {@link AgentConfig} from a file; relative paths in it start at the file's directory. */
public final class ConfigFile {

    private static final long MAX_BYTES = 1 << 20;
    private static final int MAX_MASTERS = 16;

    /** Enough to have the hot paths compiled; 2 s at the rate that it runs with. */
    private static final int WARM_UP_MEBIBYTES = 32;

    private static final int MAX_SECONDS = 86_400;
    private static final Duration START_DEADLINE = Duration.ofSeconds(60);
    private static final Duration STOP_DEADLINE = Duration.ofSeconds(10);
    private static final Duration RESET_DEADLINE = Duration.ofMinutes(15);
    private static final Pattern ID = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private final Path directory;

    private ConfigFile(Path directory) {
        this.directory = directory;
    }

    public static AgentConfig read(Path file) throws ConfigException {
        Path absolute = file.toAbsolutePath();
        Path directory = absolute.getParent();
        return new ConfigFile(directory == null ? absolute : directory)
                .parse(file.toString(), textOf(file));
    }

    private static String textOf(Path file) throws ConfigException {
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw new ConfigException(
                        "%s: expected at most %d bytes, found %d".formatted(file, MAX_BYTES, size));
            }
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new ConfigException(file + ": no such file; give --config FILE");
        } catch (IOException e) {
            throw new ConfigException(file + ": cannot be read: " + e.getMessage());
        }
    }

    private AgentConfig parse(String file, String text) throws ConfigException {
        Optional<Node> document;
        try {
            document =
                    new Compose(LoadSettings.builder().setLabel(file).build()).composeString(text);
        } catch (YamlEngineException e) {
            throw new ConfigException(
                    file + ": not YAML: " + String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        }
        if (document.isEmpty()) {
            throw new ConfigException(file + ": expected keys and values, found nothing");
        }
        return agent(Section.root(file, document.get()));
    }

    private AgentConfig agent(Section root) throws ConfigException {
        Role role = root.value("role", ConfigFile::role);
        Optional<Section> traffic = root.optionalSection("traffic");
        if (traffic.isPresent() != (role == Role.TRAFFIC)) {
            throw root.problem(
                    "traffic",
                    role == Role.TRAFFIC ? "a traffic node needs it" : "a master has none");
        }
        HostPort listen = root.value("listen", HostPort::parse);
        AgentConfig config =
                new AgentConfig(
                        root.value("nodeId", ConfigFile::id),
                        role,
                        root.value("region", ConfigFile::id),
                        root.text("hardwareModel"),
                        root.value("dataDir", this::path),
                        tls(root.section("tls")),
                        signers(root),
                        channelRoots(root),
                        masters(root),
                        listen,
                        root.optionalValue("transferListen", HostPort::parse)
                                .orElse(listen.withPort(0)),
                        root.optionalValue("transferWarmUpMiB", ConfigFile::warmUp)
                                .orElse(WARM_UP_MEBIBYTES),
                        traffic.isPresent()
                                ? Optional.of(traffic(traffic.get()))
                                : Optional.empty(),
                        service(root.optionalSection("service")),
                        sharedAddress(root.optionalSection("sharedAddress")),
                        redfish(root.section("hardware")),
                        root.optionalValue("scriptsDir", this::path),
                        initialPackages(root.optionalSection("initial")));
        root.refuseOthers();
        return config;
    }

    private Tls tls(Section tls) throws ConfigException {
        Tls value =
                new Tls(
                        tls.value("ca", this::path),
                        tls.value("certificate", this::path),
                        tls.value("key", this::path));
        tls.refuseOthers();
        return value;
    }

    private List<Path> signers(Section root) throws ConfigException {
        List<Path> signers = new ArrayList<>();
        for (String signer : root.texts("trustedSigners")) {
            signers.add(path(signer));
        }
        if (signers.isEmpty()) {
            throw root.problem(
                    "trustedSigners", "expected at least one PEM file of a package signer");
        }
        return signers;
    }

    private List<Path> channelRoots(Section root) throws ConfigException {
        List<Path> roots = new ArrayList<>();
        if (root.has("channelRoots")) {
            for (String file : root.texts("channelRoots")) {
                roots.add(path(file));
            }
        }
        return roots;
    }

    private static List<Master> masters(Section root) throws ConfigException {
        List<Master> masters = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        for (Section section : root.sections("masters")) {
            Master master =
                    new Master(
                            section.value("id", ConfigFile::id),
                            section.value("address", ConfigFile::peerAddress));
            section.refuseOthers();
            if (!ids.add(master.id())) {
                throw section.problem("id", "master " + master.id() + " is given twice");
            }
            masters.add(master);
        }
        if (masters.isEmpty() || masters.size() > MAX_MASTERS) {
            throw root.problem(
                    "masters",
                    "expected 1 to %d masters, found %d".formatted(MAX_MASTERS, masters.size()));
        }
        return masters;
    }

    private Traffic traffic(Section section) throws ConfigException {
        section.value("driver", text -> oneOf(text, "sample"));
        Traffic traffic =
                new Traffic(
                        section.value("controlSocket", this::path),
                        section.value("address", ConfigFile::peerAddress));
        section.refuseOthers();
        return traffic;
    }

    private Service service(Optional<Section> given) throws ConfigException {
        if (given.isEmpty()) {
            return new Service(new TreeMap<>(), Optional.empty(), START_DEADLINE, STOP_DEADLINE);
        }
        Section section = given.get();
        SortedMap<String, String> environment = section.map("environment");
        for (String name : environment.keySet()) {
            if (!VARIABLE.matcher(name).matches()) {
                throw section.problem(
                        "environment", "'" + name + "' is no name of an environment variable");
            }
        }
        Service service =
                new Service(
                        environment,
                        section.optionalValue("javaHome", this::path),
                        section.optionalValue("startDeadlineSeconds", ConfigFile::seconds)
                                .orElse(START_DEADLINE),
                        section.optionalValue("stopDeadlineSeconds", ConfigFile::seconds)
                                .orElse(STOP_DEADLINE));
        section.refuseOthers();
        return service;
    }

    private static Optional<SharedAddress> sharedAddress(Optional<Section> given)
            throws ConfigException {
        if (given.isEmpty()) {
            return Optional.empty();
        }
        Section section = given.get();
        SharedAddress address =
                new SharedAddress(
                        section.value("address", ConfigFile::peerAddress),
                        section.value("forwardTo", ConfigFile::peerAddress));
        section.refuseOthers();
        return Optional.of(address);
    }

    private Optional<Redfish> redfish(Section section) throws ConfigException {
        String driver = section.value("driver", text -> oneOf(text, "redfish", "none"));
        Optional<Redfish> redfish = Optional.empty();
        if (driver.equals("redfish")) {
            redfish =
                    Optional.of(
                            new Redfish(
                                    section.value("url", ConfigFile::https),
                                    section.text("systemId"),
                                    section.value("ca", this::path),
                                    section.value("credentialsFile", this::path),
                                    section.optionalValue(
                                                    "resetDeadlineSeconds", ConfigFile::seconds)
                                            .orElse(RESET_DEADLINE)));
        }
        section.refuseOthers();
        return redfish;
    }

    private static SortedMap<String, String> initialPackages(Optional<Section> given)
            throws ConfigException {
        if (given.isEmpty()) {
            return new TreeMap<>();
        }
        SortedMap<String, String> packages = given.get().map("packages");
        given.get().refuseOthers();
        return packages;
    }

    private static Role role(String text) {
        return switch (oneOf(text, "master", "traffic")) {
            case "master" -> Role.MASTER;
            default -> Role.TRAFFIC;
        };
    }

    private static String id(String text) {
        if (!ID.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "expected 1 to 63 of a-z, 0-9 and '-', found '" + text + "'");
        }
        return text;
    }

    private static String oneOf(String text, String... allowed) {
        if (!List.of(allowed).contains(text)) {
            throw new IllegalArgumentException(
                    "expected " + String.join(" or ", allowed) + ", found '" + text + "'");
        }
        return text;
    }

    private static HostPort peerAddress(String text) {
        HostPort address = HostPort.parse(text);
        if (address.port() == 0) {
            throw new IllegalArgumentException("expected a port of 1 to 65535, found 0");
        }
        return address;
    }

    private static Duration seconds(String text) {
        try {
            int seconds = Integer.parseInt(text);
            if (seconds >= 1 && seconds <= MAX_SECONDS) {
                return Duration.ofSeconds(seconds);
            }
        } catch (NumberFormatException _) {
            // Said below, in the same words as a number out of range.
        }
        throw new IllegalArgumentException(
                "expected seconds from 1 to %d, found '%s'".formatted(MAX_SECONDS, text));
    }

    private static int warmUp(String text) {
        try {
            int mebibytes = Integer.parseInt(text);
            if (mebibytes >= 0 && mebibytes <= TransferWarmUp.MAX_MEBIBYTES) {
                return mebibytes;
            }
        } catch (NumberFormatException _) {
            // Said below, in the same words as a number out of range.
        }
        throw new IllegalArgumentException(
                "expected MiB from 0 to %d, found '%s'"
                        .formatted(TransferWarmUp.MAX_MEBIBYTES, text));
    }

    private static URI https(String text) {
        URI uri = URI.create(text);
        if (!"https".equals(uri.getScheme()) || uri.getHost() == null) {
            throw new IllegalArgumentException("expected https://HOST:PORT, found '" + text + "'");
        }
        return uri;
    }

    private Path path(String text) {
        try {
            return directory.resolve(text).normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("expected a path, found '" + text + "'", e);
        }
    }
}
