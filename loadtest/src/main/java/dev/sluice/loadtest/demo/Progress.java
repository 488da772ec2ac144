package dev.sluice.loadtest.demo;

import dev.sluice.cli.render.LiveScreen;
import dev.sluice.cli.render.UpgradeChanges;
import dev.sluice.cli.render.UpgradeView;
import dev.sluice.v1.WatchUpgradeResponse;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Shows how the demo goes: a live picture on a terminal, a line for each change elsewhere. */
final class Progress implements AutoCloseable {

    private final long began = System.nanoTime();
    private final boolean shown;
    private @Nullable LiveScreen screen;
    private WatchUpgradeResponse last = WatchUpgradeResponse.getDefaultInstance();

    Progress(boolean shown) {
        this.shown = shown;
    }

    /** Says what is being done, before and after the upgrade itself. */
    void say(String what) {
        long seconds = (System.nanoTime() - began) / 1_000_000_000L;
        System.err.println("sluice demo: %3d s  %s".formatted(seconds, what));
    }

    void show(WatchUpgradeResponse update) {
        if (shown && LiveScreen.isPossible()) {
            picture(update);
        } else if (shown) {
            UpgradeChanges.between(last, update).forEach(line -> System.err.println("  " + line));
        }
        last = update;
    }

    private void picture(WatchUpgradeResponse update) {
        try {
            if (screen == null) {
                screen = LiveScreen.open();
            }
            screen.show(UpgradeView.picture(update, Instant.now()));
        } catch (IOException e) {
            say("no live picture: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        if (screen != null) {
            screen.close();
            screen = null;
        }
    }
}
