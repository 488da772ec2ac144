package dev.sluice.cli.render;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Rows under a header, in columns as wide as their widest cell. Numbers stand to the right.
 *
 * <p>Plain text without colour or frames: what a person reads is also what {@code awk} splits.
 */
public final class Table {
    private static final String GAP = "  ";
    private static final Pattern NUMBER = Pattern.compile("[0-9]+(\\.[0-9]+)?( [a-zA-Z%]{1,3})?");
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

    private final List<String> header;
    private final List<List<String>> rows = new ArrayList<>();

    public Table(String... header) {
        this.header = List.of(header);
    }

    /** Adds a row; an empty cell is shown as a dash, so that columns can be counted. */
    public Table row(Object... cells) {
        if (cells.length != header.size()) {
            throw new IllegalArgumentException(
                    "a row has " + cells.length + " cells, the header " + header.size());
        }
        List<String> row = new ArrayList<>(cells.length);
        for (Object cell : cells) {
            String text = printable(String.valueOf(cell));
            row.add(text.isEmpty() ? "-" : text);
        }
        rows.add(row);
        return this;
    }

    /** The header and the rows; the header alone when there are none. */
    public List<String> lines() {
        int columns = header.size();
        int[] widths = new int[columns];
        boolean[] numeric = new boolean[columns];
        for (int column = 0; column < columns; column++) {
            widths[column] = header.get(column).length();
            numeric[column] = !rows.isEmpty();
            for (List<String> row : rows) {
                String cell = row.get(column);
                widths[column] = Math.max(widths[column], cell.length());
                numeric[column] &= cell.equals("-") || NUMBER.matcher(cell).matches();
            }
        }
        List<String> lines = new ArrayList<>(rows.size() + 1);
        lines.add(line(header, widths, numeric));
        for (List<String> row : rows) {
            lines.add(line(row, widths, numeric));
        }
        return lines;
    }

    /** Text from elsewhere without what would move the cursor or forge a line. */
    static String printable(String text) {
        return CONTROL.matcher(text).replaceAll(" ");
    }

    private static String line(List<String> cells, int[] widths, boolean[] numeric) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < cells.size(); column++) {
            String cell = cells.get(column);
            String padding = " ".repeat(widths[column] - cell.length());
            line.append(column == 0 ? "" : GAP);
            line.append(numeric[column] ? padding + cell : cell + padding);
        }
        return line.toString().stripTrailing();
    }
}
