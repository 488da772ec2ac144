package dev.sluice.agent.stage;

/** Bytes as people read them. */
final class Amount {

    private static final long KIB = 1 << 10;
    private static final long MIB = 1 << 20;

    /** Below this many of a unit the smaller one is told. */
    private static final long FEW = 10;

    private Amount() {}

    static String of(long bytes) {
        return bytes >= FEW * MIB
                ? "%d MiB".formatted(bytes / MIB)
                : "%d KiB".formatted((bytes + KIB - 1) / KIB);
    }
}
