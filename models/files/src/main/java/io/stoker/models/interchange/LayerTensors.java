// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import static io.stoker.models.interchange.MappedTensor.Presence.REQUIRED;
import static io.stoker.models.interchange.MappedTensor.Presence.ZERO_IF_ABSENT;

import io.stoker.models.interchange.MappedTensor.Presence;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The parameters of one layer as the tensors that PyTorch and ONNX have for it. The two agree on
 * everything but the order of an LSTM's gates:
 *
 * <ul>
 *   <li>convolution: {@code weight [filters, channels / groups, kernel, kernel]}, {@code bias
 *       [filters]}; the groups, each of which has a bias and weights here, are joined
 *   <li>depthwise convolution: {@code weight [channels * multiplier, 1, kernel, kernel]}, the
 *       transpose of the matrix here
 *   <li>dense layer: {@code weight [units, inputs]}, {@code bias [units]}
 *   <li>batch normalization: {@code weight}, {@code bias}, {@code running_mean}, {@code
 *       running_var}, each {@code [channels]}
 *   <li>LSTM: {@code weight_ih_l0 [4 units, width]}, {@code weight_hh_l0 [4 units, units]}, {@code
 *       bias_ih_l0 [4 units]}
 * </ul>
 */
public final class LayerTensors {
  /** The order of an LSTM's gates. Here they are candidate, forget, output, input. */
  public enum GateOrder {
    /** Input, forget, candidate, output: {@code torch.nn.LSTM}. */
    PYTORCH(3, 1, 0, 2),
    /** Input, output, forget, candidate: ONNX's operator LSTM. */
    ONNX(3, 2, 1, 0);

    /** The number that each gate of the order has here. */
    @SuppressWarnings("ImmutableEnumChecker") // List.of cannot be changed
    private final List<Integer> gates;

    GateOrder(Integer... gates) {
      this.gates = List.of(gates);
    }
  }

  private final ModelSpec.Placed placed;
  private final GateOrder gates;

  private LayerTensors(ModelSpec.Placed placed, GateOrder gates) {
    this.placed = placed;
    this.gates = gates;
  }

  /**
   * The tensors of a plain layer, in PyTorch's order; none for a layer without parameters.
   *
   * @param placed the layer
   * @param gates the order of an LSTM's gates
   * @throws IllegalStateException if they have not each of the layer's values once, which is a bug
   */
  public static List<MappedTensor> of(ModelSpec.Placed placed, GateOrder gates) {
    if (!placed.inner().isEmpty() || placed.parameters().isEmpty()) {
      return List.of();
    }
    List<MappedTensor> tensors = new LayerTensors(placed, gates).tensors();
    AssembledVector values = new AssembledVector();
    tensors.forEach(values::addZeros);
    values.requireComplete(placed.parameterOffset(), placed.parameterCount());
    return tensors;
  }

  private List<MappedTensor> tensors() {
    LayerSpec layer = placed.layer();
    if (layer instanceof LayerSpec.Convolution convolution) {
      return convolution(convolution);
    }
    if (layer instanceof LayerSpec.DepthwiseConvolution convolution) {
      return depthwiseConvolution(convolution);
    }
    if (layer instanceof LayerSpec.Lstm lstm) {
      return lstm(lstm);
    }
    if (layer instanceof LayerSpec.BatchNormalization) {
      return batchNormalization();
    }
    if (layer instanceof LayerSpec.Dense) {
      return dense();
    }
    throw new IllegalStateException("No tensors for the parameters of " + layer.label());
  }

  private List<MappedTensor> convolution(LayerSpec.Convolution layer) {
    int perGroup = layer.biased() ? 2 : 1;
    List<Integer> group = placed.parameters().get(perGroup - 1).dimensions();
    List<Long> dimensions =
        List.of(
            (long) layer.filters(), (long) group.get(1), (long) group.get(2), (long) group.get(3));
    MappedTensor weight =
        tensor("weight", dimensions, every(perGroup, perGroup - 1), ValueForm.SAME, REQUIRED);
    return layer.biased()
        ? List.of(
            weight,
            tensor(
                "bias",
                List.of((long) layer.filters()),
                every(perGroup, 0),
                ValueForm.SAME,
                ZERO_IF_ABSENT))
        : List.of(weight);
  }

  private List<MappedTensor> depthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
    int matrix = layer.biased() ? 1 : 0; // as of every convolution, the biases come first
    long count = placed.parameters().get(matrix).size();
    int kernel = layer.window().kernel();
    long filters = placed.output().channels();
    VectorPart part = new VectorPart(offset(matrix), count, ValueForm.SAME, kernel * kernel);
    MappedTensor weight =
        new MappedTensor(
            "weight", List.of(filters, 1L, (long) kernel, (long) kernel), List.of(part), REQUIRED);
    return layer.biased()
        ? List.of(weight, whole("bias", 0, ValueForm.SAME, ZERO_IF_ABSENT))
        : List.of(weight);
  }

  private List<MappedTensor> dense() {
    return List.of(
        whole("weight", 0, ValueForm.SAME, REQUIRED),
        whole("bias", 1, ValueForm.SAME, ZERO_IF_ABSENT));
  }

  private List<MappedTensor> batchNormalization() {
    return List.of(
        whole("weight", 0, ValueForm.SAME, REQUIRED),
        whole("bias", 1, ValueForm.SAME, REQUIRED),
        whole("running_mean", 2, ValueForm.SAME, REQUIRED),
        whole("running_var", 3, ValueForm.VARIANCE, REQUIRED));
  }

  private List<MappedTensor> lstm(LayerSpec.Lstm layer) {
    long bias = offset(2);
    List<VectorPart> biases =
        gates.gates.stream()
            .map(
                gate ->
                    new VectorPart(
                        bias + (long) gate * layer.units(), layer.units(), ValueForm.SAME))
            .toList();
    return List.of(
        gates("weight_ih_l0", 0, layer.units()),
        gates("weight_hh_l0", 1, layer.units()),
        new MappedTensor("bias_ih_l0", List.of(4L * layer.units()), biases, REQUIRED));
  }

  private MappedTensor gates(String name, int parameter, int units) {
    ParameterSpec matrix = placed.parameters().get(parameter);
    long columns = matrix.dimensions().get(1);
    long gate = units * columns;
    List<VectorPart> parts =
        gates.gates.stream()
            .map(each -> new VectorPart(offset(parameter) + each * gate, gate, ValueForm.SAME))
            .toList();
    return new MappedTensor(name, List.of(4L * units, columns), parts, REQUIRED);
  }

  private static IntPredicate every(int step, int first) {
    return index -> index % step == first;
  }

  private MappedTensor whole(String name, int parameter, ValueForm form, Presence presence) {
    List<Long> dimensions =
        placed.parameters().get(parameter).dimensions().stream().map(Integer::longValue).toList();
    return tensor(name, dimensions, index -> index == parameter, form, presence);
  }

  private MappedTensor tensor(
      String name, List<Long> dimensions, IntPredicate chosen, ValueForm form, Presence presence) {
    List<VectorPart> parts = new ArrayList<>();
    IntStream.range(0, placed.parameters().size())
        .filter(chosen)
        .forEach(
            index ->
                parts.add(
                    new VectorPart(offset(index), placed.parameters().get(index).size(), form)));
    return new MappedTensor(name, dimensions, parts, presence);
  }

  /** Where a tensor of the layer begins in the canonical vector. */
  private long offset(int parameter) {
    return placed.parameterOffset()
        + placed.parameters().subList(0, parameter).stream().mapToLong(ParameterSpec::size).sum();
  }
}
