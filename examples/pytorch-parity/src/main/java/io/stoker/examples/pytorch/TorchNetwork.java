// SPDX-License-Identifier: Apache-2.0
package io.stoker.examples.pytorch;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.GradientCollector;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Window;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** A model of Stoker's, built of PyTorch's operations. */
final class TorchNetwork implements AutoCloseable {
  private static final int[] LSTM_GATES = {3, 1, 0, 2}; // PyTorch: input, forget, candidate, output

  private final ModelSpec model;
  private final NDManager manager;

  /** The tensors of each plain layer, by its index. */
  private final Map<Integer, List<Parameter>> parameters = new LinkedHashMap<>();

  private final Optimizer optimizer =
      Optimizer.sgd()
          .setLearningRateTracker(Tracker.fixed(0.001f))
          .optMomentum(0.9f)
          .optWeightDecays(0.0005f)
          .build();

  /**
   * A tensor of PyTorch's, made of equal pieces of Stoker's vector.
   *
   * @param array the tensor
   * @param offsets where in the canonical vector each piece begins
   */
  private record Parameter(NDArray array, List<Long> offsets) {
    int piece() {
      return Math.toIntExact(array.size() / offsets.size());
    }
  }

  /**
   * @param values the canonical parameter vector
   */
  TorchNetwork(ModelSpec model, float[] values) {
    this.model = model;
    manager = NDManager.newBaseManager();
    for (ModelSpec.Placed placed : model.leaves()) {
      List<Parameter> own = tensors(placed);
      for (Parameter parameter : own) {
        FloatBuffer all = FloatBuffer.allocate((int) parameter.array().size());
        for (long offset : parameter.offsets()) {
          all.put(values, Math.toIntExact(offset), parameter.piece());
        }
        parameter.array().set(all.flip());
        parameter.array().setRequiresGradient(true);
      }
      parameters.put(placed.index(), own);
    }
  }

  private List<Parameter> tensors(ModelSpec.Placed placed) {
    return placed.layer().accept(new Tensors(placed));
  }

  /** Makes PyTorch's tensors of one layer. */
  private final class Tensors implements LayerVisitor<List<Parameter>> {
    private final ModelSpec.Placed placed;
    private final long start;

    Tensors(ModelSpec.Placed placed) {
      this.placed = placed;
      this.start = placed.parameterOffset();
    }

    @Override
    public List<Parameter> visitConvolution(LayerSpec.Convolution conv) {
      int kernel = conv.window().kernel();
      long filters = conv.filters() / conv.groups();
      long inputs = placed.input().channels() / conv.groups();
      long biased = conv.biased() ? filters : 0;
      long group = biased + filters * inputs * kernel * kernel;
      long[] groups = LongStream.range(0, conv.groups()).map(g -> start + g * group).toArray();
      Parameter weights =
          parameter(
              LongStream.of(groups).map(first -> first + biased).toArray(),
              conv.filters(),
              inputs,
              kernel,
              kernel);
      return conv.biased() ? List.of(weights, parameter(groups, conv.filters())) : List.of(weights);
    }

    /** Stoker's weights are [kernel, kernel, filters]; the forward pass turns them around. */
    @Override
    public List<Parameter> visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution conv) {
      long kernel = conv.window().kernel();
      long filters = placed.output().channels();
      long first = start + (conv.biased() ? filters : 0);
      Parameter weights = parameter(new long[] {first}, kernel, kernel, 1, filters);
      return conv.biased()
          ? List.of(weights, parameter(new long[] {start}, filters))
          : List.of(weights);
    }

