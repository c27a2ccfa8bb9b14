// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec.Sequence;
import io.stoker.models.spec.EveryLayer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.BatchNormalization;
import io.stoker.models.spec.LayerSpec.Dropout;
import io.stoker.models.spec.LayerSpec.LocalResponseNormalization;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.ParameterSpec;
import io.stoker.models.spec.Shape;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every {@link Engine} must do; an engine's test extends this class. An engine in a module of
 * its own has it in the test-jar of {@code stoker-networks}.
 */
public abstract class NetworkContract {
  private static final long SEED = 7;

  /** The engine under test. */
  protected abstract Engine engine();

  /** The largest error of gradients, relative to the largest of their tensor. */
  protected double gradientTolerance() {
    return 2e-5;
  }

  /** The largest error of gradients of a model with local response normalization. */
  protected double normalizationTolerance() {
    return gradientTolerance();
  }

  private double tolerance(ModelSpec model) {
    boolean normalized =
        model.leaves().stream()
            .map(Placed::layer)
            .anyMatch(LocalResponseNormalization.class::isInstance);
    return normalized ? normalizationTolerance() : gradientTolerance();
  }

  private static final class Batch {
    private final float[] images;
    private final int[] labels;
    private final float[] targets;
    private final int examples;

    private Batch(float[] images, int[] labels, int classes, int examples) {
      this.images = images;
      this.labels = labels;
      this.targets = new float[examples * classes];
      Targets.fill(labels, examples, classes, 0, targets);
      this.examples = examples;
    }

    /** A batch of some of these examples. */
    Batch with(int... chosen) {
      int features = images.length / examples;
      float[] some = new float[chosen.length * features];
      for (int i = 0; i < chosen.length; i++) {
        System.arraycopy(images, chosen[i] * features, some, i * features, features);
      }
      return new Batch(
          some,
          IntStream.of(chosen).map(example -> labels[example]).toArray(),
          targets.length / examples,
          chosen.length);
    }

    static Batch random(ModelSpec model, int examples, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      float[] images = new float[examples * model.input().features()];
      for (int i = 0; i < images.length; i++) {
        images[i] = (float) random.nextDouble(-1.5, 1.5);
      }
      int[] labels = random.ints(examples, 0, model.classes()).toArray();
      return new Batch(images, labels, model.classes(), examples);
    }
  }

  static Stream<ModelSpec> models() {
    return ContractModels.all();
  }

