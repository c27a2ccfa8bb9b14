package io.stoker.driver.tensorboard;

import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.explain.Filters;
import io.stoker.models.spec.LayerSpec;
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
 * What a checkpoint's parameters look like: a histogram of each tensor, and the first layer's
 * filters. The parameters go by in ranges and are never in memory as a whole.
 */
final class CheckpointSummary {
  /** A tensor, and what has gone by of it. */
  private record Tensor(String tag, long from, long to, Histogram histogram) {}

  private final List<Tensor> tensors = new ArrayList<>();

  /** The first layer's weights, where it is a convolution over an image; else empty. */
  private final float[] filters;

  private final long filtersFrom;
  private final ModelSpec model;

  private CheckpointSummary(ModelSpec model) {
    this.model = model;
    for (ModelSpec.Placed placed : model.placed()) {
      long offset = placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        String tag =
            "%02d %s/%s"
                .formatted(
                    placed.index() + 1,
                    placed.layer().label(),
                    tensor.role().name().toLowerCase(Locale.ROOT));
        tensors.add(new Tensor(tag, offset, offset + tensor.size(), new Histogram()));
        offset += tensor.size();
      }
    }
    Optional<Tensor> first =
        tensors.stream().filter(tensor -> tensor.tag().endsWith("/weight")).findFirst();
    boolean visible =
        model.placed().get(0).layer() instanceof LayerSpec.Convolution && first.isPresent();
    this.filtersFrom = visible ? first.get().from() : 0;
    this.filters = new float[visible ? (int) (first.get().to() - first.get().from()) : 0];
  }

  /** That of a model file. */
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
      long at = filtersFrom + i - offset;
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
    if (filters.length > 0) {
      ParameterSpec weights =
          model.placed().get(0).parameters().stream()
              .filter(tensor -> tensor.role() == ParameterSpec.Role.WEIGHT)
              .findFirst()
              .orElseThrow();
      List<Integer> sizes = weights.dimensions();
      Filters drawn = new Filters(sizes.get(0), sizes.get(1), sizes.get(2), filters);
      summary.addValue(Images.value("first layer/filters", drawn.draw()));
    }
    return summary.build();
  }
}
