// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.interchange.ImportedModel;
import io.stoker.models.interchange.ModelTensors;
import io.stoker.models.interchange.TrainedModel;
import io.stoker.models.onnx.OnnxOptions;
import io.stoker.models.onnx.OnnxReader;
import io.stoker.models.onnx.OnnxWriter;
import io.stoker.models.spec.EveryLayer;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.TorchPython;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Compares with torchvision itself, where the machine has it: a Python with torch, torchvision,
 * safetensors, onnx and onnxscript, which the environment variable {@code STOKER_TORCH_PYTHON}
 * names, or {@code python3}.
 */
@Tag("slow")
class TorchvisionTest {
  private static final int CLASSES = 7;

  @TempDir Path folder;

  @BeforeAll
  static void requirePython() throws IOException, InterruptedException {
    TorchPython.require("torch, torchvision, safetensors, onnx, onnxscript");
  }

  private void python(String... arguments) throws IOException, InterruptedException {
    TorchPython.run("torchvision_reference.py", arguments);
  }

  private float[] values(String tensor) throws IOException {
    SafetensorsFile file = open(tensor);
    int count = file.shape(tensor).stream().mapToInt(Long::intValue).reduce(1, (a, b) -> a * b);
    float[] values = new float[count];
    file.values(tensor).read(0, FloatBuffer.wrap(values));
    return values;
  }

  private SafetensorsFile open(String name) throws IOException {
    return SafetensorsFile.open(name, new FileBytes(folder.resolve(name + ".safetensors")));
  }

  private void predictsAsTorchvision(TrainedModel trained) throws IOException {
    assertThat(trained.predict(values("images"))).containsExactly(values("outputs"), within(1e-4f));
  }

  @ParameterizedTest
  @CsvSource({
    "alexnet-owt, alexnet",
    "vgg-11, vgg11",
    "vgg-11-bn, vgg11_bn",
    "squeezenet, squeezenet1_0",
    "squeezenet-1.1, squeezenet1_1",
    "googlenet, googlenet",
    "resnet-18, resnet18",
    "resnet-34, resnet34",
    "resnet-50, resnet50"
  })
  void itsWeightsGiveItsOutputsInBothDirections(String model, String theirs)
      throws IOException, InterruptedException {
    python("state", theirs, Integer.toString(CLASSES), "224", folder.toString());

    ImportedModel imported =
        SafetensorsImport.read(
            "weights", open("weights"), classes -> Zoo.model(model, classes), 1000);

    assertThat(imported.model().classes()).isEqualTo(CLASSES);
    predictsAsTorchvision(TrainedModel.of(imported));

    TrainedModel other = TrainedModel.of(imported.model());
    try (OutputStream stream = Files.newOutputStream(folder.resolve("exported.safetensors"))) {
      SafetensorsWriter.write(
          ModelTensors.of(other.model()), other.source(), Map.of("format", "pt"), stream);
    }
    python("load", theirs, Integer.toString(CLASSES), folder.toString());
    predictsAsTorchvision(other);
  }

  @ParameterizedTest
  @CsvSource({
    "alexnet, dynamo",
    "alexnet, script",
    "squeezenet1_1, dynamo",
    "squeezenet1_1, script",
    "googlenet, script",
    "resnet18, dynamo",
    "resnet18, script",
    "vgg11_bn, script"
  })
  void theGraphsOfItsExportersGiveItsOutputs(String theirs, String exporter)
      throws IOException, InterruptedException {
    python("onnx", theirs, Integer.toString(CLASSES), "224", folder.toString(), exporter);

    try (InputStream stream = Files.newInputStream(folder.resolve("model.onnx"))) {
      predictsAsTorchvision(
          TrainedModel.of(OnnxReader.read("model.onnx", stream, OptionalInt.empty())));
    }
  }

  @Test
  void theCheckerOfOnnxAcceptsWhatIsExported() throws IOException, InterruptedException {
    for (ModelSpec model :
        List.of(EveryLayer.model(), Zoo.model("lenet5", 10), Zoo.model("resnet-20", 10))) {
      TrainedModel trained = TrainedModel.of(model);
      Path file = folder.resolve("checked.onnx");
      try (OutputStream stream = Files.newOutputStream(file)) {
        OnnxWriter.of(
                trained.metadata(),
                "0",
                "1",
                new OnnxOptions(
                    OnnxOptions.DEFAULT_OPSET, "images", OnnxOptions.Normalization.INCLUDE),
                1)
            .write(trained.source(), stream);
      }
      python("check", file.toString());
    }
  }
}
