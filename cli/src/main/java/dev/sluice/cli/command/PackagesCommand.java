package dev.sluice.cli.command;

import com.google.protobuf.ByteString;
import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.connect.Connection;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.Table;
import dev.sluice.cli.render.Words;
import dev.sluice.v1.DistributePackageRequest;
import dev.sluice.v1.DistributePackageResponse;
import dev.sluice.v1.ImportPackageRequest;
import dev.sluice.v1.ImportPackageResponse;
import dev.sluice.v1.ListPackagesRequest;
import dev.sluice.v1.ListPackagesResponse;
import dev.sluice.v1.PackageRef;
import dev.sluice.v1.PackageStatus;
import dev.sluice.v1.RemovePackageRequest;
import dev.sluice.v1.RemovePackageResponse;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Packages: what the cluster has, and bringing more. */
@Command(name = "packages", description = "Lists, imports and distributes packages.")
final class PackagesCommand {
    private PackagesCommand() {}

    static PackagesCommand group() {
        return new PackagesCommand();
    }

    private static Table table() {
        return new Table(
                "PACKAGE",
                "VERSION",
                "KIND",
                "SIZE",
                "AVAILABILITY",
                "STAGED",
                "INSTALLED",
                "BLOCKED BY");
    }

    private static void row(Table table, PackageStatus status) {
        table.row(
                status.getPackage().getName(),
                status.getPackage().getVersion(),
                status.getKind(),
                Words.bytes(status.getSizeBytes()),
                status.getAvailability(),
                status.getNodesStaged(),
                status.getNodesInstalled(),
                status.getBlockedBy());
    }

    /** What there is. */
    @Command(name = "list", description = "Lists the packages and what blocks them.")
    static final class Listing extends ClusterCommand {
        Listing(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            ListPackagesResponse response =
                    client.call(connection ->
                            connection
                                    .within(root().timeout())
                                    .listPackages(ListPackagesRequest.getDefaultInstance()));
            root().print(
                            Documents.of(response),
                            () -> {
                                Table table = table();
                                response.getPackagesList().forEach(status -> row(table, status));
                                return table.lines();
                            });
            return ExitCode.OK;
        }
    }

    /** Has the nodes fetch a package before an upgrade needs it. */
    @Command(name = "distribute", description = "Has every node that a package suits fetch it now.")
    static final class Distribute extends ClusterCommand {
        private static final Duration LOOK = Duration.ofSeconds(1);

        @Parameters(index = "0", paramLabel = "NAME", description = "The package, such as site.")
        private String name = "";

        @Parameters(index = "1", paramLabel = "VERSION", description = "Its version.")
        private String version = "";

        @Option(
                names = "--stop",
                description =
                        "Nodes need not have it any more; what they have stays until its room is needed.")
        private boolean stop;

        @Option(
                names = "--wait",
                description = "Returns when every node has it, and shows how far it is.")
        private boolean wait;

        Distribute(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            if (stop && wait) {
                throw CommandFailure.badInput(
                        "--stop and --wait: expected one of them, found both; nothing was changed");
            }
            DistributePackageResponse answer =
                    client.call(connection ->
                            connection
                                    .within(root().timeout())
                                    .distributePackage(
                                            DistributePackageRequest.newBuilder()
                                                    .setPackage(
                                                            PackageRef.newBuilder()
                                                                    .setName(name)
                                                                    .setVersion(version))
                                                    .setStop(stop)
                                                    .build()));
            PackageStatus status = answer.getPackage();
            String waitsFor = answer.getTransfersWait();
            while (wait && status.getNodesLacking() > 0) {
                root().surroundings()
                        .err()
                        .println("sluice: " + progress(status) + waiting(waitsFor));
                pause();
                ListPackagesResponse all = look(client);
                waitsFor = all.getTransfersWait();
                status = of(all, status);
            }
            Table table = table();
            row(table, status);
            root().print(Map.of("package", Documents.of(status)), table::lines);
            return ExitCode.OK;
        }

        private static String progress(PackageStatus status) {
            double all = (double) status.getSizeBytes() * status.getNodesSuited();
            return "%s %s: %d of %d nodes, %.0f %%"
                    .formatted(
                            status.getPackage().getName(),
                            status.getPackage().getVersion(),
                            status.getNodesSuited() - status.getNodesLacking(),
                            status.getNodesSuited(),
                            100 * status.getBytesStaged() / Math.max(1, all));
        }

        private static String waiting(String waitsFor) {
            return waitsFor.isEmpty() ? "" : "; transfers that have not begun wait: " + waitsFor;
        }

        private ListPackagesResponse look(ClusterClient client) {
            return client.call(connection ->
                    connection
                            .within(root().timeout())
                            .listPackages(ListPackagesRequest.getDefaultInstance()));
        }

