package dev.sluice.control.codec;

import com.google.protobuf.ByteString;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ChannelVersions;
import dev.sluice.control.state.Supply;
import dev.sluice.v1.ClusterStateSnapshot;
import dev.sluice.v1.JournalChannelCopy;
import dev.sluice.v1.JournalChannelVersions;
import java.util.SortedMap;
import java.util.TreeMap;
import org.pcollections.TreePMap;

/** Where packages come from and under which terms, both ways. */
final class SupplyMapping {

    private SupplyMapping() {}

    /** Raises the snapshot's format when there is anything that older releases do not know. */
    static void encode(Supply supply, ClusterStateSnapshot.Builder message) {
        if (supply.equals(Supply.EMPTY)) {
            return;
        }
        message.setFormat(
                Math.max(
                        message.getFormat(),
                        supply.copies().isEmpty()
                                ? JournalFormat.SUPPLY
                                : JournalFormat.CHANNEL_COPIES));
        supply.channels().values().forEach(seen -> message.addChannels(encode(seen)));
        supply.copies().values().forEach(copy -> message.addChannelCopies(encode(copy)));
        supply.acceptedTerms()
                .forEach((hash, pkg) ->
                        message.addAcceptedTermsBuilder()
                                .setSha256(hash)
                                .setPackage(ValueMapping.encode(pkg)));
    }

    static Supply decode(ClusterStateSnapshot message) {
        SortedMap<String, ChannelVersions> channels = new TreeMap<>();
        for (var each : message.getChannelsList()) {
            ChannelVersions versions = decode(each);
            ValueMapping.putNew(channels, versions.channel(), versions, "channel");
        }
        SortedMap<String, ChannelCopy> copies = new TreeMap<>();
        for (var each : message.getChannelCopiesList()) {
            ChannelCopy copy = decode(each);
            ValueMapping.putNew(copies, copy.versions().channel(), copy, "channel's copy");
        }
        SortedMap<String, PackageRef> terms = new TreeMap<>();
        for (var each : message.getAcceptedTermsList()) {
            JournalFormat.known(each);
            JournalFormat.require(each.hasPackage(), "package of accepted terms");
            ValueMapping.putNew(
                    terms, each.getSha256(), ValueMapping.decode(each.getPackage()), "terms");
        }
        return new Supply(TreePMap.from(channels), TreePMap.from(copies), TreePMap.from(terms));
    }

    static JournalChannelCopy encode(ChannelCopy copy) {
        JournalChannelCopy.Builder message =
                JournalChannelCopy.newBuilder().setVersions(encode(copy.versions()));
        copy.files()
                .forEach((name, content) ->
                        message.addFilesBuilder()
                                .setName(name)
                                .setContent(ByteString.copyFrom(content.toArray())));
        return message.build();
    }

    static ChannelCopy decode(JournalChannelCopy message) {
        JournalFormat.known(message);
        JournalFormat.require(message.hasVersions(), "versions of the channel's copy");
        SortedMap<String, Blob> files = new TreeMap<>();
        for (var file : message.getFilesList()) {
            JournalFormat.known(file);
            ValueMapping.putNew(
                    files, file.getName(), Blob.of(file.getContent().toByteArray()), "file");
        }
        return new ChannelCopy(decode(message.getVersions()), files);
    }

    static JournalChannelVersions encode(ChannelVersions versions) {
        return JournalChannelVersions.newBuilder()
                .setChannel(versions.channel())
                .setRoot(versions.root())
                .setTimestamp(versions.timestamp())
                .setSnapshot(versions.snapshot())
                .setTargets(versions.targets())
                .build();
    }

    static ChannelVersions decode(JournalChannelVersions message) {
        JournalFormat.known(message);
        return new ChannelVersions(
                message.getChannel(),
                message.getRoot(),
                message.getTimestamp(),
                message.getSnapshot(),
                message.getTargets());
    }
}
