package dev.sluice.control.state;

/** What is done about clients that stayed after a drain's deadline. */
public enum DrainDecision {
    /** Wait for the policy's deadline once more. */
    EXTEND,
    /** End their sessions. */
    CUT
}
