// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.Shape;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_pooling_desc_t;
import org.bytedeco.dnnl.global.dnnl;

/**
 * {@link io.stoker.models.spec.LayerSpec.GlobalAveragePooling}: average pooling with a window of
 * the whole image. The output is row-major, {@code [examples, channels]}.
 */
final class CompiledGlobalPooling extends SequencedLayer {
  private static final long[] NO_PADDING = {0, 0};

  private final Workspace workspace;
  private final Tensor source;
  private final Tensor input;
  private final long[] window;
  private final PrimitiveDescriptor operation;
  private final Tensor output;

  CompiledGlobalPooling(Workspace workspace, Placed placed, Tensor source) {
    this.workspace = workspace;
    Shape shape = placed.input();
    window = new long[] {shape.height(), shape.width()};
    long examples = source.layout().dimensions()[0];
    Layout vectors = Layout.plain(examples, shape.channels());
    Layout image = Layout.plain(examples, shape.channels(), 1, 1);
    this.source = source;
    input = workspace.asImages(source);
    dnnl_pooling_desc_t description = new dnnl_pooling_desc_t();
    OneDnn.check(
        dnnl.dnnl_pooling_forward_desc_init(
            description,
            workspace.purpose().forwardKind(),
            dnnl.dnnl_pooling_avg_exclude_padding,
            input.layout().descriptor(),
            image.anyOrder().descriptor(),
            window,
            window,
            NO_PADDING,
            NO_PADDING),
        "describe global pooling");
    operation = workspace.operation(description);
    Tensor pooled = workspace.transientTensor(operation.destination());
    forward.add(
        workspace.compile(operation, Map.of(DNNL_ARG_SRC, input, DNNL_ARG_DST, pooled))::run);
    Joins.Arranged rows = Joins.arranged(workspace, pooled, vectors);
    forward.add(rows.copy());
    output = rows.tensor();
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    if (!inputGradientNeeded) {
      return input;
    }
    Joins.Arranged gradient = Joins.arranged(workspace, outputGradient, operation.destination());
    backward.add(gradient.copy());
    dnnl_pooling_desc_t description = new dnnl_pooling_desc_t();
    OneDnn.check(
        dnnl.dnnl_pooling_backward_desc_init(
            description,
            dnnl.dnnl_pooling_avg_exclude_padding,
            input.layout().descriptor(),
            operation.destination().descriptor(),
            window,
            window,
            NO_PADDING,
            NO_PADDING),
        "describe global pooling's gradient");
    Tensor inputGradient = workspace.transientTensor(source.layout());
    backward.add(
        workspace.compile(
                workspace.operation(description, operation),
                Map.of(
                    DNNL_ARG_DIFF_DST,
                    gradient.tensor(),
                    DNNL_ARG_DIFF_SRC,
                    workspace.asImages(inputGradient)))
            ::run);
    return inputGradient;
  }
}
