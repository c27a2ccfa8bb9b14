// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import static io.stoker.models.engine.ContractModels.activation;
import static io.stoker.models.engine.ContractModels.branches;
import static io.stoker.models.engine.ContractModels.conv;
import static io.stoker.models.engine.ContractModels.dense;
import static io.stoker.models.engine.ContractModels.gate;
import static io.stoker.models.engine.ContractModels.model;
import static io.stoker.models.engine.ContractModels.residual;
import static io.stoker.models.engine.ContractModels.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import io.stoker.models.engine.ContractModels;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFile;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.models.onnx.OnnxOptions;
import io.stoker.models.onnx.OnnxOptions.Normalization;
import io.stoker.models.onnx.OnnxReader;
import io.stoker.models.onnx.OnnxRuntime;
import io.stoker.models.safetensors.SafetensorsFile;
import io.stoker.models.safetensors.SafetensorsImport;
import io.stoker.models.safetensors.SafetensorsWriter;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.CompositeSpec.Branches;
import io.stoker.models.spec.CompositeSpec.Residual;
import io.stoker.models.spec.CompositeSpec.Sequence;
import io.stoker.models.spec.EveryLayer;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.BatchNormalization;
import io.stoker.models.spec.LayerSpec.ChannelPadding;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.DepthwiseConvolution;
import io.stoker.models.spec.LayerSpec.Dropout;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
import io.stoker.models.spec.LayerSpec.LocalResponseNormalization;
import io.stoker.models.spec.LayerSpec.Lstm;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelTree;
import io.stoker.models.spec.ModelYaml;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.testing.TorchPython;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.RecordComponent;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kind of layer, with every option of its own, goes through every format: ONNX, which ONNX
 * Runtime computes and the importer reads; safetensors, which the importer reads and PyTorch
 * computes; model files; YAML.
 */
public class EveryFormatTest {
  private static final int EXAMPLES = 3;
  private static final float TOLERANCE = 1e-5f;
  private static final Initializer GAUSSIAN = new Initializer.Gaussian(0.3f);

  /** Options that have one value for some kinds of layers. */
  private static final Set<String> FIXED =
      Set.of("DepthwiseConvolution.window.dilation", "Pooling.window.dilation");

  @TempDir Path folder;

  public static Stream<ModelSpec> models() {
    return Stream.concat(ContractModels.all(), others());
  }

  /** Options that make no difference in training, and layers in unusual places. */
  private static Stream<ModelSpec> others() {
    Window padded = Window.of(3).padded(1);
    Residual block =
        new Residual(
            "block",
            Sequence.of(new Sequence("inner", List.of(tanh(), conv(4, 3, 1, 1)))),
            Sequence.IDENTITY,
            Sequence.IDENTITY);
    return Stream.of(
        model(
            "threshold",
            new Shape(1, 1, 6),
            dense(5),
            activation(ActivationFunction.THRESHOLD),
            dense(3)),
        model(
            "first values",
            new Shape(7, 6, 4),
            new Convolution(4, padded, 1, GAUSSIAN, 0.2f),
            new DepthwiseConvolution(1, padded, GAUSSIAN, 0.1f, true),
            new Lstm(5, GAUSSIAN, 0.25f),
            new BatchNormalization(1e-2f, 0.7f),
            new Dense(4, GAUSSIAN, -0.5f),
            dense(3)),
        model(
            "dropout",
            new Shape(5, 4, 2),
            new Dropout(0.25f),
            conv(3, 3, 1, 0),
            new Dropout(0.5f),
            dense(3),
            new Dropout(0.1f),
            new Dropout(0.2f, Dropout.Unit.EXAMPLE),
            dense(3)),
        model("named blocks", new Shape(5, 4, 4), block, new Branches("pair", pair()), dense(3)),
        model(
            "images of one pixel",
            new Shape(1, 1, 6),
            conv(5, 1, 1, 0),
            new LocalResponseNormalization(3, 1, 0.4f, 0.75f),
            new DepthwiseConvolution(2, padded, GAUSSIAN, 0, true),
            new Pooling(Pooling.Kind.MAXIMUM, padded),
            new ChannelPadding(12),
            new Pooling(Pooling.Kind.AVERAGE, padded),
            dense(3)),
        model(
            "vectors",
            new Shape(2, 3, 2),
            dense(6),
            new LocalResponseNormalization(5, 1, 0.4f, 0.75f),
            new ChannelPadding(9),
            branches(Sequence.of(tanh()), Sequence.IDENTITY),
            residual(Sequence.of(tanh()), Sequence.IDENTITY, Sequence.IDENTITY),
            new Lstm(4, GAUSSIAN, 1),
            dense(3)),
        model(
            "gates",
            new Shape(5, 4, 3),
            CompositeSpec.ChannelGate.squeezeExcitation("squeeze", 3, 1),
            conv(6, 3, 1, 1),
            tanh(),
            CompositeSpec.ChannelGate.squeezeExcitation("", 6, 3),
            gate(conv(6, 4, 1, 0), new GlobalAveragePooling()),
            dense(4),
            gate(dense(4), tanh()),
            dense(3)),
        model(
            "scores of a depthwise convolution",
            new Shape(5, 4, 3),
            new DepthwiseConvolution(2, padded, GAUSSIAN, 0, true),
            new GlobalAveragePooling()),
        model(
            "scores of branches",
            new Shape(5, 4, 3),
            branches(Sequence.of(conv(2, 3, 1, 1)), Sequence.of(conv(1, 1, 1, 0))),
            new GlobalAveragePooling()),
        model(
            "scores of an LSTM",
            new Shape(5, 4, 1),
            new Lstm(3, GAUSSIAN, 0),
            new GlobalAveragePooling()));
  }