  /** A new kind of layer is compared with its formula, or this fails. */
  @Test
  void theModelsHaveEveryKindOfLayer() {
    assertThat(
            Stream.concat(models(), Stream.of(ContractModels.mixed()))
                .flatMap(model -> model.layers().stream())
                .map(Object::getClass)
                .collect(Collectors.toSet()))
        .isEqualTo(Set.of(EveryLayer.kinds(LayerSpec.class)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void lossProbabilitiesAndGradientsAreThoseOfTheFormulas(ModelSpec model) {
    assertFormulas(model, 5);
  }

  /** A single vector has no variance, so batch normalization is left out. */
  static Stream<ModelSpec> modelsOfSingleExamples() {
    return models()
        .filter(
            model ->
                model.leaves().stream()
                    .map(Placed::layer)
                    .noneMatch(BatchNormalization.class::isInstance));
  }

  @ParameterizedTest
  @MethodSource("modelsOfSingleExamples")
  void soAreThoseOfASingleExample(ModelSpec model) {
    assertFormulas(model, 1);
  }

  private void assertFormulas(ModelSpec model, int examples) {
    float[] parameters = randomParameters(model);
    Batch batch = Batch.random(model, examples, SEED);
    ReferenceNetwork reference = new ReferenceNetwork(model);
    double[] exact = toDoubles(parameters);
    try (Network network = network(model, examples, parameters)) {
      BatchScore score = compute(network, batch);

      assertThat(score.examples()).isEqualTo(examples);
      assertThat(score.lossSum() / examples)
          .isCloseTo(reference.loss(exact, batch.images, batch.labels, examples), within(2e-6));
      assertThat(score.correct())
          .isEqualTo(
              hits(reference.trainingProbabilities(exact, batch.images, examples), batch.labels));
      double[][] probabilities = reference.probabilities(exact, batch.images, examples);
      float[] predicted = predict(network, batch);
      for (int i = 0; i < predicted.length; i++) {
        assertThat((double) predicted[i])
            .isCloseTo(probabilities[i / model.classes()][i % model.classes()], within(2e-6));
      }
      assertGradients(
          model,
          gradients(network),
          reference.gradients(exact, batch.images, batch.labels, examples),
          tolerance(model));
    }
  }

  /** One model without statistics of the batch, and one with them. */
  static Stream<ModelSpec> weightedModels() {
    return Stream.of(
        ContractModels.withoutDropout(),
        ContractModels.model(
            "batch normalization",
            new Shape(5, 5, 2),
            ContractModels.conv(4, 3, 1, 0),
            new BatchNormalization(1e-3f, 0.8f),
            ContractModels.tanh(),
            ContractModels.dense(3)));
  }

  @ParameterizedTest
  @MethodSource("weightedModels")
  void weightedLossAndGradientsAreThoseOfTheFormulas(ModelSpec model) {
    float[] parameters = randomParameters(model);
    float[] weights = {0.5f, 3, 0, 1.25f, 0.75f};
    Batch batch = Batch.random(model, 5, SEED);
    ReferenceNetwork reference = new ReferenceNetwork(model);
    double[] exact = toDoubles(parameters);
    try (Network network = network(model, 5, parameters)) {
      BatchScore score = compute(network, batch, weights);

      assertThat(score.examples()).isEqualTo(5);
      assertThat(score.lossSum() / 5)
          .isCloseTo(reference.loss(exact, batch.images, batch.labels, weights), within(2e-6));
      assertGradients(
          model,
          gradients(network),
          reference.gradients(exact, batch.images, batch.labels, weights),
          tolerance(model));
    }
  }

  @Test
  void equalWeightsChangeNoBit() {
    ModelSpec model = ContractModels.mixed();
    Batch batch = Batch.random(model, 5, SEED);
    try (Network network = network(model, 6, randomParameters(model))) {
      float[] equal = new float[6];
      Arrays.fill(equal, 2);
      BatchScore weighted = compute(network, batch, equal);
      float[] gradients = gradients(network);

      assertThat(weighted).isEqualTo(compute(network, batch));
      assertThat(gradients).isEqualTo(gradients(network));
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  @Exact
  void imagesAsBytesGiveTheBitsOfNormalizedImages(ModelSpec model) {
    int examples = 5;
    byte[] pixels = new byte[examples * model.input().features()];
    new SplittableRandom(SEED).nextBytes(pixels);
    float[][] values = new float[model.input().channels()][256];
    for (int channel = 0; channel < values.length; channel++) {
      for (int pixel = 0; pixel < 256; pixel++) {
        values[channel][pixel] = (float) ((pixel - 120.7 - channel) / 61.3);
      }
    }
    ByteImages bytes = new ByteImages(pixels, values);
    Batch random = Batch.random(model, examples, SEED);
    Batch batch =
        new Batch(
            bytes.normalized(model.input(), examples), random.labels, model.classes(), examples);
    float[] weights = {1, 2, 1, 0.5f, 1};
    try (Network network = network(model, examples, randomParameters(model))) {
      BatchScore expected = compute(network, batch, weights);
      float[] gradients = gradients(network);

      BatchScore score = network.computeGradients(bytes, batch.targets, weights, examples, SEED);

      assertThat(score).isEqualTo(expected);
      assertThat(gradients(network)).isEqualTo(gradients);
    }
  }

  @Test
  void onlyTheFactorBetweenWeightsMatters() {
    ModelSpec model = ContractModels.mixed();
    Batch batch = Batch.random(model, 3, SEED);
    try (Network network = network(model, 3, randomParameters(model))) {
      BatchScore score = compute(network, batch, new float[] {1, 3, 2});
      float[] gradients = gradients(network);

      assertThat(compute(network, batch, new float[] {4, 12, 8})).isEqualTo(score);
      assertThat(gradients(network)).isEqualTo(gradients);
    }
  }

  @Test
  void aWeightOfTwoIsTheExampleTwice() {
    ModelSpec model = ContractModels.withoutDropout();
    Batch batch = Batch.random(model, 3, SEED);
    Batch repeated = batch.with(0, 1, 1, 2);
    try (Network network = network(model, 4, randomParameters(model))) {
      BatchScore score = compute(network, repeated);
      double[] expected = toDoubles(gradients(network));

      BatchScore weighted = compute(network, batch, new float[] {1, 2, 1});

      assertThat(weighted.lossSum() / 3).isCloseTo(score.lossSum() / 4, within(1e-6));
      assertGradients(model, gradients(network), expected, 1e-5);
    }
  }

  @Test
  void wrongWeightsAreRefused() {
    ModelSpec model = ContractModels.mixed();
    Batch batch = Batch.random(model, 2, SEED);
    try (Network network = network(model, 2, randomParameters(model))) {
      for (float[] weights :
          new float[][] {{}, {1}, {1, -1}, {Float.NaN, 1}, {1, Float.POSITIVE_INFINITY}, {0, 0}}) {
        assertThatIllegalArgumentException()
            .as(Arrays.toString(weights))
            .isThrownBy(() -> compute(network, batch, weights))
            .withMessageContaining("weight");
      }
    }
  }

  static Stream<ModelSpec> modelsWithDropout() {
    return Stream.of(
        ContractModels.model(
            "dropout",
            new Shape(5, 5, 2),
            ContractModels.conv(4, 3, 1, 0),
            ContractModels.tanh(),
            new Dropout(0.4f),
            ContractModels.dense(9),
            ContractModels.tanh(),
            new Dropout(0.5f),
            ContractModels.dense(3)),
        ContractModels.model(
            "stochastic depth",
            new Shape(4, 4, 2),
            ContractModels.conv(4, 3, 1, 1),
            ContractModels.residual(
                Sequence.of(ContractModels.conv(4, 3, 1, 1), examples(0.4f)),
                Sequence.IDENTITY,
                Sequence.of(ContractModels.tanh())),
            ContractModels.dense(9),
            examples(0.3f),
            ContractModels.dense(3)),
        ContractModels.model(
            "dropout in blocks",
            new Shape(4, 4, 2),
            ContractModels.conv(4, 3, 1, 1),
            ContractModels.residual(
                Sequence.of(ContractModels.conv(4, 3, 1, 1), new Dropout(0.4f)),
                Sequence.IDENTITY,
                Sequence.of(ContractModels.tanh(), new Dropout(0.2f))),
            ContractModels.branches(
                Sequence.of(new Dropout(0.5f), ContractModels.conv(3, 1, 1, 0)),
                Sequence.of(new Dropout(0.5f))),
            ContractModels.dense(3)));
  }

  private static Dropout examples(float probability) {
    return new Dropout(probability, Dropout.Unit.EXAMPLE);
  }

  @ParameterizedTest
  @MethodSource("modelsWithDropout")
  void gradientsUnderDropoutAreCentralDifferencesOfTheLossWithTheSameSeed(ModelSpec model) {
    float[] parameters = randomParameters(model);
    Batch batch = Batch.random(model, 6, SEED);
    try (Network network = network(model, 6, parameters)) {
      compute(network, batch);
      float[] gradients = gradients(network);
      float step = 1e-2f;
      double[] differences = new double[parameters.length];
      for (int i = 0; i < parameters.length; i++) {
        float[] moved = parameters.clone();
        moved[i] = parameters[i] + step;
        network.writeParameters(0, FloatBuffer.wrap(moved));
        double above = compute(network, batch).lossSum();
        float upper = moved[i];
        moved[i] = parameters[i] - step;
        network.writeParameters(0, FloatBuffer.wrap(moved));
        double below = compute(network, batch).lossSum();
        differences[i] = (above - below) / 6 / (upper - moved[i]);
      }
      assertGradients(model, gradients, differences, 2e-3);
    }
  }

  /**
   * With zero weights and inputs of one, the gradient of a weight is (p - y) times what dropout let
   * through of its input: the mask can be read from it.
   */
  @Test
  void dropoutZeroesItsShareAndScalesTheRest() {
    int features = 4000;
    ModelSpec model =
        ContractModels.model(
            "mask", new Shape(1, 1, features), new Dropout(0.3f), ContractModels.dense(2));
    float[] ones = new float[features];
    Arrays.fill(ones, 1);
    try (Network network = engine().create(model, 1)) {
      float[] first = mask(network, ones, 11);
      float[] again = mask(network, ones, 11);
      float[] other = mask(network, ones, 12);

      int dropped = 0;
      for (float value : first) {
        if (value == 0) {
          dropped++;
        } else {
          assertThat(value).isCloseTo(1 / 0.7f, within(1e-5f));
        }
      }
      double sigma = Math.sqrt(features * 0.3 * 0.7);
      assertThat((double) dropped).isCloseTo(features * 0.3, within(5 * sigma));
      assertThat(again).isEqualTo(first);
      assertThat(other).isNotEqualTo(first);
    }
  }

  /**
   * With a target of class 1, the gradient of each weight counts the examples that are let pass.
   */
  @Test
  void stochasticDepthDropsWholeExamples() {
    int examples = 400;
    Shape image = new Shape(2, 3, 5);
    ModelSpec model =
        ContractModels.model("depth", image, examples(0.25f), ContractModels.dense(2));
    float[] ones = new float[examples * image.features()];
    Arrays.fill(ones, 1);
    float[] targets = new float[2 * examples];
    Targets.fill(new int[examples], examples, 2, 0, targets);
    try (Network network = engine().create(model, examples)) {
      network.computeGradients(ones, targets, examples, 11);
      float[] gradients = gradients(network);

      // Each example that passes adds -0.5 / 0.75 to the sum, which is divided by their number.
      double passed = gradients[0] * examples / (-0.5 / 0.75);
      assertThat(passed).isCloseTo(Math.rint(passed), within(0.01));
      assertThat(passed).isCloseTo(300, within(5 * Math.sqrt(400 * 0.25 * 0.75)));
      for (int i = 1; i < image.features(); i++) {
        assertThat(gradients[i]).isCloseTo(gradients[0], within(1e-5f));
      }
    }
  }

  @Test
  void dropoutIsOffInInference() {
    ModelSpec with =
        ContractModels.model(
            "with",
            new Shape(1, 1, 6),
            ContractModels.dense(8),
            ContractModels.tanh(),
            new Dropout(0.5f),
            ContractModels.dense(3));
    float[] parameters = randomParameters(with);
    Batch batch = Batch.random(with, 4, SEED);
    double[][] expected =
        new ReferenceNetwork(with).probabilities(toDoubles(parameters), batch.images, 4);
    try (Network network = network(with, 4, parameters)) {
      float[] predicted = predict(network, batch);
      for (int i = 0; i < predicted.length; i++) {
        assertThat((double) predicted[i]).isCloseTo(expected[i / 3][i % 3], within(2e-6));
      }
    }
  }

  @Test
  void probabilitiesSumToOneEvenForLargeLogits() {
    ModelSpec model = ContractModels.model("large", new Shape(1, 1, 6), ContractModels.dense(10));
    float[] parameters = randomParameters(model);
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] *= 300;
    }
    Batch batch = Batch.random(model, 4, SEED);
    try (Network network = network(model, 4, parameters)) {
      float[] predicted = predict(network, batch);
      for (int example = 0; example < 4; example++) {
        double sum = 0;
        for (int i = 0; i < 10; i++) {
          assertThat(predicted[example * 10 + i]).isBetween(0f, 1f);
          sum += predicted[example * 10 + i];
        }
        assertThat(sum).isCloseTo(1, within(1e-5));
      }
      BatchScore score = compute(network, batch);
      assertThat(score.lossSum()).isFinite().isNotNegative();
      for (float gradient : gradients(network)) {
        assertThat(gradient).isFinite();
      }
    }
  }

  @Test
  void aNewNetworkIsAllZero() {
    ModelSpec model = ContractModels.mixed();
    try (Network network = engine().create(model, 3)) {
      assertThat(network.model()).isEqualTo(model);
      assertThat(network.batchCapacity()).isEqualTo(3);
      assertThat(parameters(network)).containsOnly(0f);
      assertThat(updaterState(network)).containsOnly(0f);
    }
  }

  @Test
  void rangesOfParametersAndUpdaterStateAreReadAndWritten() {
    ModelSpec model = ContractModels.mixed();
    int count = (int) model.parameterCount();
    float[] values = randomParameters(model);
    try (Network network = engine().create(model, 2)) {
      int piece = 37;
      for (int offset = 0; offset < count; offset += piece) {
        int length = Math.min(piece, count - offset);
        network.writeParameters(offset, FloatBuffer.wrap(values, offset, length));
        network.writeUpdaterState(offset, FloatBuffer.wrap(values, offset, length));
      }
      assertThat(parameters(network)).isEqualTo(values);
      assertThat(updaterState(network)).isEqualTo(values);

      FloatBuffer direct =
          ByteBuffer.allocateDirect(4 * 100).order(ByteOrder.nativeOrder()).asFloatBuffer();
      direct.position(10).limit(60);
      network.readParameters(5, direct);
      assertThat(direct.position()).isEqualTo(60);
      for (int i = 0; i < 50; i++) {
        assertThat(direct.get(10 + i)).isEqualTo(values[5 + i]);
      }

      float[] changed = values.clone();
      Arrays.fill(changed, 20, 90, 0.25f);
      FloatBuffer source = FloatBuffer.wrap(changed, 20, 70);
      network.writeParameters(20, source);
      assertThat(source.hasRemaining()).isFalse();
      assertThat(parameters(network)).isEqualTo(changed);
      assertThat(updaterState(network)).isEqualTo(values);

      network.resetUpdaterState();
      assertThat(updaterState(network)).containsOnly(0f);
      assertThat(parameters(network)).isEqualTo(changed);
    }
  }

  @Test
  void rangesOfGradientsAreThoseOfTheWhole() {
    ModelSpec model = ContractModels.mixed();
    try (Network network = network(model, 4, randomParameters(model))) {
      compute(network, Batch.random(model, 4, SEED));
      float[] whole = gradients(network);
      float[] part = new float[50];
      network.readGradients(13, FloatBuffer.wrap(part));
      assertThat(part).isEqualTo(Arrays.copyOfRange(whole, 13, 63));
    }
  }

  @Test
  void stepsWithMomentumAndWeightDecayAreThoseOfTheNaiveLoop() {
    ModelSpec model = ContractModels.mixed();
    float[] parameters = randomParameters(model);
    boolean[] decays = decays(model);
    double[] expected = toDoubles(parameters);
    double[] velocity = new double[expected.length];
    try (Network network = network(model, 4, parameters)) {
      for (int step = 0; step < 4; step++) {
        StepSettings settings = new StepSettings(0.1f / (step + 1), 0.9f, 0.01f);
        compute(network, Batch.random(model, 4, step));
        float[] gradients = gradients(network);
        network.update(settings);
        for (int i = 0; i < expected.length; i++) {
          double gradient = gradients[i] + (decays[i] ? 0.01 * expected[i] : 0);
          velocity[i] = 0.9 * velocity[i] - settings.learningRate() * gradient;
          expected[i] += velocity[i];
        }
        assertClose(parameters(network), expected, 2e-6);
        assertClose(updaterState(network), velocity, 2e-6);
      }
    }
  }

  @Test
  void stepsWithNesterovsMomentumAreThoseOfTheNaiveLoop() {
    ModelSpec model = ContractModels.mixed();
    float[] parameters = randomParameters(model);
    boolean[] decays = decays(model);
    StepSettings settings =
        new StepSettings(0.1f, 0.9f, StepSettings.Momentum.NESTEROV, 0.01f, StepSettings.UNCLIPPED);
    double[] expected = toDoubles(parameters);
    double[] velocity = new double[expected.length];
    try (Network network = network(model, 4, parameters)) {
      for (int step = 0; step < 3; step++) {
        compute(network, Batch.random(model, 4, step));
        float[] gradients = gradients(network);
        network.update(settings);
        for (int i = 0; i < expected.length; i++) {
          double gradient = gradients[i] + (decays[i] ? 0.01 * expected[i] : 0);
          double before = velocity[i];
          velocity[i] = 0.9 * before - 0.1 * gradient;
          expected[i] += 1.9 * velocity[i] - 0.9 * before;
        }
        assertClose(parameters(network), expected, 2e-6);
        assertClose(updaterState(network), velocity, 2e-6);
      }
    }
  }

  /** The numbers are those of torch_updates.py, which says how the network begins. */
  @Test
  void aHundredStepsWithNesterovsMomentumAreThoseOfPyTorch() throws IOException {
    StepSettings settings =
        new StepSettings(0.03f, 0.9f, StepSettings.Momentum.NESTEROV, 0.01f, 0.5f);
    assertStepsOfPyTorch("nesterov", settings);
  }

  @Test
  void aHundredStepsOfAdamWAreThoseOfPyTorch() throws IOException {
    assertStepsOfPyTorch("adamw", adamW(0));
  }

  private static StepSettings adamW(long taken) {
    return new StepSettings(
        0.003f,
        0.9f,
        StepSettings.Momentum.CLASSICAL,
        0.05f,
        0.5f,
        new StepSettings.Adam(0.99f, 1e-6f, taken + 1));
  }

  @Test
  void theMomentsOfAdamWAreTheUpdaterState() {
    ModelSpec model = ContractModels.mixed();
    float[] parameters = randomParameters(model);
    Batch batch = Batch.random(model, 4, SEED);
    int length = parameters.length;
    float[] first = new float[length];
    float[] second = new float[length];
    try (Network network = network(model, 4, parameters);
        Network other = network(model, 4, parameters)) {
      compute(network, batch);
      float[] gradients = gradients(network);
      double norm =
          Math.sqrt(
              IntStream.range(0, length)
                  .mapToDouble(i -> (double) gradients[i] * gradients[i])
                  .sum());
      double clip = Math.min(1, 0.5 / norm);
      network.update(adamW(0));
      network.readUpdaterState(0, FloatBuffer.wrap(first));
      network.readUpdaterState(length, FloatBuffer.wrap(second));
      for (int i = 0; i < length; i++) {
        double gradient = clip * gradients[i];
        assertThat((double) first[i]).isCloseTo(0.1 * gradient, within(1e-7));
        assertThat((double) second[i]).isCloseTo(0.01 * gradient * gradient, within(1e-8));
      }

      other.writeParameters(0, FloatBuffer.wrap(parameters(network)));
      other.writeUpdaterState(0, FloatBuffer.wrap(first));
      other.writeUpdaterState(length, FloatBuffer.wrap(second));
      for (Network each : new Network[] {network, other}) {
        compute(each, batch);
        each.update(adamW(1));
      }
      assertThat(parameters(other)).isEqualTo(parameters(network));

      network.resetUpdaterState();
      network.readUpdaterState(0, FloatBuffer.wrap(first));
      network.readUpdaterState(length, FloatBuffer.wrap(second));
      assertThat(first).containsOnly(0);
      assertThat(second).containsOnly(0);
    }
  }

  private void assertStepsOfPyTorch(String optimizer, StepSettings settings) throws IOException {
    ModelSpec model =
        ContractModels.model(
            "updates",
            new Shape(1, 1, 6),
            ContractModels.dense(8),
            ContractModels.tanh(),
            new BatchNormalization(1e-5f, 0.9f),
            ContractModels.dense(3));
    float[] learned = new float[(int) model.learnedCount()];
    for (int i = 0; i < learned.length; i++) {
      learned[i] = (i * 29 % 64 - 32) / 64f;
    }
    for (int i = 56; i < 64; i++) {
      learned[i]++; // The scales.
    }
    float[] parameters = new float[learned.length + 16];
    System.arraycopy(learned, 0, parameters, 0, 72);
    System.arraycopy(learned, 72, parameters, 88, learned.length - 72);
    float[] images = new float[12 * 6];
    int[] labels = new int[12];
    float[] targets = new float[12 * 3];
    RateMultipliers rates = RateMultipliers.of(model, 0, 2);
    try (Network network = engine().create(model, 12, rates)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      for (int step = 0; step < 100; step++) {
        for (int i = 0; i < images.length; i++) {
          images[i] = ((i * 37 + step * 101) % 64 - 32) / 32f;
        }
        for (int i = 0; i < labels.length; i++) {
          labels[i] = (i * 7 + step) % 3;
        }
        Targets.fill(labels, 12, 3, 0, targets);
        network.computeGradients(images, targets, 12, SEED);
        network.update(settings.isAdam() ? adamW(step) : settings);
      }
      float[] after = parameters(network);
      System.arraycopy(after, 0, learned, 0, 72);
      System.arraycopy(after, 88, learned, 72, learned.length - 72);
      assertClose(learned, ofPyTorch(optimizer), 2e-4);
    }
  }

  private static double[] ofPyTorch(String optimizer) throws IOException {
    try (InputStream golden = NetworkContract.class.getResourceAsStream("/torch_updates.txt")) {
      String line =
          new String(golden.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(each -> each.startsWith(optimizer + " "))
              .findFirst()
              .orElseThrow();
      return Arrays.stream(line.split(" ")).skip(1).mapToDouble(Double::parseDouble).toArray();
    }
  }

  /** Scales that learn at the rate 0 stay 1, and their shifts learn. */
  @Test
  void scalesCanStayWhileShiftsLearnFaster() {
    ModelSpec model =
        ContractModels.model(
            "shifts",
            new Shape(1, 1, 6),
            ContractModels.dense(5),
            new BatchNormalization(1e-5f, 0.9f),
            ContractModels.dense(3));
    float[] parameters = randomParameters(model);
    Batch batch = Batch.random(model, 6, SEED);
    try (Network network = engine().create(model, 6, RateMultipliers.freezing(model, 0, 64, 0))) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      compute(network, batch);
      float[] gradients = gradients(network);
      network.update(new StepSettings(0.125f, 0.9f, 0.5f));
      float[] after = parameters(network);
      for (int unit = 0; unit < 5; unit++) {
        assertThat(after[35 + unit]).isEqualTo(parameters[35 + unit]);
        assertThat((double) after[40 + unit])
            .isCloseTo(parameters[40 + unit] - 8.0 * gradients[40 + unit], within(1e-5));
      }
    }
  }

  @Test
  void momentumZeroIsPlainDescentAndLeavesTheUpdaterStateAlone() {
    ModelSpec model = ContractModels.mixed();
    float[] parameters = randomParameters(model);
    float[] state = new float[parameters.length];
    Arrays.fill(state, 3);
    boolean[] decays = decays(model);
    try (Network network = network(model, 4, parameters)) {
      network.writeUpdaterState(0, FloatBuffer.wrap(state));
      compute(network, Batch.random(model, 4, SEED));
      float[] gradients = gradients(network);
      network.update(new StepSettings(0.5f, 0, 0.125f));
      double[] expected = new double[parameters.length];
      for (int i = 0; i < expected.length; i++) {
        expected[i] =
            parameters[i] - 0.5 * (gradients[i] + (decays[i] ? 0.125 * parameters[i] : 0));
      }
      assertClose(parameters(network), expected, 2e-6);
      assertThat(updaterState(network)).isEqualTo(state);
    }
  }

  @Test
  void inferenceBetweenGradientAndUpdateChangesNothing() {
    ModelSpec model = ContractModels.mixed();
    Batch batch = Batch.random(model, 4, SEED);
    try (Network network = network(model, 4, randomParameters(model))) {
      compute(network, batch);
      float[] before = gradients(network);
      predict(network, Batch.random(model, 3, 99));
      assertThat(gradients(network)).isEqualTo(before);
    }
  }

  @Test
  void resultsDependOnTheArgumentsAndNotOnEarlierCalls() {
    ModelSpec model = ContractModels.mixed();
    float[] parameters = randomParameters(model);
    try (Network fresh = network(model, 6, parameters);
        Network used = network(model, 6, parameters)) {
      compute(used, Batch.random(model, 6, 1));
      used.update(new StepSettings(0.1f, 0.9f, 0.01f));
      predict(used, Batch.random(model, 2, 2));
      used.writeParameters(0, FloatBuffer.wrap(parameters));
      used.resetUpdaterState();

      for (int step = 0; step < 3; step++) {
        Batch batch = Batch.random(model, 6 - step, 50 + step);
        BatchScore score = fresh.computeGradients(batch.images, batch.targets, 6 - step, step);
        assertThat(used.computeGradients(batch.images, batch.targets, 6 - step, step))
            .isEqualTo(score);
        assertThat(gradients(used)).isEqualTo(gradients(fresh));
        fresh.update(new StepSettings(0.1f, 0.9f, 0.01f));
        used.update(new StepSettings(0.1f, 0.9f, 0.01f));
        assertThat(parameters(used)).isEqualTo(parameters(fresh));
        assertThat(updaterState(used)).isEqualTo(updaterState(fresh));
        assertThat(predict(used, batch)).isEqualTo(predict(fresh, batch));
      }
    }
  }

  @Test
  void aBatchBelowTheCapacityCountsItsOwnExamplesOnly() {
    ModelSpec model = ContractModels.withoutDropout();
    float[] parameters = randomParameters(model);
    Batch full = Batch.random(model, 8, 1);
    Batch small = Batch.random(model, 3, 2);
    ReferenceNetwork reference = new ReferenceNetwork(model);
    double[] exact = toDoubles(parameters);
    try (Network network = network(model, 8, parameters)) {
      compute(network, full);
      float[] longer = Arrays.copyOf(small.images, small.images.length + 5);
      float[] moreTargets = Arrays.copyOf(small.targets, small.targets.length + 2);
      BatchScore score = network.computeGradients(longer, moreTargets, 3, SEED);

      assertThat(score.examples()).isEqualTo(3);
      assertThat(score.lossSum() / 3)
          .isCloseTo(reference.loss(exact, small.images, small.labels, 3), within(2e-6));
      assertGradients(
          model,
          gradients(network),
          reference.gradients(exact, small.images, small.labels, 3),
          tolerance(model));
    }
  }

  @Test
  void wrongArgumentsAreRefused() {
    ModelSpec model = ContractModels.mixed();
    Batch batch = Batch.random(model, 4, SEED);
    int classes = model.classes();
    try (Network network = network(model, 4, randomParameters(model))) {
      for (int examples : new int[] {-1, 0, 5}) {
        float[] images = new float[5 * model.input().features()];
        assertThatIllegalArgumentException()
            .isThrownBy(
                () -> network.computeGradients(images, new float[5 * classes], examples, SEED));
        assertThatIllegalArgumentException()
            .isThrownBy(() -> network.predict(images, examples, new float[5 * classes]));
      }
      assertThatIllegalArgumentException()
          .isThrownBy(() -> network.computeGradients(new float[3], batch.targets, 4, SEED));
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> network.computeGradients(batch.images, new float[3 * classes], 4, SEED));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> network.predict(batch.images, 4, new float[4 * classes - 1]));
    }
  }

  @Test
  void plainDescentLearnsWhatCanBeLearnt() {
    ModelSpec model =
        ContractModels.model(
            "learner",
            new Shape(6, 6, 1),
            ContractModels.conv(4, 3, 1, 1),
            ContractModels.activation(ActivationFunction.RELU),
            ContractModels.pool(Pooling.Kind.MAXIMUM, 2, 2, 0),
            ContractModels.dense(16),
            ContractModels.activation(ActivationFunction.RELU),
            ContractModels.dense(3));
    Batch batch = Batch.random(model, 12, SEED);
    try (Network network = network(model, 12, randomParameters(model))) {
      for (int step = 0; step < 150; step++) {
        compute(network, batch);
        network.update(new StepSettings(0.1f, 0.9f, 0));
      }
      BatchScore score = compute(network, batch);
      assertThat(score.correct()).isEqualTo(12);
      assertThat(score.lossSum() / 12).isLessThan(0.05);
    }
  }

  private Network network(ModelSpec model, int capacity, float[] parameters) {
    Network network = engine().create(model, capacity);
    network.writeParameters(0, FloatBuffer.wrap(parameters));
    return network;
  }

  private static BatchScore compute(Network network, Batch batch) {
    return network.computeGradients(batch.images, batch.targets, batch.examples, SEED);
  }

  private static BatchScore compute(Network network, Batch batch, float[] weights) {
    return network.computeGradients(batch.images, batch.targets, weights, batch.examples, SEED);
  }

  private static float[] predict(Network network, Batch batch) {
    float[] probabilities = new float[batch.examples * network.model().classes()];
    network.predict(batch.images, batch.examples, probabilities);
    return probabilities;
  }

  private static float[] parameters(Network network) {
    float[] values = new float[(int) network.model().parameterCount()];
    network.readParameters(0, FloatBuffer.wrap(values));
    return values;
  }

  private static float[] gradients(Network network) {
    float[] values = new float[(int) network.model().parameterCount()];
    network.readGradients(0, FloatBuffer.wrap(values));
    return values;
  }

  private static float[] updaterState(Network network) {
    float[] values = new float[(int) network.model().parameterCount()];
    network.readUpdaterState(0, FloatBuffer.wrap(values));
    return values;
  }

  private static float[] mask(Network network, float[] ones, long seed) {
    network.computeGradients(ones, new float[] {1, 0}, 1, seed);
    float[] gradients = gradients(network);
    float[] mask = new float[ones.length];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = gradients[i] / -0.5f;
    }
    return mask;
  }