    @Override
    public List<Parameter> visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling pool) {
      return List.of();
    }

    @Override
    public List<Parameter> visitSequence(LayerSpec.Sequence sequence) {
      return List.of();
    }

    @Override
    public List<Parameter> visitResidual(LayerSpec.Residual residual) {
      return List.of();
    }

    @Override
    public List<Parameter> visitBranches(LayerSpec.Branches branches) {
      return List.of();
    }

    @Override
    public List<Parameter> visitPooling(LayerSpec.Pooling pool) {
      return List.of();
    }

    @Override
    public List<Parameter> visitLocalResponseNormalization(
        LayerSpec.LocalResponseNormalization lrn) {
      return List.of();
    }

    @Override
    public List<Parameter> visitBatchNormalization(LayerSpec.BatchNormalization norm) {
      int channels = placed.input().channels();
      return List.of(
          parameter(new long[] {start}, channels),
          parameter(new long[] {start + channels}, channels));
    }

    @Override
    public List<Parameter> visitActivation(LayerSpec.Activation activation) {
      return List.of();
    }

    @Override
    public List<Parameter> visitDropout(LayerSpec.Dropout dropout) {
      return List.of();
    }

    @Override
    public List<Parameter> visitLstm(LayerSpec.Lstm lstm) {
      long units = lstm.units();
      long width = placed.input().width();
      return List.of(
          parameter(gates(start, units * width), 4 * units, width),
          parameter(gates(start + 4 * units * width, units * units), 4 * units, units),
          parameter(gates(start + 4 * units * (width + units), units), 4 * units));
    }

    @Override
    public List<Parameter> visitDense(LayerSpec.Dense dense) {
      long inputs = placed.input().features();
      return List.of(
          parameter(new long[] {start}, dense.units(), inputs),
          parameter(new long[] {start + dense.units() * inputs}, dense.units()));
    }
  }

  private static long[] gates(long start, long size) {
    return IntStream.of(LSTM_GATES).mapToLong(gate -> start + gate * size).toArray();
  }

  private Parameter parameter(long[] offsets, long... dimensions) {
    return new Parameter(
        manager.create(new Shape(dimensions), DataType.FLOAT32),
        LongStream.of(offsets).boxed().toList());
  }

  /** Class probabilities {@code [examples, classes]}; batch normalization by the batch. */
  float[] probabilities(float[] images, int examples) {
    try (NDManager scope = manager.newSubManager()) {
      return logits(batch(scope, images, examples), false).softmax(1).toFloatArray();
    }
  }

  /** The gradient of the mean cross-entropy, in canonical order. */
  float[] gradients(float[] images, int[] labels) {
    backward(images, labels);
    float[] gradients = new float[(int) model.parameterCount()];
    parameters.values().stream()
        .flatMap(List::stream)
        .forEach(parameter -> gather(parameter, gradients));
    return gradients;
  }

  private static void gather(Parameter parameter, float[] gradients) {
    try (NDArray gradient = parameter.array().getGradient()) {
      float[] all = gradient.toFloatArray();
      int piece = parameter.piece();
      for (int i = 0; i < parameter.offsets().size(); i++) {
        int offset = Math.toIntExact(parameter.offsets().get(i));
        System.arraycopy(all, i * piece, gradients, offset, piece);
      }
    }
  }

  /** One step of stochastic gradient descent with momentum. */
  void step(float[] images, int[] labels) {
    backward(images, labels);
    int id = 0;
    for (List<Parameter> layer : parameters.values()) {
      for (Parameter parameter : layer) {
        try (NDArray gradient = parameter.array().getGradient()) {
          optimizer.update(Integer.toString(id++), parameter.array(), gradient);
        }
      }
    }
  }

  private void backward(float[] images, int[] labels) {
    try (NDManager scope = manager.newSubManager();
        GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
      NDArray logs = logits(batch(scope, images, labels.length), true).logSoftmax(1);
      NDArray targets = scope.create(labels).oneHot(model.classes(), DataType.FLOAT32);
      collector.backward(logs.mul(targets).sum().mul(-1.0 / labels.length));
    }
  }

  private NDArray batch(NDManager scope, float[] images, int examples) {
    io.stoker.models.spec.Shape input = model.input();
    return scope.create(
        FloatBuffer.wrap(images, 0, examples * input.features()),
        new Shape(examples, input.channels(), input.height(), input.width()));
  }

  private NDArray logits(NDArray images, boolean training) {
    NDArray values = images;
    for (ModelSpec.Placed placed : model.placed()) {
      values = forward(placed, values, training);
    }
    return values;
  }

  private NDArray forward(ModelSpec.Placed placed, NDArray in, boolean training) {
    List<Parameter> own = parameters.getOrDefault(placed.index(), List.of());
    return placed.layer().accept(new Forward(placed, own, in, training));
  }

  /** Computes one layer. */
  private final class Forward implements LayerVisitor<NDArray> {
    private final ModelSpec.Placed placed;
    private final List<Parameter> own;
    private final NDArray in;
    private final boolean training;

    Forward(ModelSpec.Placed placed, List<Parameter> own, NDArray in, boolean training) {
      this.placed = placed;
      this.own = own;
      this.in = in;
      this.training = training;
    }

    @Override
    public NDArray visitConvolution(LayerSpec.Convolution conv) {
      return convolve(conv.window(), conv.groups(), own.get(0).array(), own, in);
    }

    @Override
    public NDArray visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution conv) {
      NDArray weights = own.get(0).array().transpose(3, 2, 0, 1);
      return convolve(conv.window(), placed.input().channels(), weights, own, in);
    }

    @Override
    public NDArray visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling pool) {
      return in.getShape().dimension() == 2 ? in : in.mean(new int[] {2, 3});
    }

    @Override
    public NDArray visitSequence(LayerSpec.Sequence sequence) {
      NDArray values = in;
      for (ModelSpec.Placed inner : placed.inner()) {
        values = forward(inner, values, training);
      }
      return values;
    }

    @Override
    public NDArray visitResidual(LayerSpec.Residual residual) {
      NDArray body = forward(placed.inner().get(0), in, training);
      NDArray shortcut = forward(placed.inner().get(1), in, training);
      return forward(placed.inner().get(2), body.add(shortcut), training);
    }

    @Override
    public NDArray visitBranches(LayerSpec.Branches branches) {
      NDList outputs = new NDList();
      placed.inner().forEach(branch -> outputs.add(forward(branch, in, training)));
      return NDArrays.concat(outputs, 1);
    }

    @Override
    public NDArray visitPooling(LayerSpec.Pooling pool) {
      return pool(pool, in);
    }

    @Override
    public NDArray visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization lrn) {
      return normalize(lrn, in);
    }

    @Override
    public NDArray visitBatchNormalization(LayerSpec.BatchNormalization norm) {
      NDArray mean = in.getManager().zeros(new Shape(placed.input().channels()));
      NDArray variance = in.getManager().ones(new Shape(placed.input().channels()));
      NDArray scale = own.get(0).array();
      NDArray shift = own.get(1).array();
      return BatchNorm.batchNorm(in, mean, variance, scale, shift, 1, 0.9f, norm.epsilon(), true)
          .singletonOrThrow();
    }

    @Override
    public NDArray visitActivation(LayerSpec.Activation activation) {
      return activate(activation.function(), in);
    }

    @Override
    public NDArray visitDropout(LayerSpec.Dropout dropout) {
      return Dropout.dropout(in, dropout.probability(), training).singletonOrThrow();
    }

    @Override
    public NDArray visitLstm(LayerSpec.Lstm lstm) {
      return read(lstm, placed, own, in);
    }

    @Override
    public NDArray visitDense(LayerSpec.Dense dense) {
      NDArray flat = in.getShape().dimension() == 2 ? in : in.flatten(1, -1);
      return Linear.linear(flat, own.get(0).array(), own.get(1).array()).singletonOrThrow();
    }
  }

  private static NDArray convolve(
      Window window, int groups, NDArray weights, List<Parameter> own, NDArray in) {
    Padding padding = window.padding();
    NDArray padded = padding.isEven() ? in : pad(in, padding, 0);
    return Conv2d.conv2d(
            padded,
            weights,
            own.size() == 2 ? own.get(1).array() : null,
            square(window.stride()),
            square(padding.isEven() ? padding.top() : 0),
            square(window.dilation()),
            groups)
        .singletonOrThrow();
  }

  private static NDArray pool(LayerSpec.Pooling pool, NDArray in) {
    Window window = pool.window();
    Padding padding = window.padding();
    boolean maximum = pool.kind() == LayerSpec.Pooling.Kind.MAXIMUM;
    NDArray padded =
        padding.isEven() ? in : pad(in, padding, maximum ? Float.NEGATIVE_INFINITY : 0);
    Shape sides = square(padding.isEven() ? padding.top() : 0);
    return maximum
        ? Pool.maxPool2d(padded, square(window.kernel()), square(window.stride()), sides, false)
        : Pool.avgPool2d(
            padded, square(window.kernel()), square(window.stride()), sides, false, true);
  }

  private static NDArray pad(NDArray in, Padding padding, double value) {
    return in.pad(
        new Shape(padding.left(), padding.right(), padding.top(), padding.bottom()), value);
  }

  private static Shape square(int side) {
    return new Shape(side, side);
  }

  /** As torch.nn.functional.local_response_norm: an average over channels, times their number. */
  private static NDArray normalize(LayerSpec.LocalResponseNormalization lrn, NDArray in) {
    long reach = lrn.size() / 2;
    NDArray squares = in.mul(in).expandDims(1);
    NDArray means =
        Pool.avgPool3d(
                squares,
                new Shape(lrn.size(), 1, 1),
                new Shape(1, 1, 1),
                new Shape(reach, 0, 0),
                false,
                true)
            .squeeze(1);
    return in.div(means.mul(lrn.alpha() * lrn.size()).add(lrn.k()).pow(lrn.beta()));
  }

  private static NDArray activate(ActivationFunction function, NDArray in) {
    return switch (function) {
      case SIGMOID -> Activation.sigmoid(in);
      case TANH -> Activation.tanh(in);
      case RELU -> Activation.relu(in);
      case LEAKY_RELU -> Activation.leakyRelu(in, ActivationFunction.LEAK);
      case SCALED_TANH ->
          Activation.tanh(in.mul(ActivationFunction.TANH_SLOPE))
              .mul(ActivationFunction.TANH_AMPLITUDE);
      case THRESHOLD -> throw new IllegalArgumentException("A threshold has no gradient");
    };
  }

  private static NDArray read(
      LayerSpec.Lstm lstm, ModelSpec.Placed placed, List<Parameter> own, NDArray in) {
    long examples = in.getShape().get(0);
    NDArray rows = in.reshape(examples, lstm.steps(placed.input()), placed.input().width());
    NDArray begin = in.getManager().zeros(new Shape(1, examples, lstm.units()));
    NDArray none = in.getManager().zeros(new Shape(4L * lstm.units()));
    NDList weights = new NDList(own.get(0).array(), own.get(1).array(), own.get(2).array(), none);
    return in.getNDArrayInternal()
        .lstm(rows, new NDList(begin, begin), weights, true, 1, 0, true, false, true)
        .get(0)
        .get(":, -1");
  }

  @Override
  public void close() {
    manager.close();
  }
}
