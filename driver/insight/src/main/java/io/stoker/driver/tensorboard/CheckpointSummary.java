// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.tensorboard;

import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.explain.FilterWeights;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.tensorflow.proto.framework.Summary;

/**
 * Summarizes a checkpoint's parameters: a histogram of each tensor, and the first layer's filters.
 * The parameters are read in ranges and are never in memory as a whole.
 */
final class CheckpointSummary {
  /** A tensor, and the histogram of the values that were read of it. */
  private record Tensor(String tag, long from, long to, Histogram histogram) {}

  private final List<Tensor> tensors = new ArrayList<>();

  private final Optional<FilterWeights> place;

  /** The first layer's weights, if it is a convolution; else empty. */
  private final float[] filters;

  private CheckpointSummary(ModelSpec model) {
    for (ModelSpec.Placed placed : model.leaves()) {
      long offset = placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        String tag =
            String.format(
                Locale.ROOT,
                "%s %s/%s",
                inOrder(placed.path()),
                placed.layer().label(),
                tensor.role().name().toLowerCase(Locale.ROOT));
        tensors.add(new Tensor(tag, offset, offset + tensor.size(), new Histogram()));
        offset += tensor.size();
      }
    }
    place = FilterWeights.of(model);
    filters = new float[place.map(FilterWeights::size).orElse(0)];
  }

  /** A layer's number with two digits at least, because TensorBoard sorts by letters. */
  private static String inOrder(String path) {
    return path.matches("[0-9](\\..*)?") ? "0" + path : path;
  }

  /** Summarizes a model file. */
  static Summary of(StoredModel stored, Configuration hadoop) {
    CheckpointSummary summary = new CheckpointSummary(stored.metadata().model());
    stored.copyParameters(summary::add, hadoop);
    return summary.toProto();
  }

  private void add(long offset, FloatBuffer values) {
    for (Tensor tensor : tensors) {
      long from = Math.max(offset, tensor.from());
      long to = Math.min(offset + values.remaining(), tensor.to());
      for (long i = from; i < to; i++) {
        tensor.histogram().add(values.get(values.position() + (int) (i - offset)));
      }
    }
    for (int i = 0; i < filters.length; i++) {
      long at = place.orElseThrow().offset() + i - offset;
      if (at >= 0 && at < values.remaining()) {
        filters[i] = values.get(values.position() + (int) at);
      }
    }
  }

  private Summary toProto() {
    Summary.Builder summary = Summary.newBuilder();
    for (Tensor tensor : tensors) {
      summary.addValue(
          Summary.Value.newBuilder().setTag(tensor.tag()).setHisto(tensor.histogram().toProto()));
    }
    place.ifPresent(
        found ->
            summary.addValue(Images.value("first layer/filters", found.filters(filters).draw())));
    return summary.build();
  }
}
