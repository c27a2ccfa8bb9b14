// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.ReferenceNetwork;
import io.stoker.models.engine.Targets;
import io.stoker.models.interchange.MappedTensor;
import io.stoker.models.interchange.ModelTensors;
import io.stoker.models.interchange.TrainedModel;
import io.stoker.models.interchange.ValueForm;
import io.stoker.models.interchange.VectorPart;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelTree;
import io.stoker.models.spec.ParameterSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.TorchPython;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The loss and the gradients of a batch in PyTorch, in double precision and with the same
 * parameters, are those of the engine, and those of the reference network.
 */
@Tag("slow")
class TorchGradientsTest {
  private static final int CLASSES = 7;
  private static final int EXAMPLES = 4;

  /** Of the largest gradient of a tensor. */
  private static final double TOLERANCE = 1e-4;

  /**
   * A value that rounding brings to the other side of a rectifier's kink changes the gradients
   * before it, by about a part in the values of its channel; that happens to PyTorch's own fp32 as
   * well. Of these batches, one must be without such a value.
   */
  private static final int BATCHES = 6;

  private static final double AT_A_KINK = 0.5;

  /** The length of the step along which the reference network's loss is differentiated. */
  private static final double STEP = 1e-7;

  @TempDir Path folder;

  @BeforeAll
  static void requirePython() throws IOException, InterruptedException {
    TorchPython.require("torch, safetensors");
  }

  @ParameterizedTest
  @CsvSource({
    "resnet-18, 64",
    "resnet-20, 32",
    "vgg-11, 32",
    "squeezenet, 64",
    "alexnet-owt, 96",
  })
  void lossAndGradientsAreThoseOfPyTorch(String name, int size)
      throws IOException, InterruptedException {
    ModelSpec zoo = Zoo.model(name, CLASSES);
    ModelSpec sized =
        Zoo.sizes(name).contains(size)
            ? Zoo.sized(name, size, CLASSES)
            : new ModelSpec(name, new Shape(size, size, 3), zoo.layers());
    compare(withoutDropout(sized), List.of());
  }

  /**
   * With a rectifier after each of its 27 normalizations, every batch has a value at a kink; with
   * another activation, the convolutions and normalizations are compared all the same.
   */
  @Test
  void lossAndGradientsOfMobileNetWithoutKinksAreThoseOfPyTorch()
      throws IOException, InterruptedException {
    ModelSpec model = Zoo.sized("mobilenet-v1", 64, CLASSES);
    List<LayerSpec> smooth =
        model.layers().stream()
            .map(
                layer ->
                    layer instanceof LayerSpec.Activation
                        ? new LayerSpec.Activation(ActivationFunction.TANH)
                        : layer)
            .toList();
    compare(new ModelSpec(model.name(), model.input(), smooth), List.of());
  }

  @Test
  void lossAndGradientsOfResnet18AreThoseOfTorchvision() throws IOException, InterruptedException {
    TorchPython.require("torchvision");
    compare(Zoo.sized("resnet-18", 64, CLASSES), List.of("resnet18"));
  }

  /** Which values are dropped is each library's own affair. */
  private static ModelSpec withoutDropout(ModelSpec model) {
    return new ModelSpec(
        model.name(),
        model.input(),
        model.layers().stream().filter(layer -> !(layer instanceof LayerSpec.Dropout)).toList());
  }

  private void compare(ModelSpec model, List<String> torchvision)
      throws IOException, InterruptedException {
    TrainedModel trained = TrainedModel.of(model);
    List<MappedTensor> tensors =
        torchvision.isEmpty() ? ModelTensors.own(model) : ModelTensors.of(model);
    Files.writeString(
        folder.resolve("model.json"), ModelTree.write(model).put("classes", CLASSES).toString());
    write("weights", tensors, trained.parameters());
    Map<String, Double> apart = Map.of();
    for (int batch = 0; batch < BATCHES; batch++) {
      apart = compare(trained, tensors, torchvision, batch);
      if (areEqual(apart)) {
        return;
      }
    }
    assertThat(apart.values()).as("gradients apart: %s", apart).allMatch(each -> each < TOLERANCE);
  }

  private static boolean areEqual(Map<String, Double> apart) {
    return apart.values().stream().allMatch(each -> each < TOLERANCE);
  }

  /**
   * Compares one batch.
   *
   * @return how far the gradients of each tensor are apart, as a part of the largest
   */
  private Map<String, Double> compare(
      TrainedModel trained, List<MappedTensor> tensors, List<String> torchvision, int batch)
      throws IOException, InterruptedException {
    ModelSpec model = trained.model();
    float[] images = new float[EXAMPLES * model.input().features()];
    SplittableRandom random = new SplittableRandom(11 + batch);
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextGaussian();
    }
    int[] labels = random.ints(EXAMPLES, 0, CLASSES).toArray();
    writeBatch(model.input(), images, labels);

    String[] arguments =
        torchvision.isEmpty()
            ? new String[] {folder.toString()}
            : new String[] {folder.toString(), torchvision.get(0)};
    TorchPython.run("torch_gradients.py", arguments);

