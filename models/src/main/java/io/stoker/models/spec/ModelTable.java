// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.models.spec.ModelSpec.Placed;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A model layer by layer as a text table: shapes, parameters, arithmetic. */
public final class ModelTable {
  private static final List<String> HEADER =
      List.of("", "layer", "output", "parameters", "MFLOP forward");

  private ModelTable() {}

  /** The table; each line ends with a newline. */
  public static String of(ModelSpec model) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEADER);
    rows.add(List.of("", "input", model.input().toString(), "", ""));
    for (Placed placed : model.placed()) {
      rows.add(
          List.of(
              Integer.toString(placed.index() + 1),
              placed.layer().label(),
              placed.output().toString(),
              placed.parameterCount() == 0 ? "" : count(placed.parameterCount()),
              megaflops(placed.flops())));
    }
    rows.add(List.of("", "total", "", count(model.parameterCount()), megaflops(model.flops())));
    int[] widths = new int[HEADER.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder table = new StringBuilder();
    for (List<String> row : rows) {
      String line =
          right(row.get(0), widths[0])
              + "  "
              + left(row.get(1), widths[1])
              + "  "
              + left(row.get(2), widths[2])
              + "  "
              + right(row.get(3), widths[3])
              + "  "
              + right(row.get(4), widths[4]);
      table.append(line.stripTrailing()).append('\n');
    }
    return table.toString();
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String megaflops(long flops) {
    return String.format(Locale.ROOT, "%,.3f", flops / 1e6);
  }

  private static String left(String text, int width) {
    return text + " ".repeat(width - text.length());
  }

  private static String right(String text, int width) {
    return " ".repeat(width - text.length()) + text;
  }
}
