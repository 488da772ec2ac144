package dev.sluice.control.depot;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.PackageRecord;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A master whose depot lacks what another one imported. */
@Tag("CLU-15")
final class DepotFillTest {

    private static final NodeId A = new NodeId("m-a");
    private static final NodeId C = new NodeId("m-c");
    private static final long MAX_BYTES = 10_000_000;

    @TempDir private Path directory;
    private SignedPackages packages;
    private Depot own;
    private PackageRecord record;
    private final Others others = new Others();
    private final List<PackageRecord> imported = new ArrayList<>();
    private Optional<ContentSource> near = Optional.empty();
    private DepotFill.Pace pace = (_, _) -> 0;

    /** Masters that give bytes, give some and break, or have nothing. */
    private static final class Others implements OtherDepots {
        private final Map<NodeId, byte[]> contents = new TreeMap<>();
        private final List<String> asked = new ArrayList<>();
        private int breakAfter = Integer.MAX_VALUE;

        @Override
        public List<NodeId> masters() {
            return List.of(A, C);
        }

        @Override
        public InputStream open(NodeId master, ContentId id, long offset) throws IOException {
            asked.add(master + "@" + offset);
            byte[] content = contents.get(master);
            if (content == null) {
                throw new IOException("NOT_FOUND: not complete here");
            }
            InputStream rest =
                    new ByteArrayInputStream(
                            Arrays.copyOfRange(content, (int) offset, content.length));
            return new InputStream() {
                private int given;

                @Override
                public int read() throws IOException {
                    throw new AssertionError("bytes are read many at a time");
                }

                @Override
                public int read(byte[] into, int start, int length) throws IOException {
                    if (given >= breakAfter) {
                        throw new IOException("UNAVAILABLE: the connection was lost");
                    }
                    int count = rest.read(into, start, Math.min(length, breakAfter - given));
                    given += count;
                    return count;
                }
            };
        }
    }

    @BeforeEach
    void setUp() throws IOException {
        packages = new SignedPackages(directory);
        own = open("own", packages);
        Depot theirs = open("theirs", packages);
        record = importInto(theirs, packages);
        imported.add(record);
        try (Content content = theirs.open(new ContentId(record.contentSha256())).orElseThrow()) {
            ByteBuffer all = ByteBuffer.allocate((int) content.size());
            while (content.read(all.position(), all) >= 0 && all.hasRemaining()) {}
            others.contents.put(A, all.array());
        }
    }

    private Depot open(String name, SignedPackages trusted) throws IOException {
        return Depot.open(
                directory.resolve(name), trusted.signers(), SignedPackages.CLOCK, MAX_BYTES);
    }

    private static PackageRecord importInto(Depot depot, SignedPackages made) throws IOException {
        try (InputStream input = Files.newInputStream(made.site("25.1.0", 700_000))) {
            return ((ImportResult.Imported) depot.importPackage(input)).pkg();
        }
    }

    private DepotFill fill(Depot depot) {
        return DepotFill.stepped(depot, () -> imported, near, others, pace);
    }

    private boolean has(Depot depot) {
        return depot.has(new ContentId(record.contentSha256()));
    }

    @Test
    @Tag("PKG-4")
    void whatTheNodesOwnAgentHasIsNotFetchedFromAnotherMaster() throws IOException {
        Path staged = Files.createDirectories(directory.resolve("staged"));
        near = Optional.of(new StagedContents(staged));
        Path content =
                Files.createDirectory(staged.resolve(record.contentSha256())).resolve("content");
        Files.write(content, requireNonNull(others.contents.get(A)));

        assertThat(fill(own).look()).isTrue();

        assertThat(has(own)).isTrue();
        assertThat(others.asked).isEmpty();
    }

