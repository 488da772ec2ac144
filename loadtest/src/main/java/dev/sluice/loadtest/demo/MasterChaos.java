package dev.sluice.loadtest.demo;

import dev.sluice.loadtest.testbed.Layout;
import dev.sluice.loadtest.testbed.Testbed;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Upgrades a small cluster of real processes again and again, each time with one master killed or
 * frozen when one phase begins: either master, every phase.
 */
public final class MasterChaos {

    private static final int REGIONS = 1;
    private static final int NODES = 2;
    private static final int CLIENTS = 8;

    private static final List<String> PHASES =
            List.of(
                    "PREPARE",
                    "FIRST_HALF",
                    "BACKUP_MASTER",
                    "PROMOTION",
                    "SECOND_HALF",
                    "OLD_PRIMARY",
                    "RESTORE");

    private MasterChaos() {}

    /**
     * Runs all of it and prints a row for each upgrade.
     *
     * @param phase only this one; null: every phase
     * @return how many upgrades were not right; their files are kept
     */
    public static int run(
            Path folder, Path checkout, int rounds, @Nullable String phase, PrintStream out)
            throws IOException, InterruptedException {
        out.printf(
                "%-28s %8s %6s %8s %10s  %s%n",
                "WHAT HAPPENS", "SECONDS", "CUT", "REFUSED", "GAP MS", "RESULT");
        int wrong = 0;
        for (int round = 1; round <= rounds; round++) {
            for (Kill order : orders(phase)) {
                Path root = folder.resolve("%d-%s".formatted(round, name(order)));
                if (!upgrade(root, checkout, order, out)) {
                    wrong++;
                }
            }
        }
        return wrong;
    }

    /** Whether there is such a phase. */
    public static boolean isPhase(String name) {
        return PHASES.contains(name);
    }

    private static List<Kill> orders(@Nullable String only) {
        List<Kill> orders = new ArrayList<>();
        for (String phase : PHASES) {
            if (only == null || only.equals(phase)) {
                for (String who : List.of("primary", "backup")) {
                    orders.add(Kill.parse(who + "@" + phase));
                    orders.add(Kill.parseFreeze(who + "@" + phase));
                }
            }
        }
        return orders;
    }

    private static String name(Kill order) {
        return "%s-%s".formatted(order.isFreeze() ? "freeze" : "kill", order);
    }

    private static boolean upgrade(Path root, Path checkout, Kill order, PrintStream out)
            throws IOException, InterruptedException {
        Testbed testbed = new Testbed(Layout.of(root, REGIONS, NODES), checkout);
        DemoResult result;
        try (testbed) {
            result = new Demo(testbed, List.of(order), CLIENTS, new Progress(false)).run();
        } catch (IOException e) {
            out.printf("%-28s %s; see %s%n", name(order), e.getMessage(), root);
            return false;
        }
        out.printf(
                "%-28s %8.0f %6d %8d %10d  %s%n",
                name(order),
                result.total().toMillis() / 1000.0,
                result.clients().cut(),
                result.clients().refused(),
                result.address().longestGap().toMillis(),
                result.isRight() ? "right" : "NOT RIGHT: " + result.problems() + "; see " + root);
        if (result.isRight()) {
            testbed.delete();
            Files.deleteIfExists(root);
        }
        return result.isRight();
    }
}
