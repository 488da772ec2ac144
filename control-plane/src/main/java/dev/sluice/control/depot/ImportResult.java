package dev.sluice.control.depot;

import dev.sluice.control.model.Refusal;
import dev.sluice.control.state.PackageRecord;

/** What became of a package that was to be imported. */
public sealed interface ImportResult {

    /** It is verified and durable here; the record is for the journal. */
    record Imported(PackageRecord pkg) implements ImportResult {}

    /** It is not what it should be; nothing of it was kept. */
    record Refused(Refusal refusal) implements ImportResult {}
}
