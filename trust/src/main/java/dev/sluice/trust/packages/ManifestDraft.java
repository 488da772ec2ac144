package dev.sluice.trust.packages;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * All of a manifest but the content, which only building the package can tell.
 *
 * @param releaseCounter grows with every release of the name; a node that has seen one refuses
 *     lower ones. From 1
 * @param requires at most {@value #MAX_REQUIREMENTS}, each name once
 * @param minDirectUpgradeFrom the oldest version from which this one can be installed directly;
 *     null when there is none too old
 * @param compatible hardware models; empty when every model will do. At most {@value #MAX_MODELS}
 * @param rebootRequired whether the node reboots in the installation
 * @param invalidatesClients whether clients must be upgraded afterwards; site packages only
 * @param soak how long to wait before the next site package; null when policy decides. At most a
 *     year
 * @param eula a text that must be accepted before the first installation; null when there is none.
 *     At most {@value #MAX_EULA_CHARS} characters
 */
public record ManifestDraft(
        PackageName name,
        PackageKind kind,
        PackageVersion version,
        long releaseCounter,
        List<Requirement> requires,
        @Nullable PackageVersion minDirectUpgradeFrom,
        List<String> compatible,
        boolean rebootRequired,
        boolean invalidatesClients,
        @Nullable Duration soak,
        @Nullable String eula,
        Installation installation) {
    /** The greatest number of requirements. */
    public static final int MAX_REQUIREMENTS = 64;

    /** The greatest number of hardware models. */
    public static final int MAX_MODELS = 256;

    /** The longest licence agreement. */
    public static final int MAX_EULA_CHARS = 1 << 18;

    private static final Duration MAX_SOAK = Duration.ofDays(366);
    private static final Pattern MODEL = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");

    public ManifestDraft {
        requires = List.copyOf(requires);
        compatible = List.copyOf(compatible);
        require(releaseCounter >= 1, "releaseCounter " + releaseCounter + " is less than 1");
        checkRequirements(requires);
        checkModels(compatible);
        checkInstallation(name, kind, installation);
        require(
                minDirectUpgradeFrom == null || minDirectUpgradeFrom.compareTo(version) < 0,
                "minDirectUpgradeFrom " + minDirectUpgradeFrom + " is not older than " + version);
        require(
                kind == PackageKind.SITE || !invalidatesClients,
                "invalidatesClients: only a SITE package can, not " + kind);
        require(
                soak == null || (!soak.isNegative() && soak.compareTo(MAX_SOAK) <= 0),
                "soak " + soak + " is negative or longer than " + MAX_SOAK);
        require(
                eula == null || (!eula.isBlank() && eula.length() <= MAX_EULA_CHARS),
                "eula is blank or longer than " + MAX_EULA_CHARS + " characters");
    }

    /** A draft with nothing but what every package has. */
    public static ManifestDraft of(
            PackageName name,
            PackageKind kind,
            PackageVersion version,
            long releaseCounter,
            Installation installation) {
        return new ManifestDraft(
                name,
                kind,
                version,
                releaseCounter,
                List.of(),
                null,
                List.of(),
                kind == PackageKind.BASE,
                false,
                null,
                null,
                installation);
    }

    /**
     * The draft in JSON: a manifest without {@code content}.
     *
     * @throws InvalidPackageException which names the key that is wrong
     */
    public static ManifestDraft parse(byte[] json) throws InvalidPackageException {
        return ManifestJson.parseDraft(json);
    }

    private static void checkRequirements(List<Requirement> requires) {
        require(
                requires.size() <= MAX_REQUIREMENTS,
                "requires has " + requires.size() + " entries, at most " + MAX_REQUIREMENTS);
        Set<PackageName> names = new HashSet<>();
        for (Requirement requirement : requires) {
            require(
                    names.add(requirement.name()),
                    "requires names " + requirement.name() + " twice");
        }
    }

    private static void checkModels(List<String> compatible) {
        require(
                compatible.size() <= MAX_MODELS,
                "compatible has " + compatible.size() + " entries, at most " + MAX_MODELS);
        Set<String> models = new HashSet<>();
        for (String model : compatible) {
            require(
                    MODEL.matcher(model).matches(),
                    "hardware model "
                            + Printable.quoted(model)
                            + " is not 1 to 63 of a-z, 0-9, '.', '_' and '-'");
            require(models.add(model), "compatible names " + model + " twice");
        }
    }

    private static void checkInstallation(
            PackageName name, PackageKind kind, Installation installation) {
        switch (installation) {
            case Installation.Image _ ->
                    require(
                            kind == PackageKind.BASE,
                            kind + " package " + name + " has an image; it should have roles");
            case Installation.Roles roles -> {
                require(
                        kind != PackageKind.BASE,
                        "BASE package " + name + " has roles; it should have an image");
                require(
                        kind == PackageKind.ADDON || !roles.payloads().isEmpty(),
                        kind + " package " + name + " has no roles; at least one expected");
            }
        }
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }

    public ManifestDraft withRequires(List<Requirement> value) {
        return new ManifestDraft(
                name,
                kind,
                version,
                releaseCounter,
                value,
                minDirectUpgradeFrom,
                compatible,
                rebootRequired,
                invalidatesClients,
                soak,
                eula,
                installation);
    }

    public ManifestDraft withMinDirectUpgradeFrom(PackageVersion value) {
        return new ManifestDraft(
                name,
                kind,
                version,
                releaseCounter,
                requires,
                value,
                compatible,
                rebootRequired,
                invalidatesClients,
                soak,
                eula,
                installation);
    }

    public ManifestDraft withCompatible(List<String> value) {
        return new ManifestDraft(
                name,
                kind,
                version,
                releaseCounter,
                requires,
                minDirectUpgradeFrom,
                value,
                rebootRequired,
                invalidatesClients,
                soak,
                eula,
                installation);
    }

    public ManifestDraft withRebootRequired(boolean value) {
        return new ManifestDraft(
                name,
                kind,
                version,
                releaseCounter,
                requires,
                minDirectUpgradeFrom,
                compatible,
                value,
                invalidatesClients,
                soak,
                eula,
                installation);
    }

    public ManifestDraft withInvalidatesClients(boolean value) {
        return new ManifestDraft(
                name,
                kind,
                version,
                releaseCounter,
                requires,
                minDirectUpgradeFrom,
                compatible,
                rebootRequired,
                value,
                soak,
                eula,
                installation);
    }

    public ManifestDraft withSoak(Duration value) {
        return new ManifestDraft(
                name,
                kind,
                version,
                releaseCounter,
                requires,
                minDirectUpgradeFrom,
                compatible,
                rebootRequired,
                invalidatesClients,
                value,
                eula,
                installation);
    }

    public ManifestDraft withEula(String value) {
        return new ManifestDraft(
                name,
                kind,
                version,
                releaseCounter,
                requires,
                minDirectUpgradeFrom,
                compatible,
                rebootRequired,
                invalidatesClients,
                soak,
                value,
                installation);
    }
}