        private static PackageStatus of(ListPackagesResponse all, PackageStatus before) {
            return all.getPackagesList().stream()
                    .filter(status -> status.getPackage().equals(before.getPackage()))
                    .findFirst()
                    .orElse(before);
        }

        private void pause() {
            try {
                root().surroundings().pause().take(LOOK);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                throw Status.CANCELLED.withDescription("interrupted").asRuntimeException();
            }
        }
    }

    /** Removes a package that nothing needs. */
    @Command(
            name = "remove",
            description = "Removes a package from all masters, unless something needs it.")
    static final class Remove extends ClusterCommand {

        @Parameters(index = "0", paramLabel = "NAME", description = "The package, such as site.")
        private String name = "";

        @Parameters(index = "1", paramLabel = "VERSION", description = "Its version.")
        private String version = "";

        Remove(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            RemovePackageResponse response =
                    client.call(connection ->
                            connection
                                    .within(root().timeout())
                                    .removePackage(
                                            RemovePackageRequest.newBuilder()
                                                    .setPackage(
                                                            PackageRef.newBuilder()
                                                                    .setName(name)
                                                                    .setVersion(version))
                                                    .build()));
            root().print(
                            Documents.of(response),
                            () ->
                                    List.of(
                                            "%s %s is removed, %s"
                                                    .formatted(
                                                            name,
                                                            version,
                                                            Words.bytes(response.getSizeBytes()))));
            return ExitCode.OK;
        }
    }

    /** Sends files to the cluster, which verifies them. */
    @Command(
            name = "import",
            description = "Brings packages into the cluster, which verifies them.")
    static final class Import extends ClusterCommand {
        /** A package of 10 GB over 25 Mbit/s. */
        static final Duration LIMIT = Duration.ofHours(1);

        private static final int CHUNK_BYTES = 256 * 1024;
        private static final int MAX_NAME = 255;

        @Parameters(arity = "0..*", paramLabel = "FILE", description = "Package files, or bundles.")
        private List<Path> files = List.of();

        @Option(
                names = "--channel",
                paramLabel = "NAME:VERSION",
                description = "Has the cluster download a package, and those before it, itself.")
        private Optional<String> offered = Optional.empty();

        Import(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            if (offered.isPresent() == !files.isEmpty()) {
                throw CommandFailure.badInput(
                        "expected package files or --channel NAME:VERSION, found "
                                + (offered.isPresent() ? "both" : "neither"));
            }
            if (offered.isPresent()) {
                ChannelCommands.bring(this, client, ChannelCommands.ref(offered.get()));
                return ExitCode.OK;
            }
            for (Path file : files) {
                if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
                    throw CommandFailure.badInput(
                            file
                                    + ": expected a file that can be read, found none; nothing was"
                                    + " sent");
                }
            }
            Table table = table();
            List<Map<String, Object>> documents = new ArrayList<>();
            for (Path file : files) {
                ImportPackageResponse response = client.call(connection -> send(connection, file));
                if (response.getBundleCount() == 0) {
                    row(table, response.getPackage());
                }
                response.getBundleList().forEach(status -> row(table, status));
                documents.add(Documents.of(response));
            }
            root().print(Map.of("imported", documents), table::lines);
            return ExitCode.OK;
        }

        private static ImportPackageResponse send(Connection connection, Path file) {
            BlockingClientCall<ImportPackageRequest, ImportPackageResponse> call =
                    connection.sendingWithin(LIMIT).importPackage();
            try (InputStream in = Files.newInputStream(file)) {
                String name = String.valueOf(file.getFileName());
                boolean wanted =
                        call.write(
                                ImportPackageRequest.newBuilder()
                                        .setFileName(
                                                name.length() > MAX_NAME
                                                        ? name.substring(0, MAX_NAME)
                                                        : name)
                                        .build());
                byte[] chunk = new byte[CHUNK_BYTES];
                int count = in.readNBytes(chunk, 0, CHUNK_BYTES);
                while (wanted && count > 0) {
                    wanted =
                            call.write(
                                    ImportPackageRequest.newBuilder()
                                            .setData(ByteString.copyFrom(chunk, 0, count))
                                            .build());
                    count = in.readNBytes(chunk, 0, CHUNK_BYTES);
                }
                if (wanted) {
                    call.halfClose();
                }
                @Nullable ImportPackageResponse response = call.read();
                if (response == null) {
                    throw Status.INTERNAL
                            .withDescription(file + ": the master ended the import without a word")
                            .asRuntimeException();
                }
                return response;
            } catch (StatusException e) {
                throw e.getStatus().asRuntimeException(e.getTrailers());
            } catch (IOException e) {
                call.cancel("the file cannot be read", e);
                throw CommandFailure.badInput(
                        file + " cannot be read: " + e.getMessage() + "; it was not imported");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                call.cancel("interrupted", e);
                throw Status.CANCELLED.withDescription("interrupted").asRuntimeException();
            }
        }
    }
}
