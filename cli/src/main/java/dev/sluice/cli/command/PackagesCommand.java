package dev.sluice.cli.command;

import com.google.protobuf.ByteString;
import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.connect.Connection;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.Table;
import dev.sluice.cli.render.Words;
import dev.sluice.v1.ImportPackageRequest;
import dev.sluice.v1.ImportPackageResponse;
import dev.sluice.v1.ListPackagesRequest;
import dev.sluice.v1.ListPackagesResponse;
import dev.sluice.v1.PackageStatus;
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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Packages: what the cluster has, and bringing more. */
@Command(name = "packages", description = "Lists and imports packages.")
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

    /** Sends files to the cluster, which verifies them. */
    @Command(name = "import", description = "Sends package files to the cluster.")
    static final class Import extends ClusterCommand {
        /** A package of 10 GB over 25 Mbit/s. */
        private static final Duration LIMIT = Duration.ofHours(1);

        private static final int CHUNK_BYTES = 256 * 1024;
        private static final int MAX_NAME = 255;

        @Parameters(arity = "1..*", paramLabel = "FILE", description = "Package files.")
        private List<Path> files = List.of();

        Import(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
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
                row(table, response.getPackage());
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
