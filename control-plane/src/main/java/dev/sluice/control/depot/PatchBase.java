package dev.sluice.control.depot;

import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** A version that nodes have, and from which patches may be made. */
sealed interface PatchBase {

    PackageRef ref();

    String contentSha256();

    /** What its content is. */
    PackageContent content() throws InvalidPackageException;

    /** All that there are, by their contents: what was imported, and what else nodes report. */
    static Map<String, PatchBase> known(
            Collection<PackageRecord> imported, Collection<NodeObservation> fleet) {
        Map<String, PatchBase> known = new TreeMap<>(ReportedBases.of(fleet));
        imported.forEach(pkg -> known.put(pkg.contentSha256(), new Imported(pkg)));
        return known;
    }

    /** One of which the cluster's state has the signed manifest. */
    record Imported(PackageRecord pkg) implements PatchBase {

        @Override
        public PackageRef ref() {
            return pkg.ref();
        }

        @Override
        public String contentSha256() {
            return pkg.contentSha256();
        }

        @Override
        public PackageContent content() throws InvalidPackageException {
            return ManifestReading.content(pkg);
        }
    }

    /**
     * One that nobody imported, such as what nodes were set up with. It is believed nothing: what a
     * patch makes is verified against the manifest of what is to be made.
     */
    record Reported(PackageRef ref, PackageContent content) implements PatchBase {

        @Override
        public String contentSha256() {
            return content.sha256().hex();
        }

        /**
         * Reads a whole file, and compares. What nodes say of a digest may be wrong, and a patch
         * that was made of it would be kept.
         *
         * @throws IOException when the file is not this content
         */
        void requireIn(Path file) throws IOException {
            PackageContent found = LeafHashing.describe(file).content();
            if (!found.equals(content)) {
                throw new IOException(
                        "%s: nodes say that it is %s, found %s".formatted(ref, content, found));
            }
        }
    }
}