  private static int hits(double[][] probabilities, int[] labels) {
    int hits = 0;
    for (int example = 0; example < probabilities.length; example++) {
      double best = Arrays.stream(probabilities[example]).max().orElseThrow();
      if (probabilities[example][labels[example]] == best) {
        hits++;
      }
    }
    return hits;
  }

  /**
   * Compares tensor by tensor, relative to the tensor's largest gradient. A bias before batch
   * normalization has the gradient 0, and what an engine computes is the rounding of a sum of
   * values of about 1.
   */
  private static void assertGradients(
      ModelSpec model, float[] actual, double[] expected, double tolerance) {
    for (Placed placed : model.placed()) {
      int offset = (int) placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        int end = offset + (int) tensor.size();
        double scale = Arrays.stream(expected, offset, end).map(Math::abs).max().orElseThrow();
        for (int i = offset; i < end; i++) {
          assertThat((double) actual[i])
              .as(
                  "gradient %d of the %s of layer %d, %s",
                  i - offset, tensor.role(), placed.index(), placed.layer().label())
              .isCloseTo(expected[i], within(tolerance * scale + 2 * Math.ulp(1f)));
        }
        offset = end;
      }
    }
  }

  private static void assertClose(float[] actual, double[] expected, double tolerance) {
    assertThat(actual).hasSize(expected.length);
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i])
          .as("value %d", i)
          .isCloseTo(expected[i], within(tolerance * Math.max(1, Math.abs(expected[i]))));
    }
  }

  private static boolean[] decays(ModelSpec model) {
    boolean[] decays = new boolean[(int) model.parameterCount()];
    int offset = 0;
    for (Placed placed : model.placed()) {
      for (ParameterSpec tensor : placed.parameters()) {
        int end = offset + (int) tensor.size();
        Arrays.fill(decays, offset, end, tensor.role() == ParameterSpec.Role.WEIGHT);
        offset = end;
      }
    }
    return decays;
  }

  private static float[] randomParameters(ModelSpec model) {
    SplittableRandom random = new SplittableRandom(SEED);
    float[] values = new float[(int) model.parameterCount()];
    int offset = 0;
    for (Placed placed : model.placed()) {
      for (ParameterSpec tensor : placed.parameters()) {
        double bound = 1.5 / Math.sqrt(tensor.fanIn());
        for (int i = 0; i < tensor.size(); i++) {
          values[offset++] = (float) random.nextDouble(-bound, bound);
        }
      }
    }
    return values;
  }

  private static double[] toDoubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
