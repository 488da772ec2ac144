package dev.sluice.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.Sources;
import dev.sluice.transfer.store.DiskFullException;
import dev.sluice.transfer.store.DiskSpace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class ResumeTest {

    private static final int SIZE = 4 * (1 << 20) + 1024;

    @TempDir Path directory;
    private final TestContent content = TestContent.of(SIZE, 3);
    private TestNode origin;
    private TestNode puller;

    @BeforeEach
    void nodes() throws Exception {
        origin = new TestNode("m-a", directory);
        content.placeAt(origin);
        puller = new TestNode("eu-1", directory);
    }

    @AfterEach
    void close() {
        puller.close();
        origin.close();
    }

    @Test
    @Tag("PKG-4")
    void anAgentThatStartsAgainPullsOnlyWhatIsMissing() throws Exception {
        origin.upLimit.set(4 << 20);
        ContentPull first = puller.pull(content, origin.source());
        puller.awaitVerified(1 << 20);
        first.close();
        first.content().closed().get(30, TimeUnit.SECONDS);
        long had = first.content().verified();
        origin.upLimit.set(0);
        puller.receivedFrom.clear();

        try (ContentPull second = puller.pull(content, origin.source())) {
            assertThat(second.content().verified()).isEqualTo(had);
            TestNode.await(second.done());
        }

        assertThat(had).isGreaterThanOrEqualTo(1 << 20);
        assertThat(puller.received()).isEqualTo(SIZE - had);
        assertThat(content.received(puller)).isEqualTo(content.bytes());
    }

    @Test
    void anAgentWhoseTableIsLostAsksForItAgain() throws Exception {
        try (ContentPull first = puller.pull(content, origin.source())) {
            TestNode.await(first.done());
        }
        Files.delete(puller.directory.resolve("leaves"));
        puller.receivedFrom.clear();

        try (ContentPull second = puller.pull(content, origin.source())) {
            TestNode.await(second.done());
        }

        assertThat(puller.received()).isZero();
    }

    @Test
    void aContentThatDoesNotFitIsRefusedBeforeItsFirstByte() {
        DiskSpace small = DiskSpace.system(_ -> 1 << 20);

        assertThatThrownBy(() -> puller.pull(content, small, origin.source()))
                .isInstanceOf(DiskFullException.class)
                .hasMessageContaining("needs %d bytes of disk space, found %d free", SIZE, 1 << 20);
        assertThat(puller.directory.resolve("content.part")).doesNotExist();
    }

    @Test
    void aLimitThatIsRaisedCountsForAPullThatRuns() throws Exception {
        puller.downLimit.set(1 << 10);
        try (ContentPull pull = puller.pull(content, origin.source())) {
            puller.awaitReceived(1);
            puller.downLimit.set(0);

            pull.sources(Sources.ofWhole(List.of(origin.source())));

            TestNode.await(pull.done());
            assertThat(pull.status().failures()).isEmpty();
        }
    }

    @Test
    @Tag("PKG-4")
    void aNewListOfSourcesIsTakenWhileItPulls() throws Exception {
        try (ContentPull pull = puller.pull(content)) {
            assertThat(pull.done()).isNotDone();

            pull.sources(Sources.ofWhole(List.of(origin.source())));

            TestNode.await(pull.done());
        }
        assertThat(content.received(puller)).isEqualTo(content.bytes());
    }
}
