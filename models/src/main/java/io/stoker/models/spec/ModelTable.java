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
    placed.layer().accept(new Inside(placed, indent + "  ", rows));
  }

  /** A heading inside of a layer. */
  private static void head(String text, String indent, List<List<String>> rows) {
    rows.add(List.of("", indent + text, "", "", ""));
  }

  /** Adds the rows of the layers inside of one. */
  private record Inside(Placed placed, String indent, List<List<String>> rows)
      implements LayerVisitor<Void> {
    private void part(String heading, Placed part) {
      head(heading, indent, rows);
      part.inner().forEach(each -> add(each, indent + "  ", rows));
    }

    @Override
    public Void visitSequence(LayerSpec.Sequence layer) {
      placed.inner().forEach(each -> add(each, indent, rows));
      return null;
    }

    @Override
    public Void visitResidual(LayerSpec.Residual layer) {
      part("body", placed.inner().get(0));
      if (layer.shortcut().layers().isEmpty()) {
        head("shortcut: the input", indent, rows);
      } else {
        part("shortcut", placed.inner().get(1));
      }
      if (!layer.after().layers().isEmpty()) {
        part("after the sum", placed.inner().get(2));
      }
      return null;
    }

    @Override
    public Void visitBranches(LayerSpec.Branches layer) {
      for (int i = 0; i < placed.inner().size(); i++) {
        boolean empty = placed.inner().get(i).inner().isEmpty();
        part("branch " + (i + 1) + (empty ? ": the input" : ""), placed.inner().get(i));
      }
      return null;
    }

    @Override
    public Void visitConvolution(LayerSpec.Convolution layer) {
      return null;
    }

    @Override
    public Void visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
      return null;
    }

    @Override
    public Void visitPooling(LayerSpec.Pooling layer) {
      return null;
    }

    @Override
    public Void visitChannelPadding(LayerSpec.ChannelPadding layer) {
      return null;
    }

    @Override
    public Void visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
      return null;
    }

    @Override
    public Void visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
      return null;
    }

    @Override
    public Void visitBatchNormalization(LayerSpec.BatchNormalization layer) {
      return null;
    }

    @Override
    public Void visitActivation(LayerSpec.Activation layer) {
      return null;
    }

    @Override
    public Void visitDropout(LayerSpec.Dropout layer) {
      return null;
    }

    @Override
    public Void visitLstm(LayerSpec.Lstm layer) {
      return null;
    }

    @Override
    public Void visitDense(LayerSpec.Dense layer) {
      return null;
    }
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
