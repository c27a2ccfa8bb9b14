// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.models.engine.BatchCheck;
import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.ParameterSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * A stock Deeplearning4j {@link ComputationGraph}. The library computes the passes; the update is
 * Stoker's, on the library's flat vectors.
 */
final class Dl4jNetwork implements Network {
  /** The configuration needs settings; {@link #update} gets its own. */
  private static final StepSettings UNUSED = new StepSettings(0.1f, 0, 0);

  /** A seed of 0 makes ND4J use the time of day. */
  private static final long SEED_FOR_ZERO = 0x5eed;

  private final ModelSpec model;
  private final int batchCapacity;
  private final BatchCheck check;
  private final ComputationGraph graph;
  private final ScoredCrossEntropy loss = new ScoredCrossEntropy();
  private final INDArray parameters;
  private final INDArray gradients;
  private final INDArray velocity;
  private final INDArray secondMoments;
  private final INDArray images;
  private final INDArray labels;

  private final List<Learning> learning = new ArrayList<>();
  private final List<Learning> statistics = new ArrayList<>();

  /** The views of one tensor, and how it is updated. */
  private record Learning(
      INDArray parameters,
      INDArray gradients,
      INDArray velocity,
      INDArray secondMoments,
      float rate,
      boolean decays) {}

  Dl4jNetwork(ModelSpec model, int batchCapacity, RateMultipliers rates) {
    this.model = model;
    this.batchCapacity = batchCapacity;
    check = new BatchCheck(model, batchCapacity);
    long count = model.parameterCount();
    graph = new ComputationGraph(GraphConfiguration.of(model, UNUSED));
    parameters = Nd4j.zeros(DataType.FLOAT, 1, count);
    graph.init(parameters, false);
    graph.initGradientsView();
    gradients = graph.getFlattenedGradients();
    setLoss(graph.getOutputLayer(0).conf().getLayer());
    velocity = Nd4j.zeros(DataType.FLOAT, 1, count);
    secondMoments = Nd4j.zeros(DataType.FLOAT, 1, count);
    images =
        Nd4j.zeros(
            DataType.FLOAT,
            batchCapacity,
            model.input().channels(),
            model.input().height(),
            model.input().width());
    labels = Nd4j.zeros(DataType.FLOAT, batchCapacity, model.classes());
    Iterator<Float> multipliers = rates.tensors().iterator();
    for (Placed placed : model.placed()) {
      long offset = placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        Learning views =
            new Learning(
                range(parameters, offset, tensor.size()),
                range(gradients, offset, tensor.size()),
                range(velocity, offset, tensor.size()),
                range(secondMoments, offset, tensor.size()),
                multipliers.next(),
                tensor.role() == ParameterSpec.Role.WEIGHT);
        if (tensor.role() == ParameterSpec.Role.STATISTIC) {
          statistics.add(views);
        } else {
          learning.add(views);
        }
        offset += tensor.size();
      }
    }
  }

  /** A model that ends with a global average has no weights in its output layer. */
  private void setLoss(Layer output) {
    if (output instanceof LossLayer plain) {
      plain.setLossFn(loss);
    } else {
      ((BaseOutputLayer) output).setLossFn(loss);
    }
  }

  private static INDArray range(INDArray vector, long offset, long length) {
    return vector.get(NDArrayIndex.all(), NDArrayIndex.interval(offset, offset + length));
  }

  @Override
  public ModelSpec model() {
    return model;
  }

  @Override
  public int batchCapacity() {
    return batchCapacity;
  }

  @Override
  public BatchScore computeGradients(
      float[] images, float[] targets, float[] weights, int examples, long dropoutSeed) {
    double sum = check.step(images, targets, weights, examples);
    Nd4j.getRandom().setSeed(dropoutSeed == 0 ? SEED_FOR_ZERO : dropoutSeed);
    graph.setInputs(features(images, examples));
    graph.setLabels(answers(targets, examples));
    loss.weightExamples(
        Nd4j.createFromArray(Arrays.copyOf(weights, examples)).reshape(examples, 1));
    graph.computeGradientAndScore();
    // The library computes sums over the examples, and divides them in its updater, which is not
    // used.
    learning.forEach(tensor -> tensor.gradients().divi(sum));
    return new BatchScore(loss.lossSum() * (examples / sum), loss.correct(), examples);
  }

  @Override
  public void update(StepSettings settings) {
    float clip = clipFactor(settings.clipNorm());
    for (Learning tensor : learning) {
      if (tensor.rate() == 0) {
        continue;
      }
      float rate = settings.learningRate() * tensor.rate();
      if (settings.isAdam()) {
        adam(tensor, settings, rate, clip);
        continue;
      }
      float decay = tensor.decays() ? rate * settings.weightDecay() : 0;
      if (settings.momentum() > 0) {
        INDArray step = tensor.velocity();
        if (settings.ahead() > 0) {
          step = step.mul(-settings.ahead());
        }
        tensor.velocity().muli(settings.momentum());
        addScaled(-decay, tensor.parameters(), tensor.velocity());
        addScaled(-rate * clip, tensor.gradients(), tensor.velocity());
        if (settings.ahead() > 0) {
          addScaled(1 + settings.ahead(), tensor.velocity(), step);
        }
        addScaled(1, step, tensor.parameters());
      } else {
        tensor.parameters().muli(1 - decay);
        addScaled(-rate * clip, tensor.gradients(), tensor.parameters());
      }
    }
    for (Learning tensor : statistics) {
      if (tensor.rate() > 0) {
        addScaled(-1, tensor.gradients(), tensor.parameters());
      }
    }
  }

  private static void adam(Learning tensor, StepSettings settings, float rate, float clip) {
    StepSettings.Adam adam = settings.adam();
    double first = settings.momentum();
    double second = adam.secondMomentum();
    if (tensor.decays()) {
      tensor.parameters().muli(1 - rate * settings.weightDecay());
    }
    INDArray gradient = tensor.gradients().mul(clip);
    tensor.velocity().muli(first).addi(gradient.mul(1 - first));
    tensor.secondMoments().muli(second).addi(gradient.muli(gradient).muli(1 - second));
    INDArray divisor =
        Transforms.sqrt(tensor.secondMoments(), true)
            .divi(adam.secondCorrection())
            .addi(adam.epsilon());
    double step = rate / adam.firstCorrection(settings.momentum());
    tensor.parameters().subi(tensor.velocity().div(divisor).muli(step));
  }

  private float clipFactor(float longest) {
    if (longest == StepSettings.UNCLIPPED) {
      return 1;
    }
    double squares = 0;
    for (Learning tensor : learning) {
      double norm = tensor.rate() == 0 ? 0 : tensor.gradients().norm2Number().doubleValue();
      squares += norm * norm;
    }
    return (float) Math.min(1, longest / Math.sqrt(squares));
  }

  private static void addScaled(float factor, INDArray source, INDArray target) {
    Nd4j.getBlasWrapper().level1().axpy(source.length(), factor, source, target);
  }

  @Override
  public void predict(float[] images, int examples, float[] probabilities) {
    check.prediction(images, examples, probabilities);
    int values = examples * model.classes();
    INDArray output = graph.outputSingle(false, features(images, examples));
    HostValues.read(output, 0, FloatBuffer.wrap(probabilities, 0, values));
  }

  private INDArray features(float[] values, int examples) {
    Nd4jProcessor.useOneThread();
    int size = examples * model.input().features();
    HostValues.write(images, 0, FloatBuffer.wrap(values, 0, size));
    return examples == batchCapacity
        ? images
        : images.get(
            NDArrayIndex.interval(0, examples),
            NDArrayIndex.all(),
            NDArrayIndex.all(),
            NDArrayIndex.all());
  }

  private INDArray answers(float[] targets, int examples) {
    int size = examples * model.classes();
    HostValues.write(labels, 0, FloatBuffer.wrap(targets, 0, size));
    return examples == batchCapacity
        ? labels
        : labels.get(NDArrayIndex.interval(0, examples), NDArrayIndex.all());
  }

  @Override
  public void readParameters(long offset, FloatBuffer target) {
    HostValues.read(parameters, offset, target);
  }

  @Override
  public void writeParameters(long offset, FloatBuffer source) {
    HostValues.write(parameters, offset, source);
  }

  @Override
  public void readGradients(long offset, FloatBuffer target) {
    HostValues.read(gradients, offset, target);
  }

  @Override
  public void readUpdaterState(long offset, FloatBuffer target) {
    long second = offset - model.parameterCount();
    HostValues.read(second < 0 ? velocity : secondMoments, second < 0 ? offset : second, target);
  }

  @Override
  public void writeUpdaterState(long offset, FloatBuffer source) {
    long second = offset - model.parameterCount();
    HostValues.write(second < 0 ? velocity : secondMoments, second < 0 ? offset : second, source);
  }

  @Override
  public void resetUpdaterState() {
    velocity.assign(0);
    secondMoments.assign(0);
  }

  @Override
  public void close() {
    graph.close();
    velocity.close();
    secondMoments.close();
    images.close();
    labels.close();
  }
}
