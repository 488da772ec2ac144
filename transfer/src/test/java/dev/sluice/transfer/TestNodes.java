package dev.sluice.transfer;

import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.pull.Sources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The nodes of a test, and what they pull of one content. To be closed. */
final class TestNodes {

    final List<ContentPull> pulls = new ArrayList<>();
    private final List<TestNode> nodes = new ArrayList<>();
    private final Path directory;
    private final TestContent content;

    TestNodes(Path directory, TestContent content) {
        this.directory = directory;
        this.content = content;
    }

    TestNode node(String id) throws Exception {
        TestNode node = new TestNode(id, directory);
        nodes.add(node);
        return node;
    }

    /** One that has the content. */
    TestNode origin(String id) throws Exception {
        TestNode origin = node(id);
        content.placeAt(origin);
        return origin;
    }

    ContentPull pull(TestNode node, Source... sources) throws Exception {
        return pull(node, Sources.ofWhole(List.of(sources)));
    }

    ContentPull pull(TestNode node, Sources sources) throws Exception {
        ContentPull pull = node.pull(content, sources);
        pulls.add(pull);
        return pull;
    }

    /** Those that pull, in the order in which they were made. */
    List<TestNode> allBut(TestNode origin) {
        return nodes.stream().filter(node -> node != origin).toList();
    }

    public void close() throws Exception {
        pulls.forEach(ContentPull::close);
        nodes.forEach(TestNode::close);
        for (ContentPull pull : pulls) {
            TestNode.await(pull.content().closed());
        }
    }
}
