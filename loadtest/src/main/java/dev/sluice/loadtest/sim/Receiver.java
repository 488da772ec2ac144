package dev.sluice.loadtest.sim;

import com.google.protobuf.Message;

/** What a process does with what comes over a connection. */
interface Receiver {

    void message(Message message);

    /** It is over; nothing comes any more. */
    void closed(String why);

    /** There is room to send again. */
    default void ready() {}
}
