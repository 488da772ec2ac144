package dev.sluice.control.api;

import dev.sluice.trust.channel.DeviceKey;
import java.security.cert.X509Certificate;

/** Signs device keys with this master's key, which stays where it is. */
public interface DeviceSigner {
    X509Certificate certificate();

    /** The signed file. */
    byte[] sign(DeviceKey key);
}
