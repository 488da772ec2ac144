package dev.sluice.sim.redfish;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where and how a service listens.
 *
 * @param host the address to bind
 * @param tls its certificate and key; empty for plain HTTP, which only a loopback address may have
 */
public record Listen(String host, Optional<Tls> tls) {

    /** A certificate chain and its private key as PEM files. */
    public record Tls(Path certificate, Path key) {}
}
