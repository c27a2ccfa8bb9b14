// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import io.stoker.driver.command.Line;
import java.util.Arrays;
import java.util.List;

/** A curve as lines of plain text. */
public final class TextChart {
  private static final int COLUMNS = 64;
  private static final int ROWS = 14;
  private static final int LABEL = 9;

  private TextChart() {}

  /**
   * Draws values at equal distances.
   *
   * @param values finite ones, at least two
   * @param marked the index of the place on the horizontal axis that has an arrow below it
   * @param first what stands below the first value
   * @param last what stands below the last value
   */
  public static String of(List<Double> values, double marked, String first, String last) {
    char[][] rows = new char[ROWS][COLUMNS];
    for (char[] row : rows) {
      Arrays.fill(row, ' ');
    }
    double low = values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    double high = values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    for (int column = 0; column < COLUMNS; column++) {
      double at = (double) column * (values.size() - 1) / (COLUMNS - 1);
      double value = between(values, at);
      int row = high > low ? (int) Math.round((high - value) / (high - low) * (ROWS - 1)) : 0;
      rows[row][column] = '*';
    }
    StringBuilder text = new StringBuilder();
    for (int row = 0; row < ROWS; row++) {
      String label =
          row % (ROWS - 1) == 0
              ? Line.of("%" + LABEL + ".4g", row == 0 ? high : low)
              : " ".repeat(LABEL);
      text.append(label).append(" |").append(new String(rows[row]).stripTrailing()).append('\n');
    }
    int arrow = (int) Math.round(marked / (values.size() - 1) * (COLUMNS - 1));
    arrow = Math.max(0, Math.min(COLUMNS - 1, arrow));
    String margin = " ".repeat(LABEL) + " ";
    String gap = " ".repeat(Math.max(1, COLUMNS - first.length() - last.length()));
    return text.append(margin)
        .append('+')
        .append("-".repeat(arrow))
        .append('^')
        .append("-".repeat(COLUMNS - 1 - arrow))
        .append('\n')
        .append(margin)
        .append(' ')
        .append(first)
        .append(gap)
        .append(last)
        .append('\n')
        .toString();
  }

  private static double between(List<Double> values, double at) {
    int before = (int) at;
    int after = Math.min(values.size() - 1, before + 1);
    return values.get(before) + (at - before) * (values.get(after) - values.get(before));
  }
}
