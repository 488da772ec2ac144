package dev.sluice.control.codec;

import com.google.protobuf.ByteString;
import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.VersionRange;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.v1.JournalPackage;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** An imported package, both ways. */
final class PackageMapping {

    private PackageMapping() {}

    static JournalPackage encode(PackageRecord pkg) {
        PackageDescriptor descriptor = pkg.descriptor();
        JournalPackage.Builder message =
                JournalPackage.newBuilder()
                        .setRef(ValueMapping.encode(descriptor.ref()))
                        .setKind(encode(descriptor.kind()))
                        .setSizeBytes(descriptor.sizeBytes())
                        .setRebootRequired(descriptor.rebootRequired())
                        .setInvalidatesClients(descriptor.invalidatesClients())
                        .setManifest(ByteString.copyFrom(pkg.manifest().toArray()))
                        .setSignature(ByteString.copyFrom(pkg.signature().toArray()))
                        .setContentSha256(pkg.contentSha256())
                        .setSigner(pkg.signer());
        for (Requirement requirement : descriptor.requires()) {
            message.addRequires(
                    JournalPackage.Requirement.newBuilder()
                            .setName(requirement.name().value())
                            .setRange(requirement.range().toString()));
        }
        // The descriptor's set is sorted, so that equal packages have equal bytes.
        descriptor.compatible().forEach(model -> message.addCompatible(model.value()));
        Version minimum = descriptor.minDirectUpgradeFrom();
        if (minimum != null) {
            message.setMinDirectUpgradeFrom(minimum.toString());
        }
        Duration soak = descriptor.soak();
        if (soak != null) {
            message.setSoak(ValueMapping.encode(soak));
        }
        return message.build();
    }

    static PackageRecord decode(JournalPackage message) {
        JournalFormat.known(message);
        JournalFormat.require(message.hasRef(), "package's name and version");
        return new PackageRecord(
                new PackageDescriptor(
                        ValueMapping.decode(message.getRef()),
                        decode(message.getKind()),
                        requirements(message),
                        message.hasMinDirectUpgradeFrom()
                                ? Version.parse(message.getMinDirectUpgradeFrom())
                                : null,
                        compatible(message),
                        message.getSizeBytes(),
                        message.getRebootRequired(),
                        message.getInvalidatesClients(),
                        message.hasSoak() ? ValueMapping.decode(message.getSoak()) : null),
                Blob.of(message.getManifest().toByteArray()),
                Blob.of(message.getSignature().toByteArray()),
                message.getContentSha256(),
                message.getSigner());
    }

    private static List<Requirement> requirements(JournalPackage message) {
        return message.getRequiresList().stream()
                .map(JournalFormat::known)
                .map(r ->
                        new Requirement(
                                new PackageName(r.getName()), VersionRange.parse(r.getRange())))
                .toList();
    }

    private static Set<HardwareModel> compatible(JournalPackage message) {
        Set<HardwareModel> models = new TreeSet<>();
        message.getCompatibleList().forEach(model -> models.add(new HardwareModel(model)));
        return models;
    }

    private static JournalPackage.Kind encode(PackageKind kind) {
        return switch (kind) {
            case BASE -> JournalPackage.Kind.KIND_BASE;
            case SITE -> JournalPackage.Kind.KIND_SITE;
            case ADDON -> JournalPackage.Kind.KIND_ADDON;
        };
    }

    private static PackageKind decode(JournalPackage.Kind kind) {
        return switch (kind) {
            case KIND_BASE -> PackageKind.BASE;
            case KIND_SITE -> PackageKind.SITE;
            case KIND_ADDON -> PackageKind.ADDON;
            case KIND_UNSPECIFIED -> throw JournalFormat.missing("package's kind");
            case UNRECOGNIZED -> throw JournalFormat.unknownValue("a package's kind");
        };
    }
}
