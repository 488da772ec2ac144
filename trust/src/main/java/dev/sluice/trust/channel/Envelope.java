package dev.sluice.trust.channel;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.packages.StrictJson;
import dev.sluice.trust.packages.StrictObject;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A DSSE envelope: bytes, and signatures over exactly them and their type. One form of JSON is
 * accepted, the one written here, so that a file with any bit changed is refused.
 *
 * @param signatures at most {@value #MAX_SIGNATURES}, one a key
 */
@SuppressWarnings("ArrayRecordComponent") // The payload is parsed and signed, never compared.
public record Envelope(String payloadType, byte[] payload, List<SignatureBy> signatures) {
    /** The type of a channel's metadata. */
    public static final String METADATA = "application/vnd.sluice.channel+json";

    /** The greatest number of signatures. */
    public static final int MAX_SIGNATURES = 16;

    /** A signature, and the key that it claims to be by. */
    @SuppressWarnings("ArrayRecordComponent") // Verified, never compared.
    public record SignatureBy(Sha256 keyId, byte[] signature) {}

    public Envelope {
        signatures = List.copyOf(signatures);
    }

    /** Signs a payload of this type. */
    public static Envelope signed(
            String payloadType, byte[] payload, List<ChannelSigningKey> keys) {
        byte[] message = preAuthenticated(payloadType, payload);
        return new Envelope(
                payloadType,
                payload,
                keys.stream().map(key -> new SignatureBy(key.id(), key.sign(message))).toList());
    }

    /**
     * Reads an envelope, verifying nothing.
     *
     * @param file how errors call it, ending with {@code .json}
     * @throws InvalidPackageException which names the key that is wrong
     */
    public static Envelope parse(String file, String payloadType, byte[] json, int maxBytes)
            throws InvalidPackageException {
        StrictObject root = StrictJson.object(file, json, maxBytes);
        root.expect("payloadType", payloadType);
        byte[] payload = root.read("payload", Base64.getDecoder()::decode);
        List<SignatureBy> signatures = new ArrayList<>();
        Set<Sha256> keys = new HashSet<>();
        for (StrictObject signature : root.objects("signatures")) {
            SignatureBy by =
                    new SignatureBy(
                            signature.read("keyid", Sha256::new),
                            signature.read("sig", Base64.getDecoder()::decode));
            signature.end();
            if (!keys.add(by.keyId())) {
                throw new InvalidPackageException(
                        file + ": two signatures by the key " + by.keyId());
            }
            signatures.add(by);
        }
        root.end();
        if (signatures.isEmpty() || signatures.size() > MAX_SIGNATURES) {
            throw new InvalidPackageException(
                    String.format(
                            "%s: %d signatures, 1 to %d expected",
                            file, signatures.size(), MAX_SIGNATURES));
        }
        Envelope envelope = new Envelope(payloadType, payload, signatures);
        if (!Arrays.equals(envelope.encoded(), json)) {
            throw new InvalidPackageException(
                    file + ": not in the one form that an envelope is written in; it was changed");
        }
        return envelope;
    }

    /** The envelope as a file. */
    public byte[] encoded() {
        ObjectNode root = StrictJson.newObject();
        root.put("payloadType", payloadType);
        root.put("payload", Base64.getEncoder().encodeToString(payload));
        ArrayNode list = root.putArray("signatures");
        for (SignatureBy by : signatures) {
            list.addObject()
                    .put("keyid", by.keyId().hex())
                    .put("sig", Base64.getEncoder().encodeToString(by.signature()));
        }
        return StrictJson.encode(root);
    }

    /**
     * The keys that signed.
     *
     * @throws InvalidPackageException when one signature is by a key that is not among these, or is
     *     wrong: none is ignored
     */
    Set<Sha256> signers(String file, Map<Sha256, ChannelKey> keys) throws InvalidPackageException {
        byte[] message = preAuthenticated(payloadType, payload);
        Set<Sha256> signers = new HashSet<>();
        for (SignatureBy by : signatures) {
            ChannelKey key = keys.get(by.keyId());
            if (key == null) {
                throw new InvalidPackageException(
                        file + ": signed by the key " + by.keyId() + ", which is not one for this");
            }
            if (!key.scheme().verifies(key.key(), message, by.signature())) {
                throw new InvalidPackageException(
                        file + ": the signature by the key " + by.keyId() + " is wrong");
            }
            signers.add(by.keyId());
        }
        return signers;
    }

    /** DSSE's pre-authentication encoding. */
    static byte[] preAuthenticated(String type, byte[] payload) {
        byte[] typeBytes = type.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(("DSSEv1 " + typeBytes.length + " ").getBytes(StandardCharsets.US_ASCII));
        bytes.writeBytes(typeBytes);
        bytes.writeBytes((" " + payload.length + " ").getBytes(StandardCharsets.US_ASCII));
        bytes.writeBytes(payload);
        return bytes.toByteArray();
    }
}
