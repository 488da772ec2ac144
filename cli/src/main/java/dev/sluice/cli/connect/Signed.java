package dev.sluice.cli.connect;

import com.google.protobuf.ByteString;
import java.util.List;

/**
 * An operator's signature.
 *
 * @param signature over the bytes that were given
 * @param chain the operator's certificate and what follows it in its file, in DER
 */
public record Signed(ByteString signature, List<ByteString> chain) {
    public Signed {
        chain = List.copyOf(chain);
    }
}
