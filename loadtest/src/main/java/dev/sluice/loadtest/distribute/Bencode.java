package dev.sluice.loadtest.distribute;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The two documents of BitTorrent (BEP 3) that a swarm needs from the benchmark. */
final class Bencode {

    private Bencode() {}

    /** A torrent of one file. */
    static byte[] torrent(String tracker, Path file, int pieceBytes) throws IOException {
        ByteArrayOutputStream pieces = new ByteArrayOutputStream();
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            for (byte[] piece = in.readNBytes(pieceBytes);
                    piece.length > 0;
                    piece = in.readNBytes(pieceBytes)) {
                pieces.write(sha1.digest(piece));
            }
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-1", e);
        }
        Out out = new Out();
        out.text("d").string("announce").string(tracker).string("info").text("d");
        out.string("length").text("i" + Files.size(file) + "e");
        out.string("name").string(String.valueOf(file.getFileName()));
        out.string("piece length").text("i" + pieceBytes + "e");
        out.string("pieces").bytes(pieces.toByteArray());
        return out.text("ee").toByteArray();
    }

    /** A tracker's answer: all peers, in the compact form of six bytes each. */
    static byte[] peers(byte[] compact, int intervalSeconds) {
        Out out = new Out();
        out.text("d").string("interval").text("i" + intervalSeconds + "e");
        return out.string("peers").bytes(compact).text("e").toByteArray();
    }

    private static final class Out {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Out text(String text) {
            bytes.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
            return this;
        }

        Out string(String value) {
            return bytes(value.getBytes(StandardCharsets.UTF_8));
        }

        Out bytes(byte[] value) {
            text(value.length + ":");
            bytes.writeBytes(value);
            return this;
        }

        byte[] toByteArray() {
            return bytes.toByteArray();
        }
    }
}
