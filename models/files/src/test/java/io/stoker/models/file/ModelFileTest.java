// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.models.dl4j.Dl4jEngine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.Activation;
import io.stoker.models.spec.LayerSpec.BatchNormalization;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Whitening;
import io.stoker.models.spec.Window;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Exact;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;

class ModelFileTest {
  /** As large as AlexNet, and of the same parts as others; the test of whole trainings has more. */
  private static final Set<String> LARGE =
      Set.of(
          "alexnet",
          "alexnet-single",
          "alexnet-owt",
          "alexnet-bn",
          "caffenet",
          "resnet-34",
          "resnet-56",
          "vgg-11",
          "vgg-11-bn",
          "vgg-16",
          "vgg-16-bn");

  @TempDir Path folder;

  static Stream<ModelSpec> models() {
    return Stream.concat(
        Stream.of(SampleModels.everything(), SampleModels.small()),
        Zoo.names().stream().filter(name -> !LARGE.contains(name)).map(ModelFileTest::smallest));
  }

  /** A model for the smallest images that it takes. */
  private static ModelSpec smallest(String name) {
    List<Integer> sizes = Zoo.sizes(name);
    return sizes.isEmpty() ? Zoo.model(name, 10) : Zoo.sized(name, sizes.get(0), 10);
  }

