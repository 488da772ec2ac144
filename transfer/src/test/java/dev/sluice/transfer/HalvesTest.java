package dev.sluice.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.pull.SourceFailure;
import dev.sluice.transfer.pull.SourceId;
import dev.sluice.transfer.pull.Sources;
import dev.sluice.transfer.store.Span;
import dev.sluice.transfer.wire.PullRequest;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A content that is large enough to come in two halves. */
@Timeout(120)
@Tag("PKG-4")
final class HalvesTest {

    private static final int SIZE = 5 * (1 << 20) + 512;

    @TempDir Path directory;
    private final TestContent content = TestContent.of(SIZE, 9);
    private final Span first = Span.halves(content.content()).getFirst();
    private final Span second = Span.halves(content.content()).getLast();
    private TestNodes nodes;

    @BeforeEach
    void open() {
        nodes = new TestNodes(directory, content);
    }

    @AfterEach
    void close() throws Exception {
        nodes.close();
    }

    private ContentPull pull(TestNode node, List<Source> forFirst, List<Source> forSecond)
            throws Exception {
        return nodes.pull(node, new Sources(forFirst, forSecond));
    }

    @Test
    void eachComesFromItsOwnSource() throws Exception {
        TestNode one = nodes.origin("m-a");
        TestNode other = nodes.origin("m-b");
        TestNode puller = nodes.node("eu-1");

        ContentPull pull = pull(puller, List.of(one.source()), List.of(other.source()));
        TestNode.await(pull.done());

        assertThat(content.received(puller)).isEqualTo(content.bytes());
        assertThat(puller.receivedFrom)
                .containsEntry("m-a", first.size())
                .containsEntry("m-b", second.size());
        assertThat(pull.status().sources())
                .extracting(source -> source.map(SourceId::node))
                .containsExactly(Optional.of("m-a"), Optional.of("m-b"));
    }

    @Test
    void twoTreesPassThemOnAndNobodySendsMoreThanTheWhole() throws Exception {
        TestNode origin = nodes.origin("m-a");
        TestNode root = nodes.node("eu-1");
        TestNode inFirst = nodes.node("eu-2");
        TestNode inSecond = nodes.node("eu-3");
        TestNode leaf = nodes.node("eu-4");
        pull(root, List.of(origin.source()), List.of(origin.source()));
        pull(inFirst, List.of(root.source()), List.of(inSecond.source()));
        pull(inSecond, List.of(inFirst.source()), List.of(root.source()));
        pull(leaf, List.of(inFirst.source()), List.of(inSecond.source()));

        for (ContentPull pull : nodes.pulls) {
            TestNode.await(pull.done());
        }

        assertThat(nodes.allBut(origin))
                .allSatisfy(node -> {
                    assertThat(content.received(node)).isEqualTo(content.bytes());
                    assertThat(node.received()).isEqualTo(SIZE);
                });
        assertThat(origin.server.sentBytes()).isEqualTo(SIZE);
        assertThat(root.server.sentBytes()).isEqualTo(SIZE);
        assertThat(inFirst.server.sentBytes()).isEqualTo(2 * first.size());
        assertThat(inSecond.server.sentBytes()).isEqualTo(2 * second.size());
        assertThat(leaf.server.sentBytes()).isZero();
    }

    @Test
    void oneWhoseSourceDiesGoesOnFromTheNextAndTheOtherIsNotTouched() throws Exception {
        TestNode one = nodes.origin("m-a");
        TestNode dies = nodes.origin("m-b");
        one.upLimit.set(2 << 20);
        dies.upLimit.set(1 << 20);
        TestNode puller = nodes.node("eu-1");
        ContentPull pull =
                pull(puller, List.of(one.source()), List.of(dies.source(), one.source()));
        puller.await(() -> puller.receivedFrom.containsKey("m-b"), "bytes of the second half");

        dies.server.close();
        one.upLimit.set(0);

        TestNode.await(pull.done());
        assertThat(content.received(puller)).isEqualTo(content.bytes());
        assertThat(pull.status().failures().keySet())
                .extracting(SourceId::node)
                .containsExactly("m-b");
        assertThat(pull.status().sources().getFirst().map(SourceId::node)).hasValue("m-a");
    }