  private static List<Sequence> pair() {
    return List.of(Sequence.of(conv(2, 1, 1, 0)), Sequence.of(tanh()));
  }

  /** Of a layer kind that is not there, or an option that never changes, nothing is tested. */
  @Test
  void everyOptionOfEveryLayerHasSeveralValues() throws ReflectiveOperationException {
    Map<String, Set<Object>> values = new TreeMap<>();
    for (ModelSpec model : models().toList()) {
      for (LayerSpec layer : model.layers()) {
        collect(layer, values);
      }
    }

    assertThat(values).hasSizeGreaterThan(30);
    for (Class<?> kind : EveryLayer.kinds(LayerSpec.class)) {
      assertThat(values).containsKey(kind.getSimpleName());
    }
    values.forEach(
        (option, seen) -> {
          if (option.contains(".") && !FIXED.contains(option)) {
            assertThat(seen).as(option).hasSizeGreaterThan(1);
          }
        });
  }

  private static void collect(LayerSpec layer, Map<String, Set<Object>> values)
      throws ReflectiveOperationException {
    String kind = layer.getClass().getSimpleName();
    values.computeIfAbsent(kind, each -> new HashSet<>());
    collect(kind, layer, values);
    for (LayerSpec child : layer.children()) {
      collect(child, values);
    }
  }

