package dev.sluice.trust.channel;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.packages.StrictJson;
import dev.sluice.trust.packages.StrictObject;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a cluster without a network says of itself, so that a connected machine can pack the
 * packages that it needs: signed by the primary's certificate.
 *
 * @param time of the cluster's clock when it was written
 * @param inventory the nodes with what they have installed, in the form of an inventory file
 * @param seen the versions of the channel that the cluster has seen; empty when it knows none
 */
public record DeviceKey(
        String cluster,
        Instant time,
        String inventory,
        Optional<SeenVersions> seen,
        X509Certificate certificate) {
    /** The largest file. */
    public static final int MAX_BYTES = 1 << 22;

    private static final String TYPE = "application/vnd.sluice.device-key+json";
    private static final String SCHEMA = "sluice/device-key/v1";
    private static final String FILE = "device-key.json";

    public DeviceKey {
        time = time.truncatedTo(ChronoUnit.SECONDS);
    }

    /** The file, signed by the certificate's key. */
    public byte[] signed(ChannelSigningKey key) {
        ObjectNode root = StrictJson.newObject();
        root.put("schema", SCHEMA);
        root.put("cluster", cluster);
        root.put("time", time.toString());
        root.put("inventory", inventory);
        seen.ifPresent(versions ->
                root.putObject("seen")
                        .put("channel", versions.channel().value())
                        .put("root", versions.root())
                        .put("timestamp", versions.timestamp())
                        .put("snapshot", versions.snapshot())
                        .put("targets", versions.targets()));
        try {
            root.put("certificate", Base64.getEncoder().encodeToString(certificate.getEncoded()));
        } catch (CertificateEncodingException e) {
            throw new IllegalArgumentException("the certificate has no bytes", e);
        }
        return Envelope.signed(TYPE, StrictJson.encode(root), List.of(key)).encoded();
    }

    /**
     * Reads a device key, and checks that the certificate in it signed it. Whose certificate that
     * is is for the caller to judge.
     *
     * @throws InvalidPackageException which says what is wrong
     */
    public static DeviceKey parse(byte[] file) throws InvalidPackageException {
        Envelope envelope = Envelope.parse(FILE, TYPE, file, MAX_BYTES);
        StrictObject root = StrictJson.object(FILE, envelope.payload(), MAX_BYTES);
        root.expect("schema", SCHEMA);
        String cluster = root.read("cluster", text -> text);
        Instant time = root.read("time", DeviceKey::instant);
        String inventory = root.read("inventory", text -> text);
        Optional<StrictObject> seen = root.optionalObject("seen");
        Optional<SeenVersions> versions =
                seen.isPresent() ? Optional.of(seen(seen.get())) : Optional.empty();
        X509Certificate certificate = root.read("certificate", DeviceKey::certificate);
        root.end();
        ChannelKey key = root.check(() -> ChannelKey.of(certificate.getPublicKey()));
        Map<Sha256, ChannelKey> keys = Map.of(key.id(), key);
        var _ = envelope.signers(FILE, keys);
        return new DeviceKey(cluster, time, inventory, versions, certificate);
    }

    private static SeenVersions seen(StrictObject node) throws InvalidPackageException {
        ChannelName channel = node.read("channel", ChannelName::new);
        long root = node.wholeNumber("root");
        long timestamp = node.wholeNumber("timestamp");
        long snapshot = node.wholeNumber("snapshot");
        long targets = node.wholeNumber("targets");
        node.end();
        return node.check(() -> new SeenVersions(channel, root, timestamp, snapshot, targets));
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("not a time such as 2026-01-01T00:00:00Z", e);
        }
    }

    private static X509Certificate certificate(String text) {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509")
                            .generateCertificate(
                                    new ByteArrayInputStream(Base64.getDecoder().decode(text)));
        } catch (CertificateException e) {
            throw new IllegalArgumentException("not an X.509 certificate", e);
        }
    }
}
