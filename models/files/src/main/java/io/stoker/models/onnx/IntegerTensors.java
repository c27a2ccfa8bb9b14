// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.models.file.VectorSource;
import io.stoker.models.interchange.LayerTensors;
import io.stoker.models.interchange.MappedTensor;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.QuantizedWeights;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import onnx.Onnx.TensorProto;

/**
 * The tensors of a layer in int8: weights as integers, biases as integers of 32 bits, and a scale
 * for each output channel of both. A batch normalization after the layer is folded into them. The
 * scale of a bias is that of the input times that of the weights, as ONNX Runtime expects; where a
 * bias would not fit, the scale of the channel's weights, which are tiny then, is larger.
 */
final class IntegerTensors {
  /** Above this, a bias as an integer would be too close to the largest one. */
  private static final double LARGEST_BIAS = 1 << 30;

  /** The bias of a channel without weights as an integer. */
  private static final double BIAS_ALONE = 1 << 20;

  private final String name;
  private final float inputScale;
  private final Optional<ModelSpec.Placed> normalization;
  private final MappedTensor weight;
  private final Optional<MappedTensor> bias;
  private final int channels;

  /** Those of the values that are written; null before the first, and after the last of them. */
  private float[] weights;

  private float[] biases;
  private float[] scales;

  IntegerTensors(
      String name,
      ModelSpec.Placed placed,
      Optional<ModelSpec.Placed> normalization,
      float inputScale) {
    this.name = name;
    this.inputScale = inputScale;
    this.normalization = normalization;
    List<MappedTensor> own = LayerTensors.of(placed, LayerTensors.GateOrder.ONNX);
    weight = own.get(0);
    bias = own.size() > 1 ? Optional.of(own.get(1)) : Optional.empty();
    channels = Math.toIntExact(weight.dimensions().get(0));
  }

  /** Weights, their scales, biases, their scales; to be written in this order. */
  List<GraphTensor> tensors() {
    List<Long> vector = List.of((long) channels);
    return List.of(
        GraphTensor.of(
            name + "_weight",
            weight.dimensions(),
            TensorProto.DataType.INT8,
            1,
            (canonical, out) -> {
              fold(canonical);
              out.writeRawBytes(integers());
            }),
        GraphTensor.of(
            name + "_weight_scale",
            vector,
            TensorProto.DataType.FLOAT,
            Float.BYTES,
            (canonical, out) -> {
              for (float scale : scales) {
                out.writeFloatNoTag(scale);
              }
            }),
        GraphTensor.of(
            name + "_bias",
            vector,
            TensorProto.DataType.INT32,
            Integer.BYTES,
            (canonical, out) -> {
              for (int i = 0; i < channels; i++) {
                out.writeFixed32NoTag(
                    (int) Math.rint(biases[i] / ((double) inputScale * scales[i])));
              }
            }),
        GraphTensor.of(
            name + "_bias_scale",
            vector,
            TensorProto.DataType.FLOAT,
            Float.BYTES,
            (canonical, out) -> {
              for (float scale : scales) {
                out.writeFloatNoTag(inputScale * scale);
              }
              weights = null;
            }));
  }

  private static float[] read(MappedTensor tensor, VectorSource canonical) throws IOException {
    float[] values = new float[Math.toIntExact(tensor.count())];
    tensor.values(canonical).read(0, FloatBuffer.wrap(values));
    return values;
  }

  private void fold(VectorSource canonical) throws IOException {
    weights = read(weight, canonical);
    biases = bias.isPresent() ? read(bias.get(), canonical) : new float[channels];
    if (normalization.isPresent()) {
      fold(normalization.get(), canonical);
    }
    scales = new float[channels];
    int each = weights.length / channels;
    for (int channel = 0; channel < channels; channel++) {
      float largest = 0;
      for (int i = channel * each; i < (channel + 1) * each; i++) {
        largest = Math.max(largest, Math.abs(weights[i]));
      }
      double least = Math.abs(biases[channel]) / (double) inputScale;
      if (Quantization.isZero(largest)) {
        Arrays.fill(weights, channel * each, (channel + 1) * each, 0);
      }
      scales[channel] =
          Quantization.isZero(largest) && least > 0
              ? (float) (least / BIAS_ALONE)
              : (float) Math.max(QuantizedWeights.scale(largest), least / LARGEST_BIAS);
    }
  }

  private void fold(ModelSpec.Placed placed, VectorSource canonical) throws IOException {
    List<MappedTensor> tensors = LayerTensors.of(placed, LayerTensors.GateOrder.ONNX);
    float[] scale = read(tensors.get(0), canonical);
    float[] shift = read(tensors.get(1), canonical);
    float[] mean = read(tensors.get(2), canonical);
    float[] variance = read(tensors.get(3), canonical);
    float epsilon = ((LayerSpec.BatchNormalization) placed.layer()).epsilon();
    int each = weights.length / channels;
    for (int channel = 0; channel < channels; channel++) {
      double factor = scale[channel] / Math.sqrt((double) variance[channel] + epsilon);
      for (int i = channel * each; i < (channel + 1) * each; i++) {
        weights[i] = (float) (weights[i] * factor);
      }
      biases[channel] =
          (float) (((double) biases[channel] - mean[channel]) * factor + shift[channel]);
    }
  }

  private byte[] integers() {
    byte[] integers = new byte[weights.length];
    int each = weights.length / channels;
    for (int i = 0; i < integers.length; i++) {
      integers[i] = (byte) QuantizedWeights.integer(weights[i], scales[i / each]);
    }
    return integers;
  }
}
