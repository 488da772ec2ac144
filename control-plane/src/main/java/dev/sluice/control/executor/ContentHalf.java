package dev.sluice.control.executor;

/** One of the two parts in which a large content is pulled at the same time. */
enum ContentHalf {
    FIRST,
    SECOND
}
