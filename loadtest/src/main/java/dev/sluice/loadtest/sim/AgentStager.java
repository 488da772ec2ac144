package dev.sluice.loadtest.sim;

import dev.sluice.agent.ledger.Outcome;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.StagePackage;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Pulls a package's content from the first source that has it: bytes are only counted. */
final class AgentStager {

    private static final long LOOK_NANOS = Duration.ofMillis(500).toNanos();
    private static final long BYTES_A_LOOK = 16 << 20;

    private final World world;
    private final Life life;
    private final SimNode node;
    private final Runnable changed;

    AgentStager(World world, Life life, SimNode node, Runnable changed) {
        this.world = world;
        this.life = life;
        this.node = node;
        this.changed = changed;
    }

    void stage(StagePackage order, Consumer<Outcome> done) {
        Manifest manifest;
        try {
            manifest = Manifest.parse(order.getManifest().toByteArray());
        } catch (InvalidPackageException e) {
            done.accept(Outcome.refused(String.valueOf(e.getMessage())));
            return;
        }
        String content = manifest.content().sha256().hex();
        pull(content, manifest.content().size(), order.getSourcesList(), done);
    }

    private void pull(
            String content, long size, List<PackageLocation> sources, Consumer<Outcome> done) {
        long present = node.staged().getOrDefault(content, 0L);
        if (present >= size) {
            done.accept(new Outcome.Done("complete and verified"));
            return;
        }
        boolean reached =
                sources.stream()
                        .anyMatch(source ->
                                world.servesContent(
                                        source.getAddress(), content, size, node.machine()));
        if (!reached) {
            done.accept(
                    Outcome.retryable(
                            "node %s: no source of %d has the content"
                                    .formatted(node.id(), sources.size())));
            return;
        }
        life.after(
                LOOK_NANOS,
                () -> {
                    life.point();
                    node.staged().put(content, Math.min(size, present + BYTES_A_LOOK));
                    changed.run();
                    pull(content, size, sources, done);
                });
    }
}