    @Test
    @Tag("PKG-4")
    void whatTheNodesOwnAgentHasWronglyIsFetched() throws IOException {
        Path staged = Files.createDirectories(directory.resolve("staged"));
        near = Optional.of(new StagedContents(staged));
        byte[] wrong = requireNonNull(others.contents.get(A)).clone();
        wrong[wrong.length / 2] ^= 1;
        Path content =
                Files.createDirectory(staged.resolve(record.contentSha256())).resolve("content");
        Files.write(content, wrong);

        byte[] right = requireNonNull(others.contents.remove(A));
        DepotFill fill = fill(own);
        assertThat(fill.look()).isFalse();
        others.contents.put(A, right);

        assertThat(fill.look()).as("it does not sit out for what is wrong here").isTrue();

        assertThat(has(own)).isTrue();
    }

    @Test
    @Tag("PKG-4")
    void allThatComesFromAnotherMasterIsPaced() {
        Map<NodeId, Long> taken = new TreeMap<>();
        AtomicInteger looks = new AtomicInteger();
        pace =
                (master, bytes) -> {
                    taken.merge(master, (long) bytes, Long::sum);
                    boolean isOwed = bytes > 0 || looks.incrementAndGet() % 3 != 0;
                    return isOwed ? 1 : 0;
                };
        others.breakAfter = 300_000;

        assertThat(fill(own).look()).isTrue();

        long size = requireNonNull(others.contents.get(A)).length;
        assertThat(taken).isEqualTo(Map.of(A, size));
        assertThat(looks.get()).as("looks at what is still owed").isPositive();
        assertThat(looks.get() % 3).as("until nothing is").isZero();
    }

    @Test
    void fetchesWhatTheStateNamesAndTheDepotLacks() throws IOException {
        assertThat(fill(own).look()).isTrue();

        assertThat(has(own)).isTrue();
        try (Content content = own.open(new ContentId(record.contentSha256())).orElseThrow()) {
            assertThat(content.size()).isEqualTo(record.descriptor().sizeBytes());
        }
        assertThat(fill(own).look()).isTrue();
        assertThat(others.asked).containsExactly("m-a@0");
    }

    @Test
    void goesOnWhereAStreamBroke() {
        others.breakAfter = 300_000;

        assertThat(fill(own).look()).isTrue();

        assertThat(has(own)).isTrue();
        assertThat(others.asked).containsExactly("m-a@0", "m-a@300000", "m-a@600000");
    }

    @Test
    void givesUpAMasterThatBreaksWithoutEnd() throws IOException {
        others.breakAfter = 10;

        assertThat(fill(own).look()).isFalse();

        assertThat(has(own)).isFalse();
        assertThat(others.asked).hasSize(18).endsWith("m-c@0");
        assertThat(directory.resolve("own/incoming")).isEmptyDirectory();
    }

    @Test
    void asksTheNextMasterWhenOneDoesNotHaveIt() {
        others.contents.put(C, others.contents.remove(A));

        assertThat(fill(own).look()).isTrue();

        assertThat(others.asked).containsExactly("m-a@0", "m-c@0");
    }

    @Test
    void isNotDoneWhileNobodyHasIt() {
        others.contents.clear();

        assertThat(fill(own).look()).isFalse();
        assertThat(has(own)).isFalse();
    }

    @Test
    @Tag("PKG-3")
    void keepsNothingOfAContentThatWasChangedOnItsWay() throws IOException {
        requireNonNull(others.contents.get(A))[100_000] ^= 1;
        DepotFill fill = fill(own);

        assertThat(fill.look()).isFalse();
        assertThat(has(own)).isFalse();
        assertThat(directory.resolve("own/incoming")).isEmptyDirectory();

        assertThat(fill.look()).as("sits out what was refused").isFalse();
        assertThat(others.asked).containsExactly("m-a@0", "m-c@0");
    }

    @Test
    @Tag("PKG-3")
    void refusesAPackageWhoseSignerIsNotTrustedHere() throws IOException {
        Depot strict = open("strict", new SignedPackages(directory));

        assertThat(fill(strict).look()).isFalse();
        assertThat(has(strict)).isFalse();
    }
}
