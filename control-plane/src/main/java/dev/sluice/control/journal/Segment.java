package dev.sluice.control.journal;

/** A segment file: its name on the disk and the position before its first entry. */
record Segment(String name, JournalPosition before) {

    static Segment after(JournalPosition before) {
        return new Segment(SegmentFormat.name(before.index() + 1), before);
    }

    long firstIndex() {
        return before.index() + 1;
    }
}
