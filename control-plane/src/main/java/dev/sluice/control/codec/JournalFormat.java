package dev.sluice.control.codec;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Message;
import java.io.IOException;
import java.time.DateTimeException;

/** What entries and snapshots have in common: the format number in front, and how bytes fail. */
final class JournalFormat {

    /** The highest format that this release reads. */
    static final int HIGHEST = 6;

    /**
     * What a reader needs for every event and state of the first release; what is written names the
     * lowest format that is enough, so that older masters read what they can.
     */
    static final int FIRST = 1;

    /** What a reader needs for what operators decide about who takes over. */
    static final int SUCCESSION = 2;

    /** What a reader needs for channels and licence terms. */
    static final int SUPPLY = 3;

    /** What a reader needs for what operators decide about packages. */
    static final int PACKAGE_CHOICES = 3;

    /** What a reader needs for a forced promotion with what was signed. */
    static final int SIGNED_PROMOTION = 4;

    /** What a reader needs for packages that were removed, and for what a plan replaces. */
    static final int PACKAGE_REMOVAL = 5;

    /** What a reader needs for the files of channels. */
    static final int CHANNEL_COPIES = 6;

    private static final int FORMAT_TAG = 1 << 3;

    private JournalFormat() {}

    /** Turns bytes whose format is known into a value. */
    interface Reader<T> {
        T read() throws IOException;
    }

    /**
     * Reads one value; whatever is wrong with the bytes comes out as one of two exceptions that
     * name the subject.
     */
    static <T> T read(String subject, byte[] bytes, Reader<T> reader) {
        int format = requireKnownFormat(subject, bytes);
        try {
            return reader.read();
        } catch (UnknownContentException e) {
            throw UnreadableEntryException.unknownContent(subject, format, e.getMessage());
        } catch (IOException | IllegalArgumentException | DateTimeException e) {
            throw new CorruptEntryException(subject, e.getMessage(), e);
        } catch (ArithmeticException e) {
            throw new CorruptEntryException(subject, "a number is out of range", e);
        }
    }

    /** Looks at nothing but the first field, so that later formats may change all the others. */
    private static int requireKnownFormat(String subject, byte[] bytes) {
        int format;
        try {
            CodedInputStream in = CodedInputStream.newInstance(bytes);
            int tag = in.readTag();
            if (tag != FORMAT_TAG) {
                throw new CorruptEntryException(
                        subject,
                        "expected a format number first, found %s"
                                .formatted(tag == 0 ? "no bytes" : "the tag " + tag));
            }
            format = in.readUInt32();
        } catch (IOException e) {
            throw new CorruptEntryException(subject, "the format number is cut off", e);
        }
        if (format == 0) {
            throw new CorruptEntryException(subject, "format 0 does not exist");
        }
        // Unsigned on the wire: what is negative here is a very high number.
        if (format < 0 || format > HIGHEST) {
            throw UnreadableEntryException.newerFormat(subject, format);
        }
        return format;
    }

    /**
     * Refuses a message with fields that this release has no name for: dropping them would make
     * this master's state differ from the one that wrote them.
     */
    static <M extends Message> M known(M message) {
        var unknown = message.getUnknownFields().asMap();
        if (!unknown.isEmpty()) {
            throw new UnknownContentException(
                    "field %s of %s"
                            .formatted(
                                    unknown.keySet().iterator().next(),
                                    message.getDescriptorForType().getFullName()));
        }
        return message;
    }

    /** Refuses a message that has to be there and is not. */
    static void require(boolean present, String what) {
        if (!present) {
            throw missing(what);
        }
    }

    static IllegalArgumentException missing(String what) {
        return new IllegalArgumentException("%s: expected a value, found none".formatted(what));
    }

    static UnknownContentException unknownValue(String what) {
        return new UnknownContentException("a value of " + what);
    }
}