    @Test
    @Tag("PKG-3")
    void whoeverSendsAWrongLeafOfOneIsBlamedForThatOne() throws Exception {
        byte[] changed = content.bytes().clone();
        changed[(int) second.begin() + 70_000] ^= 1;
        TestNode wrong = nodes.node("m-b");
        wrong.serve(content.placedIn(wrong.directory, changed, content.table().encoded()));
        TestNode right = nodes.origin("m-a");
        TestNode puller = nodes.node("eu-1");

        ContentPull pull =
                pull(puller, List.of(right.source()), List.of(wrong.source(), right.source()));
        TestNode.await(pull.done());

        assertThat(content.received(puller)).isEqualTo(content.bytes());
        assertThat(pull.status().failures().values())
                .extracting(SourceFailure::kind)
                .containsExactly(SourceFailure.Kind.WRONG_BYTES);
        assertThat(puller.receivedFrom.get("m-a"))
                .as("the leaf before the wrong one stays")
                .isEqualTo(SIZE - 65_536);
    }

    @Test
    void whatIsThereOfEitherIsNotPulledAgain() throws Exception {
        TestNode origin = nodes.origin("m-a");
        TestNode puller = nodes.node("eu-1");
        ContentPull half = pull(puller, List.of(), List.of(origin.source()));
        puller.awaitVerified(second.size());
        half.close();
        half.content().closed().get(30, TimeUnit.SECONDS);
        assertThat(half.done()).isCompletedExceptionally();
        puller.receivedFrom.clear();

        ContentPull rest = pull(puller, List.of(origin.source()), List.of(origin.source()));
        TestNode.await(rest.done());

        assertThat(puller.received()).isEqualTo(first.size());
        assertThat(content.received(puller)).isEqualTo(content.bytes());
    }

    @Test
    void theyShareALimitAndTheLastOneHasAllOfIt() throws Exception {
        int limit = 64 << 20;
        CountDownLatch asked = new CountDownLatch(1);
        try (ScriptedSource silent = new ScriptedSource("eu-9", (_, _) -> asked.countDown())) {
            TestNode origin = nodes.origin("m-a");
            TestNode puller = nodes.node("eu-1");
            puller.downLimit.set(limit);
            pull(puller, List.of(silent.source(), origin.source()), List.of(silent.source()));
            assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
            puller.awaitVerified(first.size());
            puller.await(() -> lastRate(silent) == limit, "a request with all of the limit");

            assertThat(silent.requests)
                    .first()
                    .satisfies(request -> {
                        assertThat(request.bytesPerSecond()).isEqualTo(limit / 2);
                    });
        }
    }

    private static long lastRate(ScriptedSource source) {
        List<PullRequest> requests = List.copyOf(source.requests);
        return requests.isEmpty() ? 0 : requests.getLast().bytesPerSecond();
    }

    @Test
    void aReaderGoesFromTheFirstIntoTheSecond() throws Exception {
        TestNode origin = nodes.origin("m-a");
        TestNode relay = nodes.node("eu-1");
        ContentPull begun = pull(relay, List.of(), List.of(origin.source()));
        relay.awaitVerified(second.size());
        try (var reader = begun.content().open(0, () -> {})) {
            assertThat(reader.available()).as("nothing of the first is here").isZero();
            begun.sources(new Sources(List.of(origin.source()), List.of(origin.source())));
            TestNode.await(begun.done());

            assertThat(reader.available()).isEqualTo(SIZE);
            byte[] read = new byte[SIZE];
            reader.readDisk(ByteBuffer.wrap(read, 0, (int) first.size()));
            reader.readDisk(ByteBuffer.wrap(read, (int) second.begin(), (int) second.size()));
            assertThat(read).isEqualTo(content.bytes());
        }
    }
}
