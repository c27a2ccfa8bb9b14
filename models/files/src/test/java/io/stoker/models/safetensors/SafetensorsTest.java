// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.base.LittleEndian;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import io.stoker.models.interchange.ByteSource;
import io.stoker.models.interchange.ImportedModel;
import io.stoker.models.interchange.MemoryBytes;
import io.stoker.models.interchange.ModelTensors;
import io.stoker.models.interchange.PortableMetadata;
import io.stoker.models.interchange.TrainedModel;
import io.stoker.models.spec.EveryLayer;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.models.zoo.Zoo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  /** A file with a header and some bytes of values. */
  private static ByteSource file(String header, int values) {
    return file(header.getBytes(StandardCharsets.UTF_8), new byte[values]);
  }

  private static ByteSource file(byte[] header, byte[] values) {
    byte[] content = new byte[Long.BYTES + header.length + values.length];
    LittleEndian.bytes(content).putLong(header.length).put(header).put(values);
    return new MemoryBytes(content);
  }

  private static ByteSource written(TrainedModel trained) throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    SafetensorsWriter.write(
        ModelTensors.of(trained.model()),
        trained.source(),
        PortableMetadata.of(trained.metadata(), "0", 1),
        stream);
    return new MemoryBytes(stream.toByteArray());
  }

  private static String tensor(String type, String shape, long begin, long end) {
    return "{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%s,%s]}"
        .formatted(type, shape, begin, end);
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    TrainedModel trained = TrainedModel.of(EveryLayer.model());

    ImportedModel imported =
        SafetensorsImport.read(
            "f", SafetensorsFile.open("f", written(trained)), classes -> EveryLayer.model(), 3);

    assertThat(TrainedModel.of(imported).parameters())
        .containsExactly(trained.parameters(), within(1e-6f));
    assertThat(imported.metadata().classNames()).contains(trained.metadata().classNames());
    assertThat(imported.metadata().mean()).contains(trained.metadata().mean());
    assertThat(imported.metadata().standardDeviation())
        .contains(trained.metadata().standardDeviation());
  }

  @Test
  void theClassesAreThoseOfTheFile() throws IOException {
    TrainedModel trained = TrainedModel.of(Zoo.model("lenet5", 17));

    ImportedModel imported =
        SafetensorsImport.read(
            "f",
            SafetensorsFile.open("f", written(trained)),
            classes -> Zoo.model("lenet5", classes),
            1000);

    assertThat(imported.model().classes()).isEqualTo(17);
    assertThat(TrainedModel.of(imported).parameters()).containsExactly(trained.parameters());
  }

  @Test
  void variancesAreThoseOfPyTorchInTheFile() throws IOException {
    ModelSpec model = EveryLayer.model();
    TrainedModel trained = TrainedModel.of(model);
    long at =
        model.placed().get(2).parameterOffset() + 3L * 4; // channels of the second convolution
    float[] variances = new float[4];

    SafetensorsFile file = SafetensorsFile.open("f", written(trained));
    file.values("layers.3.running_var").read(0, FloatBuffer.wrap(variances));

    for (int i = 0; i < 4; i++) {
      float stored = trained.parameters()[(int) at + i];
      assertThat(variances[i]).isCloseTo((float) Math.pow(10, 2 * stored), within(1e-6f));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "F16, 003c00c0007c0100, 1, -2, Infinity, 5.9604645E-8",
    "BF16, 803f00c0807f0100, 1, -2, Infinity, 9.1835E-41",
    "F64, 000000000000f03f00000000000000c0000000000000f07f0000000000000000, 1, -2, Infinity, 0"
  })
  void valuesOfOtherRealTypesAreConverted(
      TensorType type, String hex, float first, float second, float third, float fourth)
      throws IOException {
    byte[] values = HexFormat.of().parseHex(hex);
    String header = "{\"t\":" + tensor(type.name(), "[4]", 0, values.length) + "}";
    float[] read = new float[4];

    SafetensorsFile.open("f", file(header.getBytes(StandardCharsets.UTF_8), values))
        .values("t")
        .read(0, FloatBuffer.wrap(read));

    assertThat(read).containsExactly(first, second, third, fourth);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 100_000_001, 25})
  void aHeaderLengthThatCannotBeIsDamage(long length) {
    byte[] content = new byte[32];
    LittleEndian.bytes(content).putLong(length).put((byte) '{');

    assertThatThrownBy(() -> SafetensorsFile.open("f", new MemoryBytes(content)))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("its header claims " + Long.toUnsignedString(length) + " bytes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{",
        "{}x",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1}",
        "{\"a\":{}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"__metadata__\":{\"a\":1}}",
        "{\"__metadata__\":[]}",
      })
  void aHeaderThatIsNotAsTheFormatSaysIsDamage(String header) {
    assertThatThrownBy(() -> SafetensorsFile.open("f", file(header, 4)))
        .isInstanceOf(DamagedException.class)
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "F32|[2]|0|4|has 4 bytes, its shape [2] takes 8",
        "F32|[4]|0|16|claims bytes 0 to 16",
        "F32|[1]|4|0|claims bytes 4 to 0",
        "F32|[4000000000,4000000000,4000000000]|0|8|larger than the file",
        "F32|[1]|0|4|4 bytes at its end are of no tensor",
        "F32|[1]|4|8|does not begin where another ends",
        "F31|[1]|0|4|an unknown type, F31",
      })
  void aTensorThatDoesNotFitItsPlaceIsDamage(
      String type, String shape, long begin, long end, String reason) {
    String header = "{\"a\":" + tensor(type, shape, begin, end) + "}";

    assertThatThrownBy(() -> SafetensorsFile.open("f", file(header, 8)))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void tensorsThatOverlapAreDamage() {
    String header =
        "{\"a\":%s,\"b\":%s}".formatted(tensor("F32", "[2]", 0, 8), tensor("F32", "[2]", 4, 12));

    assertThatThrownBy(() -> SafetensorsFile.open("f", file(header, 12)))
        .isInstanceOf(DamagedException.class)
        .hasMessage("Damaged safetensors file f: tensor b overlaps another tensor");
  }

  @Test
  void parametersThatAreNoRealNumbersAreDamage() throws IOException {
    SafetensorsFile file =
        SafetensorsFile.open("f", file("{\"a\":" + tensor("I64", "[1]", 0, 8) + "}", 8));

    assertThatThrownBy(() -> file.values("a"))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("its values are I64 (must be F32, F16, BF16 or F64)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"504b030414000000ffffffff", "80025d2e80025d2e80025d2e"})
  void picklesOfPyTorchAreNamedWithTheRemedy(String hex) {
    byte[] content = HexFormat.of().parseHex(hex);

    assertThatThrownBy(() -> SafetensorsFile.open("/w/alexnet.pth", new MemoryBytes(content)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("a file of torch.save, which can run code")
        .hasMessageContaining("save_file(torch.load(\"alexnet.pth\", weights_only=True)");
  }

  @Test
  void everyTruncationAndEveryFlippedByteOfTheHeaderIsAKnownFailure() throws IOException {
    TrainedModel trained = TrainedModel.of(Zoo.model("perceptron", 3));
    byte[] whole = ((MemoryBytes) written(trained)).content();
    int header = (int) LittleEndian.bytes(whole).getLong(0) + Long.BYTES;
    for (int i = 0; i < header; i++) {
      byte[] cut = Arrays.copyOf(whole, i);
      byte[] flipped = whole.clone();
      flipped[i] ^= 0x15;
      assertKnown(cut);
      assertKnown(flipped);
    }
  }

  private static void assertKnown(byte[] content) throws IOException {
    try {
      SafetensorsFile file = SafetensorsFile.open("f", new MemoryBytes(content));
      SafetensorsImport.read("f", file, classes -> Zoo.model("perceptron", classes), 3);
    } catch (StokerException e) {
      assertThat(e.getMessage()).doesNotContain("\n");
    }
  }

  @Test
  void theFileOfAnotherModelIsNamed() throws IOException {
    SafetensorsFile lenet =
        SafetensorsFile.open("f", written(TrainedModel.of(Zoo.model("lenet5", 10))));

    assertThatThrownBy(
            () ->
                SafetensorsImport.read(
                    "f", lenet, classes -> Zoo.model("alexnet-owt", classes), 1000))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("it is not of model alexnet-owt, of which 8 tensors are missing")
        .hasMessageContaining("features.0.weight")
        .hasMessageContaining("the file has layers.1.weight");
    assertThatThrownBy(
            () ->
                SafetensorsImport.read("f", lenet, classes -> Zoo.model("perceptron", classes), 10))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("its tensor layers.1.weight is [6, 1, 5, 5]");
  }

  @Test
  void tensorsThatTheModelHasNoPlaceForAreNamed() throws IOException {
    TrainedModel trained = TrainedModel.of(Zoo.model("lenet5", 10));
    SafetensorsFile file = SafetensorsFile.open("f", written(trained));
    ModelSpec shorter =
        new ModelSpec(
            "shorter",
            trained.model().input(),
            Stream.concat(
                    trained.model().layers().subList(0, 6).stream(),
                    trained.model().layers().subList(6, 7).stream())
                .toList());

    assertThatThrownBy(() -> SafetensorsImport.read("f", file, classes -> shorter, 120))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(
            "model shorter has no place for 4 of its tensors: layers.9.weight, layers.9.bias");
  }

  @Test
  void torchvisionsNamesAreThoseOfItsModules() {
    assertThat(ModelTensors.of(Zoo.model("alexnet-owt", 1000)))
        .extracting(tensor -> tensor.name() + tensor.dimensions())
        .containsExactly(
            "features.0.weight[64, 3, 11, 11]",
            "features.0.bias[64]",
            "features.3.weight[192, 64, 5, 5]",
            "features.3.bias[192]",
            "features.6.weight[384, 192, 3, 3]",
            "features.6.bias[384]",
            "features.8.weight[256, 384, 3, 3]",
            "features.8.bias[256]",
            "features.10.weight[256, 256, 3, 3]",
            "features.10.bias[256]",
            "classifier.1.weight[4096, 9216]",
            "classifier.1.bias[4096]",
            "classifier.4.weight[4096, 4096]",
            "classifier.4.bias[4096]",
            "classifier.6.weight[1000, 4096]",
            "classifier.6.bias[1000]");
  }

  @Test
  void groupsAreJoinedInTheirTensor() throws IOException {
    LayerSpec groups = new LayerSpec.Convolution(4, Window.of(3), 2, Initializer.Rule.HE, 0.1f);
    LayerSpec last = new LayerSpec.Dense(3, Initializer.Rule.LECUN, 0);
    ModelSpec model = new ModelSpec("groups", new Shape(8, 8, 2), List.of(groups, last));
    TrainedModel trained = TrainedModel.of(model);
    SafetensorsFile file = SafetensorsFile.open("f", written(trained));
    float[] weights = new float[4 * 9];
    float[] bias = new float[4];
    file.values("layers.1.weight").read(0, FloatBuffer.wrap(weights));
    file.values("layers.1.bias").read(0, FloatBuffer.wrap(bias));

    // Two groups, each with 2 biases and then 2 filters of one channel of 3 x 3.
    float[] canonical = trained.parameters();
    assertThat(file.shape("layers.1.weight")).isEqualTo(List.of(4L, 1L, 3L, 3L));
    assertThat(bias).containsExactly(canonical[0], canonical[1], canonical[20], canonical[21]);
    assertThat(Arrays.copyOf(weights, 18)).containsExactly(Arrays.copyOfRange(canonical, 2, 20));
    assertThat(Arrays.copyOfRange(weights, 18, 36))
        .containsExactly(Arrays.copyOfRange(canonical, 22, 40));
  }

  @Test
  void textOfOtherProgramsIsNotTakenForStokers() {
    assertThat(PortableMetadata.read(Map.of("mean", "x", "producer", "other"), "f"))
        .isEqualTo(PortableMetadata.NONE);
    assertThatThrownBy(() -> PortableMetadata.read(Map.of("mean", "x", "producer", "stoker"), "f"))
        .isInstanceOf(DamagedException.class);
  }

  @Test
  void aShapeThatCannotBeIsNamedWithItsFile() {
    assertThatThrownBy(
            () ->
                PortableMetadata.read(
                    Map.of("input", "[100000, 100000, 3]", "producer", "stoker"), "f"))
        .isInstanceOf(DamagedException.class)
        .hasMessageStartingWith("Cannot read f: its 'input': Invalid shape: 100000 x 100000 x 3");
  }
}
