// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Window;
import java.util.function.Function;
import org.bytedeco.dnnl.dnnl_convolution_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/** {@link LayerSpec.Convolution} and {@link LayerSpec.DepthwiseConvolution} in int8. */
final class QuantizedConvolution extends QuantizedLayer {
  private final Workspace workspace;
  private final ModelSpec.Placed placed;
  private final Window window;

  /**
   * @param parameters reads the filters in a workspace
   */
  QuantizedConvolution(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      Window window,
      Function<Workspace, GroupedFilters> parameters,
      Tensor input,
      Epilogue epilogue) {
    super(workspace, placed, workspace.asImages(input), epilogue);
    this.workspace = workspace;
    this.placed = placed;
    this.window = window;
    try (Workspace brief = new Workspace()) {
      GroupedFilters filters = parameters.apply(brief);
      filters.collect();
      compile(
          describe(filters.weights().layout(), input.layout().dimensions()[0]),
          new IntegerWeights(
              brief, epilogue.statistics(vectors), filters.weights(), filters.bias()));
    }
  }

  private Pointer describe(Layout weights, long examples) {
    Layout destination =
        Layout.any(
                examples,
                placed.output().channels(),
                placed.output().height(),
                placed.output().width())
            .anyOrderOf(outputType());
    long[] dilation = {window.dilation() - 1, window.dilation() - 1};
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_dilated_convolution_forward_desc_init(
            description,
            workspace.purpose().forwardKind(),
            dnnl.dnnl_convolution_direct,
            source().descriptor(),
            weights.anyOrderOf(dnnl.dnnl_s8).descriptor(),
            Layout.plain(placed.output().channels()).descriptor(),
            destination.descriptor(),
            CompiledPooling.strides(window),
            dilation,
            CompiledPooling.paddingBefore(window),
            CompiledPooling.paddingAfter(window)),
        "describe a convolution in int8");
    return description;
  }
}
