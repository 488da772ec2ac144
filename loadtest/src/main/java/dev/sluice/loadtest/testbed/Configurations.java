package dev.sluice.loadtest.testbed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;

/** Writes the configuration files of a test cluster. */
final class Configurations {

    private final Layout layout;
    private final Versions initial;

    /** The versions a cluster begins with. */
    record Versions(String base, String site) {}

    Configurations(Layout layout, Versions initial) {
        this.layout = layout;
        this.initial = initial;
    }

    private static String header() {
        return "# Written by the Sluice test bed.\n";
    }

    Path credentials() {
        return layout.root().resolve("pki").resolve("bmc-credentials");
    }

    Path rack() {
        return layout.root().resolve("rack.yaml");
    }

    void writeCredentials() throws IOException {
        byte[] secret = new byte[24];
        new SecureRandom().nextBytes(secret);
        Path file = credentials();
        Files.createFile(
                file,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, "agent:" + HexFormat.of().formatHex(secret) + "\n");
    }

    /** The secret that the masters share. */
    void writeRelationKey() throws IOException {
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        Path file = layout.relationKey();
        Files.createFile(
                file,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, HexFormat.of().formatHex(secret) + "\n");
    }

    void writeRack() throws IOException {
        StringBuilder text = new StringBuilder(header()).append("appliances:\n");
        int seed = 1;
        for (String id : layout.agentIds()) {
            String model = layout.master(id).isPresent() ? "sx-200" : "sx-100";
            text.append(
                    "  - {id: %s, port: 0, model: %s, base: \"%s\", boot: PT1.5S, shutdown: PT0.3S, update: PT0.3S, seed: %d}\n"
                            .formatted(id, model, initial.base(), seed++));
        }
        Files.writeString(rack(), text);
    }

    void writeInventory() throws IOException {
        StringBuilder text =
                new StringBuilder(header())
                        .append(
                                "apiVersion: sluice/v1\nkind: Cluster\nmetadata: {name: demo}\nmasters:\n");
        String installed = "{base: %s, site: %s}".formatted(initial.base(), initial.site());
        for (Layout.MasterPlace master : layout.masters()) {
            text.append(
                    "  - {id: %s, role: %s, region: %s, hardware: sx-200, installed: %s}\n"
                            .formatted(
                                    master.id(),
                                    master.id().equals("m-a") ? "primary" : "backup",
                                    master.region(),
                                    installed));
        }
        text.append("nodes:\n");
        for (Layout.NodePlace node : layout.nodes()) {
            text.append(
                    "  - {id: %s, region: %s, zone: %s, hardware: sx-100, capacity: 500, connected: 0, accepting: true, healthy: true, installed: %s}\n"
                            .formatted(node.id(), node.region(), node.zone(), installed));
        }
        text.append("policy:\n  drain: {deadline: PT10M, onDeadline: hold}\n");
        Files.writeString(layout.inventory(), text);
    }

    void writeControlPlane(Layout.MasterPlace master) throws IOException {
        StringBuilder text = new StringBuilder(header());
        text.append("masterId: ").append(master.id()).append('\n');
        text.append("dataDir: ").append(layout.controlPlaneData(master.id())).append('\n');
        text.append("listen: ").append(Layout.text(master.apiPort())).append('\n');
        text.append(tls(layout.identity("master-" + master.id())));
        text.append("trustedSigners: [").append(layout.signerCertificate()).append("]\n");
        text.append("inventory: ").append(layout.inventory()).append('\n');
        text.append("masters:\n");
        for (Layout.MasterPlace other : layout.masters()) {
            if (!other.id().equals(master.id())) {
                text.append(
                        "  - {id: %s, address: \"%s\"}\n"
                                .formatted(other.id(), Layout.text(other.apiPort())));
            }
        }
        text.append("interApplianceKeyFile: ").append(layout.relationKey()).append('\n');
        text.append("sharedAddress: ").append(Layout.text(layout.sharedPort())).append('\n');
        text.append("stagedPackages: ")
                .append(layout.agentData(master.id()).resolve("staged"))
                .append('\n');
        Files.writeString(layout.controlPlaneConfig(master.id()), text);
    }

