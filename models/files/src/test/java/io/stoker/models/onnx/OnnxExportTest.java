// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.stoker.failure.InputException;
import io.stoker.models.interchange.ImportedModel;
import io.stoker.models.interchange.TrainedModel;
import io.stoker.models.onnx.OnnxOptions.Normalization;
import io.stoker.models.spec.EveryLayer;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import onnx.Onnx.ModelProto;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exported models are computed with ONNX Runtime. */
class OnnxExportTest {
  private static final int LARGE = 3_000_000;
  private static final List<String> SOME_LARGE = List.of("alexnet", "googlenet", "resnet-18");

  private static final OnnxOptions DEFAULTS = options(Normalization.INCLUDE);

  private static OnnxOptions options(Normalization normalization) {
    return new OnnxOptions(OnnxOptions.DEFAULT_OPSET, OnnxOptions.DEFAULT_INPUT, normalization);
  }

  private static Stream<String> small() {
    return Zoo.names().stream().filter(name -> Zoo.model(name, 10).parameterCount() <= LARGE);
  }

  private static Stream<String> large() {
    return Zoo.names().stream()
        .filter(name -> Zoo.model(name, 10).parameterCount() > LARGE)
        .filter(name -> !SOME_LARGE.contains(name));
  }

  private static void predictsTheSame(TrainedModel trained, int examples)
      throws IOException, OrtException {
    float[] pixels = trained.pixels(examples, 1);
    float[] expected = trained.predict(trained.normalized(pixels));
    assertThat(
            OnnxRuntime.run(OnnxRuntime.export(trained, DEFAULTS), pixels, trained.model().input()))
        .hasSameSizeAs(expected)
        .containsExactly(expected, within(1e-5f));
  }

  @ParameterizedTest
  @MethodSource("small")
  void smallModelsOfTheZooPredictTheSame(String name) throws IOException, OrtException {
    predictsTheSame(TrainedModel.of(Zoo.model(name, 10)), 3);
  }

  @Tag("slow")
  @ParameterizedTest
  @FieldSource("SOME_LARGE")
  void someLargeModelsOfTheZooPredictTheSame(String name) throws IOException, OrtException {
    predictsTheSame(TrainedModel.of(Zoo.model(name, 10)), 1);
  }

