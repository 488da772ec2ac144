package dev.sluice.control.depot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decider;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.Installations;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.Recorded;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A master that runs site 25.3.0 and whose depot has room for about three packages. */
@Tag("PKG-4")
final class DepotKeeperTest {

    private static final NodeId A = new NodeId("m-a");
    private static final Actor ALICE = new Actor("alice");
    private static final Ballot BALLOT = new Ballot(0, 1, A, 7);
    private static final int SIZE = 1 << 20;
    private static final long MAX_PACKAGE = 10L * SIZE;
    private static final PackageName SITE = new PackageName("site");

    @TempDir private Path directory;
    private Path root;
    private SignedPackages packages;
    private Depot depot;
    private DepotKeeper keeper;
    private ClusterState state = ClusterState.EMPTY;
    private final List<Event> events = new ArrayList<>();
    private boolean inOffice = true;
    private Installations installed = new Installations(new TreeMap<>());
    private long capacity = Long.MAX_VALUE / 2;

    @BeforeEach
    void setUp() throws IOException {
        root = directory.resolve("depot");
        packages = new SignedPackages(directory);
        decided(new Command.TakeOffice(BALLOT, "25.3.0", "founder"));
        decided(
                new Command.FoundCluster(
                        new Topology(
                                "acme",
                                List.of(
                                        new Master(
                                                A,
                                                MasterRole.PRIMARY,
                                                new RegionId("eu"),
                                                new HardwareModel("b300"),
                                                new TreeMap<>())),
                                List.of()),
                        Policy.DEFAULT));
        runs("25.3.0", Optional.empty());
        start(Depot.UNBOUNDED);
    }

    /** The process begins; a depot is opened on what is on the disk. */
    private void start(long maxBytes) throws IOException {
        depot =
                Depot.open(
                        root,
                        packages.signers(),
                        SignedPackages.CLOCK,
                        MAX_PACKAGE,
                        maxBytes,
                        new SmallDisk());
        keeper =
                new DepotKeeper(
                        new DepotKeeper.Ports(
                                depot,
                                () -> state,
                                () -> installed,
                                () -> inOffice,
                                this::decided));
    }

    private final class SmallDisk implements Depot.Disk {
        @Override
        public FileChannel create(Path file) throws IOException {
            return FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        }

