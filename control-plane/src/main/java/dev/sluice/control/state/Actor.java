package dev.sluice.control.state;

/**
 * Who asked for something, as the audit log names it.
 *
 * @param name an operator's certificate name, or {@code sluice} for the control plane itself
 */
public record Actor(String name) {

    /** The control plane itself. */
    public static final Actor SLUICE = new Actor("sluice");

    @Override
    public String toString() {
        return name;
    }
}
