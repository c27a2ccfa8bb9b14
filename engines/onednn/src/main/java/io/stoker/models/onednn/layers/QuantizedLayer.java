// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Primitive;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/**
 * A convolution or dense layer in int8, in inference: {@code y = s * (sum of x * w + b / s)}, where
 * x and w are integers, the sum is exact in int32, and s is the scale of the input times that of
 * the channel's weights. The output is fp32, or the integers of what reads it; a {@link Summand} of
 * the same type may be added. The integer weights are those of the parameters when the layer is
 * compiled.
 */
abstract class QuantizedLayer extends SequencedLayer {
  /** The dimension of the channels of an output. */
  private static final int OF_CHANNELS = 1 << 1;

  private final Workspace workspace;
  private final Tensor input;
  private final Quantization.Range range;
  private final Epilogue epilogue;

  /** The range of the output, where it is integers. */
  private final Optional<Quantization.Range> written;

  private Tensor output;

  /**
   * @param input the values before the layer: fp32, or the layer's integers already
   */
  QuantizedLayer(Workspace workspace, ModelSpec.Placed placed, Tensor input, Epilogue epilogue) {
    this.workspace = workspace;
    this.input = input;
    this.epilogue = epilogue;
    range = workspace.range(placed).orElseThrow();
    Optional<Summand> summand = epilogue.summand();
    written =
        epilogue
            .next()
            .filter(
                next -> summand.isEmpty() || summand.get().values().layout().type() == type(next));
  }

  /** oneDNN's number of the type of a layer's input. */
  static int type(Quantization.Range range) {
    return range.signed() ? dnnl.dnnl_s8 : dnnl.dnnl_u8;
  }

  /** The layout of the input, in an order that the primitive chooses. */
  final Layout source() {
    return input.layout().anyOrderOf(type(range));
  }

  /** oneDNN's number of the type of the output. */
  final int outputType() {
    return written.map(QuantizedLayer::type).orElse(dnnl.dnnl_f32);
  }

  /**
   * Compiles the layer.
   *
   * @param description of the operation
   * @param weights its parameters
   */
  final void compile(Pointer description, IntegerWeights weights) {
    PrimitiveDescriptor operation = operation(description, weights.scales());
    Reorder from = quantizeInput(operation.source());
    Tensor integers = workspace.tensor(operation.weights());
    weights.copyTo(integers);
    Tensor bias = workspace.tensor(Layout.plain(weights.scales().length));
    for (int i = 0; i < weights.scales().length; i++) {
      bias.buffer().put(i, weights.bias(i) / (range.scale() * weights.scales()[i]));
    }
    Layout layout = operation.destination();
    output =
        epilogue
            .summand()
            .map(addend -> addend.in(workspace, layout, input, forward))
            .orElseGet(() -> workspace.transientTensor(layout));
    Primitive primitive =
        workspace.compile(
            operation,
            Map.of(
                DNNL_ARG_SRC,
                from.to(),
                DNNL_ARG_WEIGHTS,
                integers,
                DNNL_ARG_BIAS,
                bias,
                DNNL_ARG_DST,
                output));
    forward.add(from::run);
    forward.add(primitive::run);
  }

  private PrimitiveDescriptor operation(Pointer description, float[] scales) {
    float step = written.map(Quantization.Range::scale).orElse(1f);
    float[] factors = scales.clone();
    for (int i = 0; i < factors.length; i++) {
      factors[i] *= range.scale() / step;
    }
    dnnl_primitive_attr attributes =
        OneDnn.scalingAttributes(factors, OF_CHANNELS, factorOfSummand(step), epilogue.rectified());
    try {
      return workspace.operation(description, attributes);
    } finally {
      dnnl.dnnl_primitive_attr_destroy(attributes);
    }
  }

  /** An fp32 output has a summand in fp32. */
  private OptionalDouble factorOfSummand(float step) {
    return epilogue.summand().isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(written.isEmpty() ? 1 : epilogue.summand().get().step() / step);
  }

  private Reorder quantizeInput(Layout layout) {
    return input.layout().type() == type(range)
        ? workspace.convertTransiently(input, layout)
        : workspace.multiply(input, workspace.transientTensor(layout), 1 / range.scale());
  }

  @Override
  public final Tensor output() {
    return output;
  }

  @Override
  public final Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    throw new IllegalStateException("A layer in int8 has no gradients");
  }
}