  @Test
  void layersInInt8AreReadAsTheyWereWritten() throws IOException {
    ModelSpec model = SampleModels.everything();
    Quantization quantization =
        new Quantization(
            new TreeMap<>(
                Map.of(
                    "1",
                    new Quantization.Range(0.1f, true),
                    "5",
                    new Quantization.Range(1 / 3f, false))));
    ModelMetadata metadata = SampleModels.metadata(model).with(quantization);
    byte[] file =
        SampleModels.bytes(
            ModelFileWriter.of(
                metadata, SampleModels.MOMENTUM, new InitialParameters(model, 5)::fill));

    assertThat(SampleModels.verify(file).metadata()).isEqualTo(metadata);
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("models")
  @Exact
  void stockDeeplearning4jLoadsItAndGivesTheSameOutputs(ModelSpec model) throws Exception {
    Path path = folder.resolve("model.zip");
    try (OutputStream stream = new BufferedOutputStream(Files.newOutputStream(path))) {
      SampleModels.writer(model).write(stream);
    }
    float[] parameters = SampleModels.initial(model, 5);
    float[] images = randomImages(model, 3);
    float[] expected = new float[3 * model.classes()];
    try (Network network = new Dl4jEngine().create(model, 3)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      network.predict(images, 3, expected);
    }
    ModelFile file = ModelFile.verify("model.zip", () -> Files.newInputStream(path));

    for (ComputationGraph graph :
        List.of(
            ComputationGraph.load(path.toFile(), true),
            ModelSerializer.restoreComputationGraph(path.toFile(), true))) {
      assertThat(sha256(graph.params())).isEqualTo(file.parametersSha256());
      assertEqual(graph.params().toFloatVector(), parameters);
      if (model.learnedCount() == model.parameterCount()) { // else the state is Stoker's own
        assertEqual(
            graph.getUpdater().getStateViewArray().toFloatVector(), SampleModels.initial(model, 6));
      }
      INDArray input =
          Nd4j.createFromArray(images)
              .reshape(3, model.input().channels(), model.input().height(), model.input().width());
      INDArray output = graph.outputSingle(input);
      assertThat(output.reshape(-1).toFloatVector()).isEqualTo(expected);
      // Training goes on from there.
      INDArray labels = Nd4j.zeros(3, model.classes());
      labels.putColumn(1, Nd4j.ones(3, 1));
      graph.fit(new DataSet(input, labels));
      assertThat(Arrays.equals(graph.params().toFloatVector(), parameters)).isFalse();
      graph.close();
    }
  }

  static Stream<ModelSpec> adaptive() {
    Initializer glorot = Initializer.Rule.GLOROT;
    Activation tanh = new Activation(ActivationFunction.TANH);
    LayerSpec dense = new Dense(3, glorot, 0);
    return Stream.of(
            List.<LayerSpec>of(
                new Convolution(3, Window.of(3), 1, glorot, 0.1f),
                tanh,
                new Dense(5, glorot, 0),
                tanh,
                dense),
            List.of(
                new Convolution(3, Window.of(3), 1, glorot, 0).withoutBias(),
                new BatchNormalization(1e-3f, 0.8f),
                tanh,
                new CompositeSpec.Residual(
                    "",
                    CompositeSpec.Sequence.of(
                        new Convolution(3, Window.of(1), 1, glorot, 0).withoutBias(),
                        new BatchNormalization(1e-3f, 0.9f)),
                    CompositeSpec.Sequence.IDENTITY,
                    CompositeSpec.Sequence.of(tanh)),
                dense),
            List.of(
                new Convolution(16, Window.of(2), 1, Initializer.Rule.WHITEN, 0.1f),
                tanh,
                new BatchNormalization(1e-3f, 0.9f),
                dense))
        .map(layers -> new ModelSpec("adaptive", new Shape(4, 4, 2), layers));
  }

  /** The next step is Stoker's: moments, decay and the number of the step are those of the file. */
  @ParameterizedTest
  @MethodSource("adaptive")
  void stockDeeplearning4jGoesOnTrainingWithAdamW(ModelSpec model) throws Exception {
    int count = (int) model.parameterCount();
    float[] images = new float[6 * 32];
    for (int i = 0; i < images.length; i++) {
      images[i] = (i * 37 % 64 - 32) / 32f;
    }
    float[] targets = new float[6 * 3];
    Targets.fill(new int[] {0, 1, 2, 2, 1, 0}, 6, 3, 0, targets);
    float[] parameters = SampleModels.initial(model, 5);
    float[] state = new float[2 * count];
    Path path = folder.resolve("adaptive.zip");
    float[] next = new float[count];
    try (Network network = new Dl4jEngine().create(model, 6)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      for (int step = 1; step <= 8; step++) {
        network.computeGradients(images, targets, 6, 1);
        if (step == 8) {
          network.readParameters(0, FloatBuffer.wrap(parameters));
          network.readUpdaterState(0, FloatBuffer.wrap(state, 0, count));
          network.readUpdaterState(count, FloatBuffer.wrap(state, count, count));
        }
        network.update(adamW(step));
      }
      network.readParameters(0, FloatBuffer.wrap(next));
    }
    ModelFileWriter writer =
        ModelFileWriter.of(
                SampleModels.metadata(model),
                adamW(8),
                (offset, target) -> target.put(parameters, (int) offset, target.remaining()))
            .withUpdaterState(
                (offset, target) -> target.put(state, (int) offset, target.remaining()));
    Files.write(path, SampleModels.bytes(writer));
    float[] stored = new float[2 * count];
    ModelFile.verify("adaptive.zip", () -> Files.newInputStream(path))
        .updaterState()
        .orElseThrow()
        .read(() -> Files.newInputStream(path), 0, FloatBuffer.wrap(stored));
    assertThat(stored).isEqualTo(state);

    ComputationGraph graph = ComputationGraph.load(path.toFile(), true);
    assertEqual(graph.getUpdater().getStateViewArray().toFloatVector(), moments(graph, state));
    graph.fit(
        new DataSet(
            Nd4j.createFromArray(images).reshape(6, 2, 4, 4),
            Nd4j.createFromArray(targets).reshape(6, 3)));
    float[] stock = graph.params().toFloatVector();
    graph.close();
    boolean whitens = Whitening.of(model).isPresent();
    for (int i = 0; i < count; i++) {
      boolean still = whitens && i >= 16 && i < 16 + 16 * 8; // weights after 16 biases
      assertThat(stock[i]).isCloseTo(still ? parameters[i] : next[i], within(2e-6f));
    }
    assertThat(stock).isNotEqualTo(parameters);
  }

  /** The moments of the parameters that stock Deeplearning4j has some for, in its order. */
  private static float[] moments(ComputationGraph graph, float[] state) {
    int count = (int) graph.numParams();
    FloatBuffer moments = FloatBuffer.allocate(state.length);
    for (UpdaterBlock block : graph.getUpdater().getUpdaterBlocks()) {
      int first = block.getParamOffsetStart();
      int length = block.getParamOffsetEnd() - first;
      if (block.getUpdaterViewOffsetEnd() > block.getUpdaterViewOffsetStart()) {
        moments.put(state, first, length).put(state, count + first, length);
      }
    }
    return Arrays.copyOf(moments.array(), moments.position());
  }

  @Test
  void stockDeeplearning4jLeavesFiltersThatWhitenAsTheyAre() throws Exception {
    ModelSpec model =
        new ModelSpec(
            "whitening",
            new Shape(4, 4, 1),
            List.of(
                new Convolution(8, Window.of(2), 1, Initializer.Rule.WHITEN, 0.1f),
                new Activation(ActivationFunction.TANH),
                new Dense(3, Initializer.Rule.GLOROT, 0)));
    float[] parameters = SampleModels.initial(model, 5);
    for (StepSettings settings : List.of(SampleModels.MOMENTUM, adamW(1))) {
      Path path = folder.resolve("whitening.zip");
      Files.write(
          path,
          SampleModels.bytes(
              ModelFileWriter.of(
                  SampleModels.metadata(model),
                  settings,
                  (offset, target) -> target.put(parameters, (int) offset, target.remaining()))));

      ComputationGraph graph = ComputationGraph.load(path.toFile(), true);
      graph.fit(
          new DataSet(
              Nd4j.ones(2, 1, 4, 4), Nd4j.createFromArray(new float[][] {{1, 0, 0}, {0, 1, 0}})));
      float[] next = graph.params().toFloatVector();
      graph.close();

      assertThat(Arrays.copyOfRange(next, 8, 8 + 32))
          .isEqualTo(Arrays.copyOfRange(parameters, 8, 8 + 32));
      assertThat(next[0]).isNotEqualTo(parameters[0]);
    }
  }

  private static StepSettings adamW(long step) {
    return new StepSettings(
        0.01f,
        0.9f,
        StepSettings.Momentum.CLASSICAL,
        0.05f,
        StepSettings.UNCLIPPED,
        new StepSettings.Adam(0.99f, 1e-8f, step));
  }

  /** AssertJ reads each element by reflection, which takes seconds for a large model. */
  private static void assertEqual(float[] actual, float[] expected) {
    if (!Arrays.equals(actual, expected)) {
      assertThat(actual).isEqualTo(expected);
    }
  }

  @Test
  void aGraphThatCouldNotBeReadAgainIsRefused() {
    ModelSpec model =
        new ModelSpec(
            "many groups",
            Shape.vector(8192),
            List.of(
                new Convolution(8192, Window.of(1), 8192, Initializer.Rule.HE, 0),
                new Dense(2, Initializer.Rule.HE, 0)));
    ByteArrayOutputStream written = new ByteArrayOutputStream();

    assertThatThrownBy(() -> SampleModels.writer(model).write(written))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("use depthwise-conv");
    assertThat(written.size()).isZero();
  }

  @Test
  @Exact
  void stockDeeplearning4jInfersWithTheRunningStatistics() throws Exception {
    ModelSpec model =
        new ModelSpec(
            "normalized",
            new Shape(5, 4, 2),
            List.of(
                new Convolution(3, Window.of(3).padded(1), 1, Initializer.Rule.HE, 0),
                new BatchNormalization(1e-3f, 0.8f),
                new Activation(ActivationFunction.RELU),
                new Dense(4, Initializer.Rule.HE, 0),
                new BatchNormalization(1e-5f, 0.9f),
                new Dense(3, Initializer.Rule.HE, 0)));
    Path path = folder.resolve("model.zip");
    Files.write(path, SampleModels.bytes(SampleModels.writer(model)));
    float[] images = randomImages(model, 3);
    float[] expected = new float[3 * model.classes()];
    try (Network network = Engines.named(Engines.AUTO).create(model, 3)) {
      network.writeParameters(0, FloatBuffer.wrap(SampleModels.initial(model, 5)));
      network.predict(images, 3, expected);
    }

    ModelFile file = ModelFile.verify("model.zip", () -> Files.newInputStream(path));
    FloatBuffer velocity = FloatBuffer.allocate((int) model.parameterCount());
    file.updaterState().orElseThrow().read(() -> Files.newInputStream(path), 0, velocity);
    assertThat(velocity.array()).isEqualTo(SampleModels.initial(model, 6));
    ComputationGraph graph = ComputationGraph.load(path.toFile(), true);
    assertThat(sha256(graph.params())).isEqualTo(file.parametersSha256());
    INDArray output = graph.outputSingle(Nd4j.createFromArray(images).reshape(3, 2, 5, 4));
    assertThat(output.reshape(-1).toFloatVector())
        .usingComparatorWithPrecision(1e-5f)
        .containsExactly(expected);
    graph.close();
  }

  private Path write(ModelMetadata metadata) throws IOException {
    ModelFileWriter writer =
        ModelFileWriter.of(
            metadata, SampleModels.MOMENTUM, new InitialParameters(metadata.model(), 1)::fill);
    return Files.write(folder.resolve("model.zip"), SampleModels.bytes(writer));
  }

  @Test
  void rememberThatImagesWereDecodedInFull() throws Exception {
    ModelSpec model = SampleModels.small();
    ModelMetadata exact = SampleModels.metadata(model).withExactPixels(true);
    Path path = write(exact);

    ModelMetadata read = ModelFile.verify("model.zip", () -> Files.newInputStream(path)).metadata();

    assertThat(read.with(Quantization.NONE)).isEqualTo(exact);
  }

  @Test
  void rememberTheShapeOfImagesThatTheModelTookWindowsOf() throws Exception {
    ModelSpec model = SampleModels.small();
    ModelMetadata whole = SampleModels.metadata(model);
    ModelMetadata windows =
        new ModelMetadata(
            model,
            new Shape(3, 4, 1),
            whole.classNames(),
            whole.mean(),
            whole.standardDeviation(),
            whole.clock());
    Path path = write(windows);

    assertThat(ModelFile.verify("model.zip", () -> Files.newInputStream(path)).metadata())
        .isEqualTo(windows);
    assertThatThrownBy(
            () ->
                new ModelMetadata(
                    model,
                    new Shape(1, 4, 1),
                    whole.classNames(),
                    whole.mean(),
                    whole.standardDeviation(),
                    whole.clock()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("1 x 4 x 1");
  }

  @Test
  void stockDeeplearning4jRestoresTheNormalizer() throws Exception {
    ModelSpec model = SampleModels.everything();
    ModelMetadata metadata =
        new ModelMetadata(
            model,
            List.of("a", "b", "c"),
            List.of(120.5, 110.25, 90.0),
            List.of(60.0, 50.5, 40.75),
            TrainingClock.START);
    Path path = write(metadata);

    NormalizerStandardize normalizer = ModelSerializer.restoreNormalizerFromFile(path.toFile());
    INDArray pixels = Nd4j.rand(2, 3, 9, 11).muli(255);
    INDArray normalized = pixels.dup();
    normalizer.transform(normalized);
    for (int channel = 0; channel < 3; channel++) {
      float pixel = pixels.getFloat(1, channel, 4, 7);
      assertThat(normalized.getDouble(1, channel, 4, 7))
          .isCloseTo(
              (pixel - metadata.mean().get(channel)) / metadata.standardDeviation().get(channel),
              within(1e-5));
    }
  }

  @Test
  void theVectorsAreAsNd4jWritesThem() throws IOException {
    INDArray vector = Nd4j.rand(1, 1000);
    ByteArrayOutputStream ours = new ByteArrayOutputStream();
    ours.write(Nd4jFormat.header(1000));
    ByteBuffer values = ByteBuffer.wrap(new byte[4000]);
    values.asFloatBuffer().put(vector.toFloatVector());
    ours.write(values.array());
    assertThat(ours.toByteArray()).isEqualTo(Nd4j.toByteArray(vector));
    assertThat(Nd4jFormat.size(1000)).isEqualTo(ours.size());
  }

  @Test
  void metadataIsReadBackEqual() throws IOException {
    ModelSpec model = SampleModels.everything();
    byte[] bytes = SampleModels.bytes(SampleModels.writer(model));
    ModelFile file = SampleModels.verify(bytes);
    assertThat(file.metadata()).isEqualTo(SampleModels.metadata(model));
    assertThat(file.bytes()).isEqualTo(bytes.length);
  }

  @Test
  @Exact
  void theWriterAndTheVerifierSayTheSame() throws IOException {
    for (ModelFileWriter writer :
        List.of(
            SampleModels.writer(SampleModels.small()),
            ModelFileWriter.of(
                SampleModels.metadata(SampleModels.small()),
                new StepSettings(0.1f, 0, 0),
                new InitialParameters(SampleModels.small(), 1)::fill))) {
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      ModelFile written = writer.write(stream);
      ModelFile read = SampleModels.verify(stream.toByteArray());
      assertThat(read.metadata()).isEqualTo(written.metadata());
      assertThat(read.parametersSha256()).isEqualTo(written.parametersSha256());
      assertThat(read.bytes()).isEqualTo(written.bytes()).isEqualTo(stream.size());
      assertThat(read.parameters()).isEqualTo(written.parameters());
      assertThat(read.updaterState()).isEqualTo(written.updaterState());
    }
  }

  @Test
  void parametersThatAreNotFiniteAreCountedAndFound() throws IOException {
    ModelSpec model = SampleModels.small(); // 4 x 2 weights, 2 biases, 2 x 2 weights, 2 biases
    float[] values = SampleModels.initial(model, 5);
    values[9] = Float.NEGATIVE_INFINITY;
    values[10] = Float.NaN;
    values[13] = Float.NaN;
    ModelFileWriter writer =
        ModelFileWriter.of(
            SampleModels.metadata(model),
            SampleModels.MOMENTUM,
            (offset, target) -> target.put(values, (int) offset, target.remaining()));
    ByteArrayOutputStream stream = new ByteArrayOutputStream();

    ModelFile written = writer.write(stream);
    ModelFile read = SampleModels.verify(stream.toByteArray());

    for (ModelFile file : List.of(written, read)) {
      assertThatThrownBy(() -> file.requireFinite("a/model.zip"))
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining("a/model.zip: 3 of its 16 parameters are NaN or infinite")
          .hasMessageContaining("first -Infinity in the biases of layer 1 (dense 2)")
          .hasMessageContaining("take an earlier checkpoint");
    }
  }

  /** Whether momentum is finite does not matter to a model that predicts. */
  @Test
  void onlyParametersMustBeFinite() throws IOException {
    ModelSpec model = SampleModels.small();
    ModelFileWriter writer =
        ModelFileWriter.of(
                SampleModels.metadata(model),
                SampleModels.MOMENTUM,
                new InitialParameters(model, 5)::fill)
            .withUpdaterState(
                (offset, target) -> {
                  while (target.hasRemaining()) {
                    target.put(Float.NaN);
                  }
                });

    assertThatNoException()
        .isThrownBy(() -> SampleModels.verify(SampleModels.bytes(writer)).requireFinite("m.zip"));
  }

  @Test
  void equalContentsMakeEqualBytes() throws IOException {
    ModelSpec model = SampleModels.everything();
    assertThat(SampleModels.bytes(SampleModels.writer(model)))
        .isEqualTo(SampleModels.bytes(SampleModels.writer(model)));
  }

  @Test
  void rangesOfTheVectorsAreReadBySeeking() throws IOException {
    ModelSpec model = Zoo.model("mlp-shallow", 10);
    byte[] bytes = SampleModels.bytes(SampleModels.writer(model));
    ModelFile file = SampleModels.verify(bytes);
    StreamSource source = () -> new ByteArrayInputStream(bytes);
    float[] parameters = SampleModels.initial(model, 5);
    float[] velocity = SampleModels.initial(model, 6);

    float[] range = new float[100_000];
    file.parameters().read(source, 70_001, FloatBuffer.wrap(range));
    assertThat(range).isEqualTo(Arrays.copyOfRange(parameters, 70_001, 170_001));
    file.updaterState().orElseThrow().read(source, 0, FloatBuffer.wrap(range));
    assertThat(range).isEqualTo(Arrays.copyOf(velocity, 100_000));

    float[] whole = new float[parameters.length];
    file.parameters()
        .copy(source, (offset, values) -> values.get(whole, (int) offset, values.remaining()));
    assertThat(whole).isEqualTo(parameters);

    FloatBuffer beyond = FloatBuffer.wrap(range);
    assertThatThrownBy(() -> file.parameters().read(source, parameters.length - 1, beyond))
        .isInstanceOf(IndexOutOfBoundsException.class);
    StreamSource cut = () -> new ByteArrayInputStream(bytes, 0, 200_000);
    assertThatThrownBy(() -> file.parameters().read(cut, 0, FloatBuffer.wrap(range)))
        .isInstanceOf(EOFException.class);
    assertThatThrownBy(() -> file.parameters().copy(cut, (offset, values) -> {}))
        .isInstanceOf(EOFException.class);
  }

  @Test
  void otherZipToolsReadIt() throws IOException {
    Path path = folder.resolve("model.zip");
    Files.write(path, SampleModels.bytes(SampleModels.writer(SampleModels.small())));
    try (ZipFile zip = new ZipFile(path.toFile())) {
      assertThat(zip.stream().map(ZipEntry::getName))
          .containsExactly(
              "stoker.json",
              "configuration.json",
              "normalizer.bin",
              "coefficients.bin",
              "updaterState.bin",
              "outerMomentum.bin",
              "ema.bin");
      for (ZipEntry entry : zip.stream().toList()) {
        assertThat(zip.getInputStream(entry).readAllBytes()).hasSize((int) entry.getSize());
      }
    }
  }

  @Test
  void updaterStateNeedsMomentum() {
    ModelSpec model = SampleModels.small();
    ModelFileWriter writer =
        ModelFileWriter.of(
            SampleModels.metadata(model),
            new StepSettings(0.1f, 0, 0),
            new InitialParameters(model, 1)::fill);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.withUpdaterState(new InitialParameters(model, 1)::fill));
  }

  @Test
  void aVectorsDigestIsThatOfItsLittleEndianBytes() throws Exception {
    float[] values = SampleModels.initial(SampleModels.everything(), 9);
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    VectorDigest digest = new VectorDigest();
    digest.update(FloatBuffer.wrap(values, 0, 7));
    digest.update(FloatBuffer.wrap(values, 7, values.length - 7));
    assertThat(digest.hex())
        .isEqualTo(
            HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array())));
  }

  private static String sha256(INDArray vector) throws Exception {
    float[] parameters = vector.toFloatVector();
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    int most = 1 << 16;
    ByteBuffer bytes = ByteBuffer.allocate(4 * most).order(ByteOrder.LITTLE_ENDIAN);
    for (int from = 0; from < parameters.length; from += most) {
      int count = Math.min(most, parameters.length - from);
      bytes.asFloatBuffer().put(parameters, from, count);
      digest.update(bytes.array(), 0, 4 * count);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static float[] randomImages(ModelSpec model, int examples) {
    SplittableRandom random = new SplittableRandom(3);
    float[] images = new float[examples * model.input().features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextDouble(-2, 2);
    }
    return images;
  }
}
