/**
 * Keys, X.509 certificates and the PEM files that hold them.
 *
 * <p>What {@code pki} and {@code packages} both need: nothing else should use it directly, except
 * to catch {@link dev.sluice.trust.x509.CredentialsException}. May depend on the JDK, Bouncy Castle
 * and the Corretto crypto provider. Start with {@link dev.sluice.trust.x509.PemFiles}.
 */
@NullMarked
package dev.sluice.trust.x509;

import org.jspecify.annotations.NullMarked;
