package dev.sluice.trust.pki;

import java.security.KeyStore;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.TrustManagerFactorySpi;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Hands out one given trust manager, for the libraries that want a factory. */
final class ClusterTrustManagerFactory extends TrustManagerFactory {
    ClusterTrustManagerFactory(X509ExtendedTrustManager trustManager) {
        super(new Fixed(trustManager), null, "sluice");
    }

    private static final class Fixed extends TrustManagerFactorySpi {
        private final TrustManager trustManager;

        Fixed(TrustManager trustManager) {
            this.trustManager = trustManager;
        }

        @Override
        protected void engineInit(@Nullable KeyStore store) {
            throw new UnsupportedOperationException("the cluster's trust is fixed");
        }

        @Override
        protected void engineInit(ManagerFactoryParameters parameters) {
            throw new UnsupportedOperationException("the cluster's trust is fixed");
        }

        @Override
        protected TrustManager[] engineGetTrustManagers() {
            return new TrustManager[] {trustManager};
        }
    }
}
