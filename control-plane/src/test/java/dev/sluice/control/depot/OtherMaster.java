package dev.sluice.control.depot;

import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.PullTiming;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.serve.ContentLibrary;
import dev.sluice.transfer.serve.ServeLimits;
import dev.sluice.transfer.serve.TransferServer;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;

/** A master that serves contents by the transfer protocol, on loopback. */
final class OtherMaster implements AutoCloseable {

    private static final CertificateAuthority AUTHORITY =
            CertificateAuthority.create("acme", Duration.ofDays(10), InstantSource.system());

    final String id;
    final TransferNetwork network;
    final TransferServer server;
    final RateLimit up = new RateLimit(0, Ticker.system());

    /** The offsets that contents were read from, in order. */
    final List<Long> readFrom = new CopyOnWriteArrayList<>();

    /** The same, to be waited for. */
    final BlockingQueue<Long> reads = new LinkedBlockingQueue<>();

    OtherMaster(String id, ContentLibrary library) throws IOException {
        this.id = id;
        this.network =
                new TransferNetwork(
                        TlsIdentity.of(
                                AUTHORITY.issue(PeerName.master(id), Set.of(), Duration.ofDays(1)),
                                InstantSource.system()));
        this.server =
                TransferServer.start(
                        network,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        PeerExpectation.kind(PeerName.Kind.NODE, PeerName.Kind.MASTER),
                        new Recording(library),
                        ServeLimits.standard(),
                        up,
                        Ticker.system());
    }

    /** What a master has whose depot this is. */
    static ContentLibrary of(Depot depot, Path tables, Supplier<List<PackageRecord>> imported)
            throws IOException {
        return new Whole(new OriginContents(imported, List.of(depot), tables));
    }

    Source source() {
        return new Source(id, "127.0.0.1", server.address().getPort(), 0);
    }

    ContentPull.Means means() {
        return new ContentPull.Means(
                network,
                DiskSpace.system(),
                new RateLimit(0, Ticker.system()),
                PullTiming.standard(),
                Ticker.system());
    }

    private record Whole(OriginContents contents) implements ContentLibrary {
        @Override
        public Optional<ReadableContent> find(Sha256 content) throws IOException {
            return contents.find(content);
        }

        @Override
        public boolean mayComeSoon(Sha256 content) {
            return false;
        }
    }

    private final class Recording implements ContentLibrary {
        private final ContentLibrary library;

        Recording(ContentLibrary library) {
            this.library = library;
        }

        @Override
        public Optional<ReadableContent> find(Sha256 content) throws IOException {
            return library.find(content).map(Recorded::new);
        }

        @Override
        public boolean mayComeSoon(Sha256 content) {
            return library.mayComeSoon(content);
        }
    }

    private final class Recorded implements ReadableContent {
        private final ReadableContent content;

        Recorded(ReadableContent content) {
            this.content = content;
        }

        @Override
        public PackageContent content() {
            return content.content();
        }

        @Override
        public Reader open(long offset, Runnable wake, Runnable closed) throws IOException {
            readFrom.add(offset);
            reads.add(offset);
            return content.open(offset, wake, closed);
        }
    }

    @Override
    public void close() {
        server.close();
        network.close();
    }
}
