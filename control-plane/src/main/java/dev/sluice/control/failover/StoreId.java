package dev.sluice.control.failover;

import java.util.regex.Pattern;

/**
 * Names one durable memory: a master's journal, or an agent's ledger. Whoever loses it gets another
 * name with the next, so that what the old one knew is never asked of the new one.
 */
public record StoreId(String value) implements Comparable<StoreId> {

    private static final Pattern FORM = Pattern.compile("[0-9a-z-]{1,64}");

    public StoreId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "store id: expected 1 to 64 of 0-9, a-z and -, found \"%s\""
                            .formatted(value.substring(0, Math.min(80, value.length()))));
        }
    }

    @Override
    public int compareTo(StoreId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
