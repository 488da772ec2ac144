package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.connect.Connection;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.Table;
import dev.sluice.cli.render.Words;
import dev.sluice.v1.AcceptEulaRequest;
import dev.sluice.v1.AcceptEulaResponse;
import dev.sluice.v1.ChannelOffer;
import dev.sluice.v1.CheckChannelRequest;
import dev.sluice.v1.CheckChannelResponse;
import dev.sluice.v1.GetDeviceKeyRequest;
import dev.sluice.v1.GetEulaRequest;
import dev.sluice.v1.GetEulaResponse;
import dev.sluice.v1.ImportFromChannelRequest;
import dev.sluice.v1.ImportFromChannelResponse;
import dev.sluice.v1.PackageRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Where packages come from and under which terms: channels, device keys, licences. */
final class ChannelCommands {

    /** A channel's files are small; the bound is the web server's. */
    private static final Duration READING = Duration.ofMinutes(3);

    private ChannelCommands() {}

    /** {@code NAME:VERSION}. */
    static PackageRef ref(String text) {
        int colon = text.indexOf(':');
        if (colon < 1 || colon == text.length() - 1) {
            throw CommandFailure.badInput(
                    "--channel \"" + text + "\": expected NAME:VERSION, such as site:25.2.0");
        }
        return PackageRef.newBuilder()
                .setName(text.substring(0, colon))
                .setVersion(text.substring(colon + 1))
                .build();
    }

    /** Brings a package in with all that it needs, and tells how it goes. */
    static void bring(ClusterCommand command, ClusterClient client, PackageRef wanted) {
        List<Map<String, Object>> documents = new ArrayList<>();
        Table table = new Table("PACKAGE", "VERSION", "SIZE", "STATE");
        boolean _ =
                client.call(connection -> {
                    Iterator<ImportFromChannelResponse> steps = importing(connection, wanted);
                    while (steps.hasNext()) {
                        ImportFromChannelResponse step = steps.next();
                        if (step.getState().equals("IMPORTED")) {
                            documents.add(Documents.of(step));
                            table.row(
                                    step.getPackage().getName(),
                                    step.getPackage().getVersion(),
                                    Words.bytes(step.getSizeBytes()),
                                    step.getState());
                        }
                    }
                    return true;
                });
        command.root().print(Map.of("imported", documents), table::lines);
    }

    private static Iterator<ImportFromChannelResponse> importing(
            Connection connection, PackageRef wanted) {
        return connection
                .within(PackagesCommand.Import.LIMIT)
                .importFromChannel(
                        ImportFromChannelRequest.newBuilder().setPackage(wanted).build());
    }

    /** What the channel has. */
    @Command(
            name = "check",
            description = "Asks the channel what there is, and what of it can be installed now.")
    static final class Check extends ClusterCommand {
        Check(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            CheckChannelResponse response =
                    client.call(connection ->
                            connection
                                    .within(READING)
                                    .checkChannel(CheckChannelRequest.getDefaultInstance()));
            root().print(Documents.of(response), () -> table(response).lines());
            return ExitCode.OK;
        }

        private static Table table(CheckChannelResponse response) {
            Table table =
                    new Table(
                            "PACKAGE",
                            "VERSION",
                            "KIND",
                            "SIZE",
                            "IMPORTED",
                            "AVAILABILITY",
                            "BLOCKED BY");
            for (ChannelOffer offer : response.getOffersList()) {
                table.row(
                        offer.getPackage().getName(),
                        offer.getPackage().getVersion(),
                        offer.getKind(),
                        Words.bytes(offer.getSizeBytes()),
                        offer.getImported() ? "yes" : "no",
                        offer.getAvailability(),
                        offer.getBlockedBy());
            }
            return table;
        }
    }

    /** What a machine with a network needs to know. */
    @Command(
            name = "device-key",
            description = {
                "Writes what a machine with a network needs to know of this cluster",
                "to pack a bundle for it (sluice channel bundle)."
            })
    static final class DeviceKey extends ClusterCommand {
        @Option(
                names = {"-f", "--file"},
                required = true,
                paramLabel = "FILE",
                description = "Where to write it.")
        private Path file = Path.of("");

        DeviceKey(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            byte[] key =
                    client.call(connection ->
                                    connection
                                            .within(root().timeout())
                                            .getDeviceKey(GetDeviceKeyRequest.getDefaultInstance()))
                            .getDeviceKey()
                            .toByteArray();
            try {
                Path temporary = file.resolveSibling("." + file.getFileName() + ".tmp");
                Files.write(temporary, key);
                Files.move(
                        temporary,
                        file,
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw CommandFailure.badInput(file + " cannot be written: " + e.getMessage());
            }
            root().print(Map.of("file", file.toString()), () -> List.of(file + " written"));
            return ExitCode.OK;
        }
    }

    /** Licence terms. */
    @Command(
            name = "accept",
            description = {
                "Accepts the licence terms of a package, on record.",
                "Without --eula-sha256 the terms are shown, and only that."
            })
    static final class Accept extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "The package.")
        private String name = "";

        @Parameters(index = "1", paramLabel = "VERSION", description = "Its version.")
        private String version = "";

        @Option(
                names = "--eula-sha256",
                paramLabel = "HASH",
                description = "The hash of the text that is accepted, as it was shown.")
        private Optional<String> hash = Optional.empty();

        Accept(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            PackageRef ref = PackageRef.newBuilder().setName(name).setVersion(version).build();
            return hash.isPresent() ? accept(client, ref, hash.get()) : show(client, ref);
        }

        private ExitCode show(ClusterClient client, PackageRef ref) {
            GetEulaResponse terms =
                    client.call(connection ->
                            connection
                                    .within(root().timeout())
                                    .getEula(GetEulaRequest.newBuilder().setPackage(ref).build()));
            root().print(Documents.of(terms), () -> lines(terms));
            return ExitCode.OK;
        }

        private List<String> lines(GetEulaResponse terms) {
            if (terms.getText().isEmpty()) {
                return List.of(name + " " + version + " has no licence terms");
            }
            List<String> lines = new ArrayList<>(terms.getText().lines().toList());
            lines.add("");
            lines.add(
                    terms.getAccepted()
                            ? "These terms are accepted already."
                            : "To accept: sluice packages accept %s %s --eula-sha256 %s"
                                    .formatted(name, version, terms.getSha256()));
            return lines;
        }

        private ExitCode accept(ClusterClient client, PackageRef ref, String sha256) {
            AcceptEulaResponse response =
                    client.call(connection ->
                            connection
                                    .within(root().timeout())
                                    .acceptEula(
                                            AcceptEulaRequest.newBuilder()
                                                    .setPackage(ref)
                                                    .setSha256(sha256)
                                                    .build()));
            root().print(
                            Documents.of(response),
                            () ->
                                    List.of(
                                            response.getKnown()
                                                    ? "was accepted before"
                                                    : "accepted, on record: see 'sluice events'"));
            return ExitCode.OK;
        }
    }
}
