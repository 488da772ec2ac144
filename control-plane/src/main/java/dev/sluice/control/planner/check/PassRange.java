package dev.sluice.control.planner.check;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Step;
import java.util.ArrayList;
import java.util.List;

/** The steps of one pass: from {@code first} up to, but not including, {@code end}. */
record PassRange(int number, int first, int end) {

    /** The passes of a blueprint whose steps are sorted by pass. */
    static List<PassRange> of(Blueprint blueprint) {
        List<PassRange> ranges = new ArrayList<>();
        List<Step> steps = blueprint.steps();
        int first = 0;
        for (int i = 1; i <= steps.size(); i++) {
            if (i == steps.size() || steps.get(i).pass() != steps.get(first).pass()) {
                ranges.add(new PassRange(steps.get(first).pass(), first, i));
                first = i;
            }
        }
        return ranges;
    }
}
