package dev.sluice.trust.channel;

import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.x509.CredentialsException;
import dev.sluice.trust.x509.KeyPassword;
import dev.sluice.trust.x509.PemFiles;
import dev.sluice.trust.x509.SignatureScheme;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.util.List;
import java.util.Optional;

/** A private key of a channel with its public half. */
public final class ChannelSigningKey {
    private final PrivateKey secret;
    private final ChannelKey key;

    private ChannelSigningKey(PrivateKey secret, ChannelKey key) {
        this.secret = secret;
        this.key = key;
    }

    /** A fresh key. */
    public static ChannelSigningKey create(SignatureScheme scheme) {
        KeyPair pair = scheme.generate();
        return new ChannelSigningKey(pair.getPrivate(), ChannelKey.of(pair.getPublic()));
    }

    /**
     * A pair that came another way.
     *
     * @throws IllegalArgumentException when they are no pair, or of no {@link SignatureScheme}
     */
    public static ChannelSigningKey of(PrivateKey secret, PublicKey key) {
        if (!SignatureScheme.match(secret, key)) {
            throw new IllegalArgumentException("the two keys do not belong together");
        }
        return new ChannelSigningKey(secret, ChannelKey.of(key));
    }

    /**
     * The key in two PEM files.
     *
     * @throws CredentialsException when one is missing or wrong, or they do not belong together
     */
    public static ChannelSigningKey load(
            Path publicFile, Path keyFile, Optional<KeyPassword> password)
            throws CredentialsException {
        ChannelKey key;
        try {
            key = ChannelKey.of(PemFiles.readPublicKey(publicFile));
        } catch (IllegalArgumentException e) {
            throw new CredentialsException(publicFile + ": " + e.getMessage(), e);
        }
        PrivateKey secret = PemFiles.readPrivateKey(keyFile, password);
        if (!SignatureScheme.match(secret, key.key())) {
            throw new CredentialsException(
                    keyFile + " holds a key that does not match the one in " + publicFile);
        }
        return new ChannelSigningKey(secret, key);
    }

    /** The key's files, to be written: the secret one with mode 0600, encrypted if asked for. */
    public List<PemFiles.Draft> files(
            Path publicFile, Path keyFile, Optional<KeyPassword> password) {
        return List.of(
                PemFiles.privateKey(keyFile, secret, password),
                PemFiles.publicKey(publicFile, key.key()));
    }

    /** The public half. */
    public ChannelKey key() {
        return key;
    }

    Sha256 id() {
        return key.id();
    }

    byte[] sign(byte[] message) {
        return key.scheme().sign(secret, message);
    }

    /** Never the key. */
    @Override
    public String toString() {
        return "ChannelSigningKey[" + key.id() + "]";
    }
}
