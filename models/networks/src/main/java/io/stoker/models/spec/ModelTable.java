// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.models.spec.ModelSpec.Placed;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A model layer by layer as a text table: shapes, parameters, arithmetic. The layers inside of
 * others are indented.
 */
public final class ModelTable {
  private static final List<String> HEADER =
      List.of("", "layer", "output", "parameters", "MFLOP forward");

  private ModelTable() {}

  /** The table; each line ends with a newline. */
  public static String of(ModelSpec model) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEADER);
    rows.add(List.of("", "input", model.input().toString(), "", ""));
    model.tree().forEach(placed -> add(placed, "", rows));
    rows.add(List.of("", "total", "", count(model.learnedCount()), megaflops(model.flops())));
    long statistics = model.parameterCount() - model.learnedCount();
    if (statistics > 0) {
      rows.add(List.of("", "running statistics", "", count(statistics), ""));
    }
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

  private static void add(Placed placed, String indent, List<List<String>> rows) {
    rows.add(
        List.of(
            placed.path(),
            indent + placed.layer().label(),
            placed.output().toString(),
            placed.learnedCount() == 0 ? "" : count(placed.learnedCount()),
            megaflops(placed.flops())));
    inside(placed, indent + "  ", rows);
  }

  /** Adds the rows of the layers inside of one. */
  private static void inside(Placed placed, String indent, List<List<String>> rows) {
    List<Placed> inner = placed.inner();
    if (placed.layer() instanceof CompositeSpec.Residual layer) {
      part("body", inner.get(0), indent, rows);
      if (layer.shortcut().layers().isEmpty()) {
        head("shortcut: the input", indent, rows);
      } else {
        part("shortcut", inner.get(1), indent, rows);
      }
      if (!layer.after().layers().isEmpty()) {
        part("after the sum", inner.get(2), indent, rows);
      }
    } else if (placed.layer() instanceof CompositeSpec.Branches) {
      for (int i = 0; i < inner.size(); i++) {
        boolean empty = inner.get(i).inner().isEmpty();
        part("branch " + (i + 1) + (empty ? ": the input" : ""), inner.get(i), indent, rows);
      }
    } else if (placed.layer() instanceof CompositeSpec.ChannelGate) {
      part("times", inner.get(0), indent, rows);
    } else {
      inner.forEach(each -> add(each, indent, rows));
    }
  }

  private static void part(String heading, Placed part, String indent, List<List<String>> rows) {
    head(heading, indent, rows);
    part.inner().forEach(each -> add(each, indent + "  ", rows));
  }

  /** A heading inside of a layer. */
  private static void head(String text, String indent, List<List<String>> rows) {
    rows.add(List.of("", indent + text, "", "", ""));
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