    void writeMasterAgent(Layout.MasterPlace master, int bmcPort) throws IOException {
        StringBuilder text =
                agent(
                        master.id(),
                        "master",
                        master.region(),
                        "sx-200",
                        master.agentPort(),
                        bmcPort);
        text.append("service:\n  environment:\n    SLUICE_CONFIG: ")
                .append(layout.controlPlaneConfig(master.id()))
                .append('\n');
        text.append(
                "sharedAddress: {address: \"%s\", forwardTo: \"%s\"}\n"
                        .formatted(
                                Layout.text(layout.sharedPort()), Layout.text(master.apiPort())));
        Files.writeString(layout.agentConfig(master.id()), text);
    }

    void writeNodeAgent(Layout.NodePlace node, int bmcPort) throws IOException {
        StringBuilder text =
                agent(node.id(), "traffic", node.region(), "sx-100", node.agentPort(), bmcPort);
        String address = Layout.text(node.sitePort());
        text.append(
                "traffic: {driver: sample, controlSocket: %s, address: \"%s\"}\n"
                        .formatted(layout.controlSocket(node.id()), address));
        text.append(
                "service:\n  environment:\n    SITE_LISTEN: \"%s\"\n    SITE_CONTROL: %s\n"
                        .formatted(address, layout.controlSocket(node.id())));
        Files.writeString(layout.agentConfig(node.id()), text);
    }

    private StringBuilder agent(
            String id, String role, String region, String model, int port, int bmcPort) {
        StringBuilder text = new StringBuilder(header());
        text.append(
                "nodeId: %s\nrole: %s\nregion: %s\nhardwareModel: %s\n"
                        .formatted(id, role, region, model));
        text.append("dataDir: ").append(layout.agentData(id)).append('\n');
        text.append(tls(layout.identity("node-" + id)));
        text.append("trustedSigners: [").append(layout.signerCertificate()).append("]\nmasters:\n");
        for (Layout.MasterPlace master : layout.masters()) {
            text.append(
                    "  - {id: %s, address: \"%s\"}\n"
                            .formatted(master.id(), Layout.text(master.apiPort())));
        }
        text.append("listen: \"").append(Layout.text(port)).append("\"\n");
        // Eight agents at once on one machine would only slow their own start.
        text.append("transferWarmUpMiB: 0\n");
        text.append(
                "hardware: {driver: redfish, url: \"https://%s\", systemId: %s, ca: %s, credentialsFile: %s}\n"
                        .formatted(
                                Layout.text(bmcPort),
                                id,
                                layout.identity("bmc").resolve("ca.pem"),
                                credentials()));
        return text;
    }

    private static String tls(Path identity) {
        return "tls: {ca: %s, certificate: %s, key: %s}\n"
                .formatted(
                        identity.resolve("ca.pem"),
                        identity.resolve("cert.pem"),
                        identity.resolve("key.pem"));
    }

    /** A context of the command line: the shared address first, then each master. */
    void writeContexts() throws IOException {
        Path operator = layout.identity("operator");
        StringBuilder addresses = new StringBuilder("\"" + Layout.text(layout.sharedPort()) + "\"");
        layout.masters()
                .forEach(
                        m -> addresses.append(", \"").append(Layout.text(m.apiPort())).append('"'));
        Files.writeString(
                layout.contexts(),
                header()
                        + "contexts:\n  - name: demo\n    addresses: ["
                        + addresses
                        + "]\n    "
                        + tls(operator));
    }

    /** Everything but the agents, whose hardware's ports are known only when it runs. */
    void writeAll(Map<String, Integer> bmcPorts) throws IOException {
        for (String id : layout.agentIds()) {
            Files.createDirectories(layout.agentConfig(id).getParent());
        }
        for (Layout.MasterPlace master : layout.masters()) {
            writeControlPlane(master);
            writeMasterAgent(master, port(bmcPorts, master.id()));
        }
        for (Layout.NodePlace node : layout.nodes()) {
            writeNodeAgent(node, port(bmcPorts, node.id()));
        }
        writeContexts();
    }

    private static int port(Map<String, Integer> ports, String id) {
        Integer port = ports.get(id);
        if (port == null) {
            throw new IllegalStateException("the simulated hardware has no controller for " + id);
        }
        return port;
    }
}
