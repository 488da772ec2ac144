package dev.sluice.trust.pki;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.KeyManagementException;
import java.security.SecureRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/**
 * An SSLContext whose defaults are TLS 1.3 alone and mutual authentication. The JDK's own "TLSv1.3"
 * context also offers 1.2, and offers no way to change what its engines begin with.
 */
final class Tls13Context extends SSLContext {
    Tls13Context(SSLContext context) {
        super(new Spi(context), context.getProvider(), context.getProtocol());
    }

    private static SSLParameters defaults(SSLContext context) {
        SSLParameters parameters = context.getDefaultSSLParameters();
        parameters.setProtocols(new String[] {TlsIdentity.PROTOCOL});
        parameters.setNeedClientAuth(true);
        return parameters;
    }

    private static final class Spi extends SSLContextSpi {
        private final SSLContext context;

        Spi(SSLContext context) {
            this.context = context;
        }

        @Override
        protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random)
                throws KeyManagementException {
            throw new KeyManagementException("this context is initialised already");
        }

        @Override
        protected SSLEngine engineCreateSSLEngine() {
            return restricted(context.createSSLEngine());
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(String host, int port) {
            return restricted(context.createSSLEngine(host, port));
        }

        private SSLEngine restricted(SSLEngine engine) {
            engine.setSSLParameters(defaults(context));
            return engine;
        }

        @Override
        protected SSLSocketFactory engineGetSocketFactory() {
            return new ClientSockets(context);
        }

        @Override
        protected SSLServerSocketFactory engineGetServerSocketFactory() {
            return new ServerSockets(context);
        }

        @Override
        protected SSLSessionContext engineGetServerSessionContext() {
            return context.getServerSessionContext();
        }

        @Override
        protected SSLSessionContext engineGetClientSessionContext() {
            return context.getClientSessionContext();
        }

        @Override
        protected SSLParameters engineGetDefaultSSLParameters() {
            return defaults(context);
        }

        @Override
        protected SSLParameters engineGetSupportedSSLParameters() {
            return defaults(context);
        }
    }

    private static final class ClientSockets extends SSLSocketFactory {
        private final SSLContext context;
        private final SSLSocketFactory sockets;

        ClientSockets(SSLContext context) {
            this.context = context;
            this.sockets = context.getSocketFactory();
        }

        private Socket restricted(Socket socket) {
            ((SSLSocket) socket).setSSLParameters(defaults(context));
            return socket;
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return sockets.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return sockets.getSupportedCipherSuites();
        }

        @Override
        public Socket createSocket() throws IOException {
            return restricted(sockets.createSocket());
        }

        @Override
        public Socket createSocket(Socket plain, String host, int port, boolean autoClose)
                throws IOException {
            return restricted(sockets.createSocket(plain, host, port, autoClose));
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            return restricted(sockets.createSocket(host, port));
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort)
                throws IOException {
            return restricted(sockets.createSocket(host, port, local, localPort));
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return restricted(sockets.createSocket(host, port));
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
                throws IOException {
            return restricted(sockets.createSocket(host, port, local, localPort));
        }
    }

    private static final class ServerSockets extends SSLServerSocketFactory {
        private final SSLContext context;
        private final SSLServerSocketFactory sockets;

        ServerSockets(SSLContext context) {
            this.context = context;
            this.sockets = context.getServerSocketFactory();
        }

        private ServerSocket restricted(ServerSocket socket) {
            ((SSLServerSocket) socket).setSSLParameters(defaults(context));
            return socket;
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return sockets.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return sockets.getSupportedCipherSuites();
        }

        @Override
        public ServerSocket createServerSocket() throws IOException {
            return restricted(sockets.createServerSocket());
        }

        @Override
        public ServerSocket createServerSocket(int port) throws IOException {
            return restricted(sockets.createServerSocket(port));
        }

        @Override
        public ServerSocket createServerSocket(int port, int backlog) throws IOException {
            return restricted(sockets.createServerSocket(port, backlog));
        }

        @Override
        public ServerSocket createServerSocket(int port, int backlog, InetAddress local)
                throws IOException {
            return restricted(sockets.createServerSocket(port, backlog, local));
        }
    }
}
