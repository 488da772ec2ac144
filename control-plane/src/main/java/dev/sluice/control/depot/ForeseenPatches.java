package dev.sluice.control.depot;

import dev.sluice.control.model.PackageRef;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Which patches will be made of packages that the thread which makes them has not seen yet. Who
 * asks right after an import is sooner than the thread that it woke. Safe for use by many threads.
 */
final class ForeseenPatches {

    /** An answer stands for so long: to find it reads what all nodes report. */
    private static final Duration STANDS = Duration.ofSeconds(1);

    private final Supplier<List<PatchWish>> wishes;
    private final Predicate<PatchWish> canBeMade;
    private final Map<PackageRef, Foreseen> told = new ConcurrentHashMap<>();

    /**
     * What was told of a package.
     *
     * @param askedAt when somebody asked first
     * @param foundAt when the bases were looked for
     */
    private record Foreseen(long askedAt, long foundAt, Set<String> bases) {}

    ForeseenPatches(Supplier<List<PatchWish>> wishes, Predicate<PatchWish> canBeMade) {
        this.wishes = wishes;
        this.canBeMade = canBeMade;
    }

    /**
     * The contents from which there will be a patch.
     *
     * @param longest after the first answer there is none any more
     */
    Set<String> of(PackageRef pkg, long now, Duration longest) {
        Foreseen known = told.get(pkg);
        if (known == null || now - known.foundAt() > STANDS.toNanos()) {
            Set<String> bases =
                    wishes.get().stream()
                            .filter(wish -> wish.target().ref().equals(pkg) && canBeMade.test(wish))
                            .map(wish -> wish.base().contentSha256())
                            .collect(Collectors.toSet());
            known = new Foreseen(known == null ? now : known.askedAt(), now, bases);
            told.put(pkg, known);
        }
        return now - known.askedAt() >= longest.toNanos() ? Set.of() : known.bases();
    }

    /** When somebody asked for a package first. */
    Optional<Long> askedAt(PackageRef pkg) {
        return Optional.ofNullable(told.get(pkg)).map(Foreseen::askedAt);
    }

    /** Packages were looked at: what is made of them is known better now. */
    void forget() {
        told.clear();
    }
}
