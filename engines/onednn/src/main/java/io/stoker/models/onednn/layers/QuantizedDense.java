// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import org.bytedeco.dnnl.dnnl_inner_product_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/** {@link LayerSpec.Dense} in int8. An image before it is read in the order that it has. */
final class QuantizedDense extends QuantizedLayer {
  QuantizedDense(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.Dense layer,
      Tensor input,
      Epilogue epilogue) {
    super(workspace, placed, input, epilogue);
    long[] sizes = input.layout().dimensions();
    long examples = sizes[0];
    sizes[0] = layer.units();
    try (Workspace brief = new Workspace()) {
      Tensor weights = brief.parameters(Layout.plain(sizes), vectors.parameters(placed, 0));
      Tensor bias = brief.parameters(Layout.plain(layer.units()), vectors.parameters(placed, 1));
      compile(
          describe(workspace, weights.layout(), examples),
          new IntegerWeights(brief, epilogue.statistics(vectors), weights, bias));
    }
  }

  private Pointer describe(Workspace workspace, Layout weights, long examples) {
    dnnl_inner_product_desc_t description = new dnnl_inner_product_desc_t();
    long units = weights.dimensions()[0];
    OneDnn.check(
        dnnl.dnnl_inner_product_forward_desc_init(
            description,
            workspace.purpose().forwardKind(),
            source().descriptor(),
            weights.anyOrderOf(dnnl.dnnl_s8).descriptor(),
            Layout.plain(units).descriptor(),
            Layout.plain(examples, units).rowMajorOf(outputType()).descriptor()),
        "describe a dense layer in int8");
    return description;
  }
}
