package dev.sluice.loadtest.sim;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The one shared address, as the kernel gives it: whoever binds it second is refused. */
final class SharedAddresses {

    static final String ADDRESS = "10.0.0.1:7443";

    private @Nullable LeasedAddress holder;

    void bind(LeasedAddress by) throws IOException {
        LeasedAddress now = holder;
        if (now != null && now != by) {
            throw new IOException(
                    "shared address %s: expected it to be free, found it held by %s"
                            .formatted(ADDRESS, now));
        }
        holder = by;
    }

    void free(LeasedAddress by) {
        if (holder == by) {
            holder = null;
        }
    }

    @Nullable LeasedAddress holder() {
        return holder;
    }
}
