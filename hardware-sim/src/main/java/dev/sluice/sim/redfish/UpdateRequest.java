package dev.sluice.sim.redfish;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a client says of the image that it sends or names.
 *
 * @param sha256 that the image must have; empty when the client did not say
 */
record UpdateRequest(Optional<String> sha256) {

    private static final int MAX_TARGETS = 8;
    private static final int MAX_TARGET_CHARS = 256;
    private static final int DIGEST_CHARS = 64;
    private static final Pattern DIGEST = Pattern.compile("[0-9a-fA-F]{64}");

    /**
     * Reads the members that a push and a download have in common; the payload has what was wrong.
     */
    static UpdateRequest read(Payload sent) {
        sent.strings("Targets", MAX_TARGETS, MAX_TARGET_CHARS)
                .ifPresent(targets -> {
                    for (String target : targets) {
                        if (!target.equals(Paths.FIRMWARE + "/Base")) {
                            sent.refuse("Targets", target, Paths.FIRMWARE + "/Base");
                        }
                    }
                });
        sent.string("@Redfish.OperationApplyTime", MAX_TARGET_CHARS)
                .filter(time -> !List.of("OnReset", "Immediate").contains(time))
                .ifPresent(time ->
                        sent.refuse("@Redfish.OperationApplyTime", time, "OnReset, Immediate"));
        Optional<Payload> oem = sent.object("Oem").flatMap(each -> each.object("SluiceSim"));
        Optional<String> digest = oem.flatMap(each -> each.string("Sha256", DIGEST_CHARS));
        digest.filter(text -> !DIGEST.matcher(text).matches())
                .ifPresent(text ->
                        sent.refuse("Oem/SluiceSim/Sha256", text, "the digests of 64 hex digits"));
        return new UpdateRequest(digest.map(text -> text.toLowerCase(Locale.ROOT)));
    }
}