  @Tag("slow")
  @Tag("thorough")
  @ParameterizedTest
  @MethodSource("large")
  void soDoTheOthers(String name) throws IOException, OrtException {
    predictsTheSame(TrainedModel.of(Zoo.model(name, 10)), 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {OnnxOptions.OLDEST_OPSET, 15, 17, 19, OnnxOptions.NEWEST_OPSET})
  void everyLayerPredictsTheSameInEveryOpsetAndAnyBatch(int opset)
      throws IOException, OrtException {
    TrainedModel trained = TrainedModel.of(EveryLayer.model());
    OnnxOptions options = new OnnxOptions(opset, "images", Normalization.EXCLUDE);
    byte[] file = OnnxRuntime.export(trained, options);
    for (int examples : new int[] {1, 4}) {
      float[] images = trained.normalized(trained.pixels(examples, 2));

      assertThat(OnnxRuntime.run(file, images, trained.model().input()))
          .containsExactly(trained.predict(images), within(1e-5f));
    }
  }

  @Test
  void theFileSaysWhatTheModelIs() throws IOException, OrtException {
    TrainedModel trained = TrainedModel.of(Zoo.model("lenet5", 10));
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    OnnxOptions options = new OnnxOptions(17, "picture", Normalization.INCLUDE);
    try (OrtSession session = environment.createSession(OnnxRuntime.export(trained, options))) {
      Map<String, String> metadata = session.getMetadata().getCustomMetadata();
      assertThat(metadata.get("class_names")).startsWith("[\"class \\\"0\\\" \u2713\",");
      assertThat(metadata)
          .containsEntry("mean", "[120.5]")
          .containsEntry("standard_deviation", "[60.25]")
          .containsEntry("parameters_sha256", "f".repeat(64));
      assertThat(session.getMetadata().getProducerName()).isEqualTo("stoker");
      NodeInfo input = session.getInputInfo().get("picture");
      assertThat(((TensorInfo) input.getInfo()).getShape()).containsExactly(-1, 1, 28, 28);
      assertThat(session.getOutputNames()).containsExactly("probabilities", "scores");
    }
  }

  @Test
  void equalModelsGiveEqualFiles() throws IOException {
    TrainedModel trained = TrainedModel.of(Zoo.model("lenet5", 10));

    assertThat(OnnxRuntime.export(trained, DEFAULTS))
        .isEqualTo(OnnxRuntime.export(trained, DEFAULTS));
  }

  @ParameterizedTest
  @MethodSource("small")
  void anExportedModelCanBeImportedAgain(String name) throws IOException {
    TrainedModel trained = TrainedModel.of(Zoo.model(name, 10));

    ImportedModel imported = imported(trained);

    assertThat(imported.model().parameterCount()).isEqualTo(trained.model().parameterCount());
    assertThat(imported.model().name()).isEqualTo(name);
    assertThat(imported.metadata().mean()).contains(trained.metadata().mean());
    assertThat(imported.metadata().classNames()).contains(trained.metadata().classNames());
    float[] images = trained.normalized(trained.pixels(2, 3));
    assertThat(TrainedModel.of(imported).predict(images))
        .containsExactly(trained.predict(images), within(1e-6f));
  }

  /** The graph divides the scores before softmax; a file without the text says it by its graph. */
  @Test
  void aTemperatureIsInTheGraphAndImportedAgain() throws IOException, OrtException {
    TrainedModel trained = TrainedModel.of(Zoo.model("lenet5", 10));
    float[] images = trained.normalized(trained.pixels(2, 3));
    OnnxOptions bare = new OnnxOptions(17, "images", Normalization.EXCLUDE);
    byte[] file = OnnxRuntime.export(trained, bare, 2.5);

    float[] calibrated = OnnxRuntime.run(file, images, trained.model().input());

    float[] plain =
        OnnxRuntime.run(OnnxRuntime.export(trained, bare), images, trained.model().input());
    for (int example = 0; example < 2; example++) {
      double sum = 0;
      for (int c = 0; c < 10; c++) {
        sum += Math.pow(plain[10 * example + c], 1 / 2.5);
      }
      for (int c = 0; c < 10; c++) {
        assertThat(calibrated[10 * example + c])
            .isCloseTo((float) (Math.pow(plain[10 * example + c], 1 / 2.5) / sum), within(1e-6f));
      }
    }
    ImportedModel imported =
        OnnxReader.read("m.onnx", new ByteArrayInputStream(file), OptionalInt.empty());
    assertThat(imported.metadata().temperature()).contains(2.5);
    assertThat(TrainedModel.of(imported).predict(images))
        .containsExactly(trained.predict(images), within(1e-6f));

    ModelProto.Builder foreign = ModelProto.parseFrom(file).toBuilder();
    foreign.clearMetadataProps().setProducerName("other");
    ImportedModel ofGraph =
        OnnxReader.read(
            "m.onnx", new ByteArrayInputStream(foreign.build().toByteArray()), OptionalInt.empty());
    assertThat(ofGraph.metadata().temperature()).contains(2.5);
  }

  @Test
  void everyLayerCanBeImportedAgain() throws IOException {
    TrainedModel trained = TrainedModel.of(EveryLayer.model());
    float[] images = trained.normalized(trained.pixels(2, 3));

    assertThat(TrainedModel.of(imported(trained)).predict(images))
        .containsExactly(trained.predict(images), within(1e-5f));
  }

  private static ImportedModel imported(TrainedModel trained) throws IOException {
    return OnnxReader.read(
        "model.onnx",
        new ByteArrayInputStream(OnnxRuntime.export(trained, DEFAULTS)),
        OptionalInt.empty());
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 12, 22})
  void otherOpsetsAreRefused(int opset) {
    assertThatThrownBy(() -> new OnnxOptions(opset, "images", Normalization.INCLUDE))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid opset: " + opset + " (must be between 13 and 21)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "1st", "scores", "layer_1", "batch"})
  void namesThatTheGraphCannotHaveAreRefused(String name) {
    assertThatThrownBy(() -> new OnnxOptions(17, name, Normalization.INCLUDE))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Invalid input name: '" + name + "'");
  }

  @Test
  void aModelThatIsTooLargeForOneFileIsRefused() {
    ModelSpec model = Zoo.model("mlp-deep", new Shape(600, 600, 1), 10);
    ModelSpec larger = Zoo.model("mlp-deep", new Shape(610, 610, 1), 10);
    assertThat(model.parameterCount()).isGreaterThan(500_000_000);

    assertThatThrownBy(
            () ->
                OnnxWriter.of(
                    new TrainedModel(larger, new float[0]).metadata(), "", "1", DEFAULTS, 1))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("an ONNX file has at most 2147483647");
  }
}
