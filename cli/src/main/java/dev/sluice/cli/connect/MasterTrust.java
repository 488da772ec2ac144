package dev.sluice.cli.connect;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Accepts certificates of the cluster's authority that name a master in their only URI.
 *
 * <p>Host names are not compared: the shared address moves from one master to another, and who
 * answers stands in the certificate. Being an <em>extended</em> trust manager matters: around a
 * plain one the JDK would add a host name check by itself.
 */
final class MasterTrust extends X509ExtendedTrustManager {
    private static final Integer URI_NAME = 6;
    private static final Pattern MASTER = Pattern.compile("sluice://master/[a-z0-9-]{1,63}");

    private final X509TrustManager chain;

    private MasterTrust(X509TrustManager chain) {
        this.chain = chain;
    }

    static MasterTrust of(X509Certificate[] authorities)
            throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (int i = 0; i < authorities.length; i++) {
            store.setCertificateEntry("authority-" + i, authorities[i]);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                return new MasterTrust(x509);
            }
        }
        throw new GeneralSecurityException("this JDK checks no X.509 certificates");
    }

    private void checkServer(X509Certificate[] presented, String authType)
            throws CertificateException {
        String subject =
                presented.length == 0 ? "nobody" : presented[0].getSubjectX500Principal().getName();
        try {
            chain.checkServerTrusted(presented, authType);
        } catch (CertificateException e) {
            throw new CertificateException(
                    "its certificate ("
                            + subject
                            + ") is not one of this cluster's authority: "
                            + e.getMessage(),
                    e);
        }
        List<String> uris = uris(presented[0]);
        if (uris.size() != 1 || !MASTER.matcher(uris.getFirst()).matches()) {
            throw new CertificateException(
                    "expected the certificate of a master (sluice://master/ID), found " + uris);
        }
    }

    private static List<String> uris(X509Certificate certificate) throws CertificateException {
        Collection<List<?>> names = certificate.getSubjectAlternativeNames();
        return names == null
                ? List.of()
                : names.stream()
                        .filter(name -> URI_NAME.equals(name.get(0)))
                        .map(name -> String.valueOf(name.get(1)))
                        .toList();
    }

    private static CertificateException onlyServers() {
        return new CertificateException("the command line accepts no connections");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] presented, String authType)
            throws CertificateException {
        checkServer(presented, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] presented, String authType, Socket socket)
            throws CertificateException {
        checkServer(presented, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] presented, String authType, SSLEngine engine)
            throws CertificateException {
        checkServer(presented, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] presented, String authType)
            throws CertificateException {
        throw onlyServers();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] presented, String authType, Socket socket)
            throws CertificateException {
        throw onlyServers();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] presented, String authType, SSLEngine engine)
            throws CertificateException {
        throw onlyServers();
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return chain.getAcceptedIssuers();
    }
}