        @Override
        public long usable(Path of) throws IOException {
            try (Stream<Path> files = Files.walk(root)) {
                long used = 0;
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    used += Files.size(file);
                }
                return capacity - used;
            }
        }
    }

    private void runs(String version, Optional<String> previous) {
        TreeMap<PackageName, Version> before = new TreeMap<>();
        previous.ifPresent(v -> before.put(SITE, Version.parse(v)));
        installed =
                new Installations(
                        new TreeMap<>(
                                Map.of(
                                        A,
                                        new Installations.Installation(
                                                new TreeMap<>(Map.of(SITE, Version.parse(version))),
                                                before))));
    }

    /** Says why not. */
    private Optional<String> decided(Command command) {
        return switch (Decider.decide(state, command)) {
            case Decision.Accepted(var all) -> {
                for (Event event : all) {
                    events.add(event);
                    state =
                            state.apply(
                                    new Recorded(state.index() + 1, Instant.EPOCH, BALLOT, event));
                }
                yield Optional.empty();
            }
            case Decision.Rejected(var refusal) -> Optional.of(refusal.reason());
        };
    }

    private ImportResult sent(String version) throws IOException {
        // Packages of one size have the same random bytes, and would be one content.
        int size = SIZE + version.charAt(3);
        try (InputStream in = Files.newInputStream(packages.site(version, size))) {
            return depot.importPackage(in, keeper);
        }
    }

    /** Imported on a day of January. */
    private PackageRecord imported(String version, int day) throws IOException {
        PackageRecord pkg = ((ImportResult.Imported) sent(version)).pkg();
        assertThat(decided(new Command.ImportPackage(pkg, ALICE))).isEmpty();
        Files.setLastModifiedTime(
                root.resolve("packages").resolve(pkg.contentSha256()).resolve("package.sluice"),
                FileTime.from(Instant.parse("2026-01-%02dT00:00:00Z".formatted(day))));
        return pkg;
    }

    private String refusal(String version) throws IOException {
        return sent(version) instanceof ImportResult.Refused(var refusal)
                ? refusal.toString()
                : "imported";
    }

    private boolean has(PackageRecord pkg) {
        return depot.has(new ContentId(pkg.contentSha256()));
    }

    private void roomForThree() {
        capacity = Depot.SPARE_BYTES + 3 * SIZE + SIZE / 2;
    }

    @Test
    void anImportThatDoesNotFitHasTheOldestUnneededRemovedForAllMasters() throws IOException {
        PackageRecord second = imported("25.2.0", 2);
        PackageRecord first = imported("25.1.0", 1);
        PackageRecord runs = imported("25.3.0", 3);
        roomForThree();

        assertThat(refusal("25.4.0")).isEqualTo("imported");

        assertThat(has(first)).isFalse();
        assertThat(has(second)).isTrue();
        assertThat(has(runs)).isTrue();
        assertThat(events.getLast())
                .isEqualTo(
                        new Event.PackageRemoved(
                                first.ref(), "room for site 25.4.0", Actor.SLUICE));
    }

    @Test
    void theBoundOfTheConfigurationCountsAsTheDiskDoes() throws IOException {
        start(3L * SIZE + SIZE / 2);
        PackageRecord first = imported("25.1.0", 1);
        PackageRecord second = imported("25.2.0", 2);
        PackageRecord runs = imported("25.3.0", 3);

        assertThat(refusal("25.4.0")).isEqualTo("imported");

        assertThat(List.of(has(first), has(second), has(runs))).containsExactly(false, true, true);
    }

    @Test
    void whatCannotBeRemovedIsNamedWithWhatIsNeededAndFree() throws IOException {
        start(3L * SIZE + SIZE / 2);
        runs("25.3.0", Optional.of("25.2.0"));
        PackageRecord before = imported("25.2.0", 2);
        PackageRecord runs = imported("25.3.0", 3);
        PackageRecord later = imported("25.5.0", 4);

        assertThat(refusal("25.4.0"))
                .startsWith("package site 25.4.0: needs ")
                .containsPattern("needs \\d+ bytes; \\d+ are free")
                .contains(
                        "depot.maxBytes is 3670016",
                        "site 25.2.0: node m-a would go back to it",
                        "site 25.3.0: node m-a has it installed",
                        "site 25.5.0: site 25.3.0 runs, and this is not older");
        assertThat(List.of(has(before), has(runs), has(later))).containsOnly(true);
        assertThat(root.resolve("incoming")).isEmptyDirectory();
    }

    @Test
    void aPackageThatNobodyTrustedSignedHasNothingRemoved() throws IOException {
        PackageRecord first = imported("25.1.0", 1);
        imported("25.2.0", 2);
        imported("25.3.0", 3);
        roomForThree();
        Path strangers = Files.createDirectory(directory.resolve("strangers"));
        byte[] bytes = Files.readAllBytes(new SignedPackages(strangers).site("25.4.0", SIZE));

        assertThat(depot.importPackage(new ByteArrayInputStream(bytes), keeper))
                .isInstanceOf(ImportResult.Refused.class);
        assertThat(has(first)).isTrue();
    }

    @Test
    void aBackupDropsOnlyItsOwnCopyAndTheClusterKeepsThePackage() throws IOException {
        PackageRecord first = imported("25.1.0", 1);
        imported("25.2.0", 2);
        imported("25.3.0", 3);
        roomForThree();
        inOffice = false;

        assertThat(refusal("25.4.0")).isEqualTo("imported");

        assertThat(has(first)).isFalse();
        assertThat(state.packages()).containsKey(first.ref());
    }

    @Test
    void aRemovedPackageLeavesEveryMastersDepotAndItsLeafTableWithIt() throws IOException {
        PackageRecord first = imported("25.1.0", 1);
        Path table = Files.createDirectories(root.resolve("leaves")).resolve(first.contentSha256());
        Files.writeString(table, "table");
        inOffice = false;
        keeper.sweep();
        assertThat(has(first)).isTrue();

        assertThat(decided(new Command.RemovePackage(first.ref(), installed, "old", ALICE)))
                .isEmpty();
        keeper.sweep();

        assertThat(has(first)).isFalse();
        assertThat(Files.exists(table)).isFalse();
        assertThat(depot.holds(new ContentId(first.contentSha256()))).isFalse();
    }

    @Test
    void onlyAPrimaryTakesWhatTheStateNeverNamedForARest() throws IOException {
        PackageRecord lost = ((ImportResult.Imported) sent("25.1.0")).pkg();
        inOffice = true;
        keeper.sweep();
        assertThat(has(lost)).as("its import may be decided yet").isTrue();

        start(Depot.UNBOUNDED);
        inOffice = false;
        keeper.sweep();
        assertThat(has(lost)).as("this journal may lack it yet").isTrue();

        inOffice = true;
        keeper.sweep();
        assertThat(has(lost)).isFalse();
    }

    @Test
    void aCrashDuringARemovalLeavesARestThatTheNextStartRemoves() throws IOException {
        PackageRecord first = imported("25.1.0", 1);
        Path going = root.resolve("incoming").resolve("removed-" + first.contentSha256());
        Files.move(root.resolve("packages").resolve(first.contentSha256()), going);

        start(Depot.UNBOUNDED);

        assertThat(Files.exists(going)).isFalse();
    }

    @Test
    void aContentThatIsServedCanBeReadToItsEndAfterItsRemoval() throws IOException {
        PackageRecord first = imported("25.1.0", 1);
        ContentId id = new ContentId(first.contentSha256());
        try (Content content = depot.open(id).orElseThrow()) {
            assertThat(depot.remove(id, () -> true)).isTrue();
            assertThat(content.read(0, java.nio.ByteBuffer.allocate(SIZE))).isEqualTo(SIZE);
        }
        assertThat(depot.open(id)).isEmpty();
    }
}
