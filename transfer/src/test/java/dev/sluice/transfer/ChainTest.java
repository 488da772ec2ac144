package dev.sluice.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.SourceId;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class ChainTest {

    private static final int SIZE = 5 * (1 << 20) + 512;

    @TempDir Path directory;
    private final TestContent content = TestContent.of(SIZE, 1);
    private TestNodes nodes;

    @BeforeEach
    void open() {
        nodes = new TestNodes(directory, content);
    }

    @AfterEach
    void close() throws Exception {
        nodes.close();
    }

    @Test
    @Tag("PKG-4")
    void fiveNodesInALineReceiveEachByteOnce() throws Exception {
        TestNode origin = nodes.origin("m-a");
        TestNode before = origin;
        for (int i = 1; i <= 5; i++) {
            TestNode next = nodes.node("eu-" + i);
            nodes.pull(next, before.source());
            before = next;
        }

        for (ContentPull pull : nodes.pulls) {
            TestNode.await(pull.done());
        }

        assertThat(nodes.allBut(origin))
                .allSatisfy(node -> {
                    assertThat(content.received(node)).isEqualTo(content.bytes());
                    assertThat(node.received()).isEqualTo(SIZE);
                });
        assertThat(origin.server.sentBytes()).isEqualTo(SIZE);
    }

    @Test
    @Tag("PKG-4")
    void aRelaySendsOnBytesOfAContentThatItDoesNotHaveWhole() throws Exception {
        TestNode origin = nodes.origin("m-a");
        origin.upLimit.set(2 << 20);
        TestNode relay = nodes.node("eu-1");
        TestNode last = nodes.node("eu-2");
        ContentPull first = nodes.pull(relay, origin.source());
        nodes.pull(last, relay.source());

        last.awaitVerified(1 << 20);

        assertThat(first.done()).isNotDone();
        origin.upLimit.set(0);
        TestNode.await(nodes.pulls.getLast().done());
        assertThat(content.received(last)).isEqualTo(content.bytes());
    }

    @Test
    void aSlowDiskHoldsTheSourceBack() throws Exception {
        TestNode origin = nodes.origin("m-a");
        TestNode slow = nodes.node("eu-1");
        CountDownLatch disk = new CountDownLatch(1);
        origin.upLimit.set(1 << 20);
        ContentPull pull = nodes.pull(slow, origin.source());
        slow.awaitVerified(1 << 16);
        pull.content().spans().getFirst().whenSettled(() -> awaitQuietly(disk));

        origin.upLimit.set(0);
        slow.awaitReceived(8 << 16);
        disk.countDown();

        TestNode.await(pull.done());
        assertThat(pull.status().failures()).isEmpty();
        assertThat(slow.received()).isEqualTo(SIZE);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    @Tag("PKG-4")
    void theNextSourceTakesOverWhenTheMiddleDies() throws Exception {
        TestNode origin = nodes.origin("m-a");
        origin.upLimit.set(4 << 20);
        TestNode head = nodes.node("eu-1");
        TestNode middle = nodes.node("eu-2");
        TestNode last = nodes.node("eu-3");
        nodes.pull(head, origin.source());
        ContentPull dies = nodes.pull(middle, head.source(), origin.source());
        ContentPull survives = nodes.pull(last, middle.source(), head.source(), origin.source());
        last.awaitVerified(1 << 20);

        dies.close();
        middle.server.close();

        TestNode.await(survives.done());
        assertThat(content.received(last)).isEqualTo(content.bytes());
        assertThat(last.receivedFrom).containsOnlyKeys("eu-2", "eu-1");
        assertThat(survives.status().failures().keySet())
                .extracting(SourceId::node)
                .containsExactly("eu-2");
    }

    @Test
    @Tag("PKG-4")
    void aRelayThatGivesUpInTheMiddleOfALeafSaysSoAndServesNobodyAnyMore() throws Exception {
        TestNode origin = nodes.origin("m-a");
        origin.upLimit.set(300_000);
        TestNode relay = nodes.node("eu-1");
        TestNode last = nodes.node("eu-2");
        ContentPull givesUp = nodes.pull(relay, origin.source());
        ContentPull survives = nodes.pull(last, relay.source(), origin.source());
        last.awaitReceived(100_000);

        givesUp.close();
        last.await(() -> !survives.status().failures().isEmpty(), "the end of the relay");

        assertThat(survives.status().failures().values())
                .extracting(failure -> failure.kind() + " " + failure.detail())
                .containsExactly("REFUSED GOING_AWAY: the content is not received here any more");
        origin.upLimit.set(0);
        TestNode.await(survives.done());
        assertThat(relay.server.pulls()).isZero();
    }
}