  private static void collect(String name, Object owner, Map<String, Set<Object>> values)
      throws ReflectiveOperationException {
    for (RecordComponent component : owner.getClass().getRecordComponents()) {
      String option = name + "." + component.getName();
      Object value = component.getAccessor().invoke(owner);
      if (value instanceof Window) {
        collect(option, value, values);
      } else {
        values.computeIfAbsent(option, each -> new HashSet<>()).add(value);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void onnxRuntimeAndTheImporterPredictTheSame(ModelSpec model) throws IOException, OrtException {
    TrainedModel trained = TrainedModel.of(model);
    float[] images = trained.normalized(trained.pixels(EXAMPLES, 7));
    float[] expected = trained.predict(images);
    for (int opset : new int[] {OnnxOptions.OLDEST_OPSET, OnnxOptions.NEWEST_OPSET}) {
      OnnxOptions options =
          new OnnxOptions(opset, OnnxOptions.DEFAULT_INPUT, Normalization.EXCLUDE);
      byte[] file = OnnxRuntime.export(trained, options);

      assertThat(OnnxRuntime.run(file, images, model.input()))
          .containsExactly(expected, within(TOLERANCE));
      ImportedModel imported =
          OnnxReader.read("m.onnx", new ByteArrayInputStream(file), OptionalInt.empty());
      assertThat(TrainedModel.of(imported).predict(images))
          .containsExactly(expected, within(TOLERANCE));
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void safetensorsHaveTheSameParameters(ModelSpec model) throws IOException {
    TrainedModel trained = TrainedModel.of(model);

    ImportedModel imported =
        SafetensorsImport.read(
            "f",
            SafetensorsFile.open("f", new MemoryBytes(safetensors(trained))),
            classes -> model,
            1000);

    assertThat(TrainedModel.of(imported).parameters())
        .containsExactly(trained.parameters(), within(1e-6f));
  }

  @ParameterizedTest
  @MethodSource("models")
  void modelFilesAndYamlHaveTheSameModel(ModelSpec model) throws IOException {
    TrainedModel trained = TrainedModel.of(model);
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    ModelFileWriter.of(trained.metadata(), new StepSettings(0.1f, 0, 0), trained.source())
        .write(stream);
    byte[] file = stream.toByteArray();

    ModelFile read = ModelFile.verify("model.zip", () -> new ByteArrayInputStream(file));
    float[] parameters = new float[trained.parameters().length];
    read.parameters().read(() -> new ByteArrayInputStream(file), 0, FloatBuffer.wrap(parameters));
    ModelSpec yaml =
        ModelYaml.read(
            new ByteArrayInputStream(ModelYaml.write(model).getBytes(StandardCharsets.UTF_8)),
            "model.yaml",
            1000);

    assertThat(read.metadata()).isEqualTo(trained.metadata());
    assertThat(parameters).isEqualTo(trained.parameters());
    assertThat(yaml).isEqualTo(model);
  }

  @Tag("slow")
  @Test
  void pytorchPredictsTheSame() throws IOException, InterruptedException {
    TorchPython.require("torch, safetensors");
    List<ModelSpec> models = models().toList();
    for (int i = 0; i < models.size(); i++) {
      TrainedModel trained = TrainedModel.of(models.get(i));
      Files.writeString(folder.resolve(i + ".json"), ModelTree.write(trained.model()).toString());
      Files.write(folder.resolve(i + ".safetensors"), safetensors(trained));
      writeImages(trained, folder.resolve(i + ".images.safetensors"));
    }

    TorchPython.run("torch_layers.py", folder.toString());

    for (int i = 0; i < models.size(); i++) {
      TrainedModel trained = TrainedModel.of(models.get(i));
      float[] outputs = new float[EXAMPLES * trained.model().classes()];
      byte[] file = Files.readAllBytes(folder.resolve(i + ".outputs.safetensors"));
      SafetensorsFile.open("outputs", new MemoryBytes(file))
          .values("outputs")
          .read(0, FloatBuffer.wrap(outputs));
      assertThat(outputs)
          .as(trained.model().name())
          .containsExactly(
              trained.predict(trained.normalized(trained.pixels(EXAMPLES, 7))), within(TOLERANCE));
    }
  }

  private static byte[] safetensors(TrainedModel trained) throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    SafetensorsWriter.write(ModelTensors.of(trained.model()), trained.source(), Map.of(), stream);
    return stream.toByteArray();
  }

  private static void writeImages(TrainedModel trained, Path file) throws IOException {
    Shape input = trained.model().input();
    float[] images = trained.normalized(trained.pixels(EXAMPLES, 7));
    MappedTensor tensor =
        new MappedTensor(
            "images",
            List.of(
                (long) EXAMPLES,
                (long) input.channels(),
                (long) input.height(),
                (long) input.width()),
            List.of(new VectorPart(0, images.length, ValueForm.SAME)),
            MappedTensor.Presence.REQUIRED);
    try (OutputStream stream = Files.newOutputStream(file)) {
      SafetensorsWriter.write(
          List.of(tensor),
          (offset, target) -> target.put(images, (int) offset, target.remaining()),
          Map.of(),
          stream);
    }
  }
}
