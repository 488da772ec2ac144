package dev.sluice.control.records;

/** How a session ended, as far as its site or agent knows. */
public enum SessionEnd {
    /** An agent of a later release said something that this one does not know. */
    UNKNOWN,
    /** The client said so, or closed its connection. */
    CLIENT,
    /** The connection was lost. */
    BROKEN,
    /** The client was silent for too long. */
    SILENT,
    /** The client broke the protocol. */
    ERROR,
    /** All sessions of the node were cut, for an install or on a master's command. */
    CUT,
    /** The site's process ended; the end is when the agent saw that. */
    LOST
}
