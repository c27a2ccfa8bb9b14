// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Rows of text in columns as wide as they need to be. A cell is one line: line breaks and other
 * control characters in it are escaped.
 */
public final class Table {
  private static final String GAP = "  ";

  private final Set<Integer> numbers = new TreeSet<>();
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * @param numberColumns the columns that are aligned to the right, from 0
   */
  public Table(Integer... numberColumns) {
    numbers.addAll(Arrays.asList(numberColumns));
  }

  public Table row(String... cells) {
    rows.add(Arrays.stream(cells).map(TerminalText::escapeLine).toList());
    return this;
  }

  /** The rows, each ended by a newline. */
  @Override
  public String toString() {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        String cell = row.get(i);
        String padding = " ".repeat(widths[i] - cell.length());
        line.append(i == 0 ? "" : GAP)
            .append(numbers.contains(i) ? padding + cell : cell + padding);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
