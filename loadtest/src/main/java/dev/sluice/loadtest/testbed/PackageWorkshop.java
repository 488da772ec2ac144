package dev.sluice.loadtest.testbed;

import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageBuilder;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageSigner;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.Requirement;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.RolePayload;
import dev.sluice.trust.packages.VersionRange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Builds the packages of a test cluster from what the build made: for masters the control plane's
 * own distribution, for traffic nodes the sample site, and base images for the simulated hardware.
 */
final class PackageWorkshop {

    private static final int IMAGE_BYTES = 2 << 20;

    private static final String JAVA = "exec \"$JAVA_HOME/bin/java\" ";

    private final Path checkout;
    private final Path work;
    private final PackageSigner signer;

    PackageWorkshop(Path checkout, Path work, PackageSigner signer) {
        this.checkout = checkout;
        this.work = work;
        this.signer = signer;
    }

    /** A site package: the control plane for masters, the sample site for traffic nodes. */
    Path site(String version, long releaseCounter, String requiredBase) throws IOException {
        Path payload = work.resolve("site-" + version);
        Path master = Files.createDirectories(payload.resolve("master"));
        Files.createDirectories(master.resolve("lib"));
        copyJars("control-plane", master.resolve("lib"), true);
        Files.writeString(master.resolve("VERSION"), version + "\n");
        script(
                master.resolve("run"),
                JAVA
                        + String.join(" ", JvmFlags.controlPlane())
                        + " -Dsluice.distribution=\"$PWD_OF_RUN\" -cp \"$PWD_OF_RUN/lib/*\""
                        + " dev.sluice.control.ControlPlane --config \"$SLUICE_CONFIG\"");
        Path traffic = Files.createDirectories(payload.resolve("traffic"));
        copyJars("sample-site", traffic, false);
        Files.writeString(traffic.resolve("VERSION"), version + "\n");
        script(
                traffic.resolve("run"),
                JAVA
                        + String.join(" ", JvmFlags.with("-Xmx24m"))
                        + " -cp \"$PWD_OF_RUN/*\" dev.sluice.sample.SampleSite --version \"$(cat \"$PWD_OF_RUN/VERSION\")\""
                        + " --node \"$SLUICE_NODE_ID\" --listen \"$SITE_LISTEN\" --control \"$SITE_CONTROL\"");
        ManifestDraft draft =
                ManifestDraft.of(
                                new PackageName("site"),
                                PackageKind.SITE,
                                new PackageVersion(version),
                                releaseCounter,
                                Installation.Roles.of(
                                        Map.of(
                                                Role.MASTER,
                                                new RolePayload(
                                                        new PayloadPath("master"), List.of("run")),
                                                Role.TRAFFIC,
                                                new RolePayload(
                                                        new PayloadPath("traffic"),
                                                        List.of("run")))))
                        .withRequires(
                                List.of(
                                        new Requirement(
                                                new PackageName("base"),
                                                new VersionRange(requiredBase))))
                        .withInvalidatesClients(true);
        Path out = work.resolve("site-" + version + ".sluice");
        PackageBuilder.build(draft, payload, signer, out);
        return out;
    }

    /**
     * A base package: an image that the simulated management controller accepts, of random bytes.
     */
    Path base(String version, long releaseCounter) throws IOException {
        Path payload = Files.createDirectories(work.resolve("base-" + version));
        byte[] content = new byte[IMAGE_BYTES];
        new Random(releaseCounter).nextBytes(content);
        try (OutputStream image = Files.newOutputStream(payload.resolve("base.img"))) {
            image.write(("SLUICE-BASE base " + version + "\n").getBytes(StandardCharsets.UTF_8));
            image.write(content);
        }
        ManifestDraft draft =
                ManifestDraft.of(
                        new PackageName("base"),
                        PackageKind.BASE,
                        new PackageVersion(version),
                        releaseCounter,
                        new Installation.Image(new PayloadPath("base.img")));
        Path out = work.resolve("base-" + version + ".sluice");
        PackageBuilder.build(draft, payload, signer, out);
        return out;
    }

    private void copyJars(String module, Path to, boolean withLibraries) throws IOException {
        Path target = checkout.resolve(module).resolve("target");
        copyJars(target, to, "sluice-" + module + "-");
        if (withLibraries) {
            copyJars(target.resolve("lib"), to, "");
        }
    }

    private static void copyJars(Path from, Path to, String prefix) throws IOException {
        int copied = 0;
        try (Stream<Path> files = Files.list(from)) {
            for (Path jar : files.sorted().toList()) {
                String name = jar.getFileName().toString();
                if (name.startsWith(prefix)
                        && name.endsWith(".jar")
                        && !name.endsWith("-tests.jar")) {
                    Files.copy(jar, to.resolve(name));
                    copied++;
                }
            }
        }
        if (copied == 0) {
            throw new IOException(
                    "%s: expected jars \"%s*.jar\", found none; build with ./mvnw -DskipTests package"
                            .formatted(from, prefix));
        }
    }

    private static void script(Path file, String command) throws IOException {
        Files.writeString(
                file,
                """
                #!/bin/sh
                # The folder this script lies in, whatever the working directory is.
                PWD_OF_RUN=$(cd "$(dirname "$0")" && pwd)
                %s
                """
                        .formatted(command));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