    SafetensorsFile results = SafetensorsFile.open("results", file("gradients"));
    double loss = values(results, "loss")[0];
    float[] own = new float[trained.parameters().length];
    assertThat(gradients(trained, images, labels, own)).isCloseTo(loss, within(1e-5 * loss));
    Map<String, Double> apart = new TreeMap<>();
    for (MappedTensor tensor : tensors) {
      if (!tensor.name().contains("running_")) {
        apart.put(tensor.name(), apart(tensor, own, values(results, tensor.name())));
      }
    }
    assertThat(apart.values()).allMatch(each -> each < AT_A_KINK);
    if (areEqual(apart)) {
      assertReference(trained, images, labels, loss, own);
    }
    return apart;
  }

  private FileBytes file(String name) {
    return new FileBytes(folder.resolve(name + ".safetensors"));
  }

  private void write(String name, List<MappedTensor> tensors, float[] values) throws IOException {
    try (OutputStream stream = Files.newOutputStream(folder.resolve(name + ".safetensors"))) {
      SafetensorsWriter.write(
          tensors,
          (offset, target) -> target.put(values, (int) offset, target.remaining()),
          Map.of(),
          stream);
    }
  }

  private void writeBatch(Shape input, float[] images, int[] labels) throws IOException {
    float[] values = new float[images.length + labels.length];
    System.arraycopy(images, 0, values, 0, images.length);
    for (int i = 0; i < labels.length; i++) {
      values[images.length + i] = labels[i];
    }
    List<Long> sizes =
        List.of(
            (long) labels.length,
            (long) input.channels(),
            (long) input.height(),
            (long) input.width());
    write(
        "batch",
        List.of(
            tensor("images", sizes, 0, images.length),
            tensor("labels", List.of((long) labels.length), images.length, labels.length)),
        values);
  }

  private static MappedTensor tensor(String name, List<Long> sizes, long offset, long count) {
    return new MappedTensor(
        name,
        sizes,
        List.of(new VectorPart(offset, count, ValueForm.SAME)),
        MappedTensor.Presence.REQUIRED);
  }

  private static float[] values(SafetensorsFile file, String tensor) throws IOException {
    long count = file.shape(tensor).stream().reduce(1L, (a, b) -> a * b);
    float[] values = new float[Math.toIntExact(count)];
    file.values(tensor).read(0, FloatBuffer.wrap(values));
    return values;
  }

  /** Computes the engine's gradients; returns the mean loss. */
  private static double gradients(
      TrainedModel trained, float[] images, int[] labels, float[] gradients) {
    float[] targets = new float[EXAMPLES * CLASSES];
    Targets.fill(labels, EXAMPLES, CLASSES, 0, targets);
    try (Network network = Engines.named(Engines.AUTO).create(trained.model(), EXAMPLES)) {
      network.writeParameters(0, FloatBuffer.wrap(trained.parameters()));
      BatchScore score = network.computeGradients(images, targets, EXAMPLES, 0);
      network.readGradients(0, FloatBuffer.wrap(gradients));
      return score.lossSum() / EXAMPLES;
    }
  }

  private static double apart(MappedTensor tensor, float[] gradients, float[] theirs)
      throws IOException {
    float[] own = new float[theirs.length];
    tensor
        .values((offset, target) -> target.put(gradients, (int) offset, target.remaining()))
        .read(0, FloatBuffer.wrap(own));
    double largest =
        IntStream.range(0, own.length).mapToDouble(i -> Math.abs(theirs[i])).max().orElseThrow();
    double farthest =
        IntStream.range(0, own.length)
            .mapToDouble(i -> Math.abs((double) own[i] - theirs[i]))
            .max()
            .orElseThrow();
    assertThat(largest).as(tensor.name()).isPositive();
    return farthest / largest;
  }

  /**
   * The reference network computes no gradients of large models: its loss, and the derivative of
   * its loss along the gradient, which is the gradient's length.
   */
  private static void assertReference(
      TrainedModel trained, float[] images, int[] labels, double loss, float[] gradients) {
    ReferenceNetwork reference = new ReferenceNetwork(trained.model());
    double[] parameters = new double[trained.parameters().length];
    double[] direction = new double[parameters.length];
    double squares = 0;
    int offset = 0;
    for (ModelSpec.Placed placed : trained.model().leaves()) {
      for (ParameterSpec tensor : placed.parameters()) {
        for (int i = offset; i < offset + tensor.size(); i++) {
          parameters[i] = trained.parameters()[i];
          direction[i] = tensor.role() == ParameterSpec.Role.STATISTIC ? 0 : gradients[i];
          squares += direction[i] * direction[i];
        }
        offset += (int) tensor.size();
      }
    }
    double length = Math.sqrt(squares);
    assertThat(reference.loss(parameters, images, labels, EXAMPLES))
        .isCloseTo(loss, within(1e-6 * loss));
    double[] moved = new double[parameters.length];
    double[] losses = new double[2];
    for (int side = 0; side < 2; side++) {
      double step = side == 0 ? STEP / length : -STEP / length;
      for (int i = 0; i < moved.length; i++) {
        moved[i] = parameters[i] + step * direction[i];
      }
      losses[side] = reference.loss(moved, images, labels, EXAMPLES);
    }
    assertThat((losses[0] - losses[1]) / (2 * STEP)).isCloseTo(length, within(TOLERANCE * length));
  }
}
