package io.stoker.models.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_inner_product_desc_t;
import org.bytedeco.dnnl.global.dnnl;

/**
 * {@link LayerSpec.Dense}. The weights stay in canonical order, {@code [units, inputs]} row-major,
 * which all three matrix products take as it is: for AlexNet's fc6 a reorder would move 151 MB a
 * step.
 */
final class DenseStage implements Stage {
  private final Workspace workspace;
  private final Vectors vectors;
  private final ModelSpec.Placed placed;
  private final Tensor input;
  private final Conversion flattened;
  private final Tensor source;
  private final Tensor weights;
  private final Layout bias;
  private final Operation operation;
  private final Tensor output;
  private final Primitive forward;
  private final List<Runnable> backward = new ArrayList<>();

  DenseStage(
      Workspace workspace,
      Vectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.Dense layer,
      Tensor input) {
    this.workspace = workspace;
    this.vectors = vectors;
    this.placed = placed;
    this.input = input;
    long examples = input.layout().dimensions()[0];
    flattened = workspace.convert(input, Layout.plain(input.layout().dimensions()));
    source =
        workspace.view(Layout.plain(examples, placed.input().features()), flattened.to().values());
    weights =
        workspace.view(
            Layout.plain(layer.units(), placed.input().features()), vectors.parameters(placed, 0));
    bias = Layout.plain(layer.units());
    output = workspace.tensor(Layout.plain(examples, layer.units()));
    dnnl_inner_product_desc_t description = new dnnl_inner_product_desc_t();
    OneDnn.check(
        dnnl.dnnl_inner_product_forward_desc_init(
            description,
            dnnl.dnnl_forward_training,
            source.layout().descriptor(),
            weights.layout().descriptor(),
            bias.descriptor(),
            output.layout().descriptor()),
        "describe a dense layer");
    operation = workspace.operation(description);
    forward =
        workspace.compile(
            operation,
            Map.of(
                DNNL_ARG_SRC,
                source,
                DNNL_ARG_WEIGHTS,
                weights,
                DNNL_ARG_BIAS,
                workspace.view(bias, vectors.parameters(placed, 1)),
                DNNL_ARG_DST,
                output));
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public void forward(Pass pass) {
    flattened.run();
    forward.run();
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    prepareWeightsGradient(outputGradient);
    return inputGradientNeeded ? prepareInputGradient(outputGradient) : input;
  }

  private void prepareWeightsGradient(Tensor outputGradient) {
    dnnl_inner_product_desc_t description = new dnnl_inner_product_desc_t();
    OneDnn.check(
        dnnl.dnnl_inner_product_backward_weights_desc_init(
            description,
            source.layout().descriptor(),
            weights.layout().descriptor(),
            bias.descriptor(),
            outputGradient.layout().descriptor()),
        "describe a dense layer's weight gradient");
    Primitive primitive =
        workspace.compile(
            workspace.operation(description, operation),
            Map.of(
                DNNL_ARG_SRC,
                source,
                DNNL_ARG_DIFF_DST,
                outputGradient,
                DNNL_ARG_DIFF_WEIGHTS,
                workspace.view(weights.layout(), vectors.gradients(placed, 0)),
                DNNL_ARG_DIFF_BIAS,
                workspace.view(bias, vectors.gradients(placed, 1))));
    backward.add(primitive::run);
  }

  private Tensor prepareInputGradient(Tensor outputGradient) {
    dnnl_inner_product_desc_t description = new dnnl_inner_product_desc_t();
    OneDnn.check(
        dnnl.dnnl_inner_product_backward_data_desc_init(
            description,
            source.layout().descriptor(),
            weights.layout().descriptor(),
            outputGradient.layout().descriptor()),
        "describe a dense layer's input gradient");
    Conversion unflattened =
        workspace.convertInto(
            Layout.plain(input.layout().dimensions()), workspace.tensor(input.layout()));
    Primitive primitive =
        workspace.compile(
            workspace.operation(description, operation),
            Map.of(
                DNNL_ARG_DIFF_DST,
                outputGradient,
                DNNL_ARG_WEIGHTS,
                weights,
                DNNL_ARG_DIFF_SRC,
                workspace.view(source.layout(), unflattened.from().values())));
    backward.addAll(List.of(primitive::run, unflattened::run));
    return unflattened.to();
  }

  @Override
  public void backward(Pass pass) {
    backward.forEach(Runnable::run);
  }
}
