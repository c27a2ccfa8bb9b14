// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.NewerVersionException;
import io.stoker.failure.StokerException;
import io.stoker.models.dl4j.GraphConfiguration;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerMinMaxScaler;
import org.nd4j.linalg.factory.Nd4j;

class DamagedModelFileTest {
  private static final ModelSpec MODEL = SampleModels.small();

  @Test
  void aFileCutAnywhereIsRefused() throws IOException {
    byte[] whole = whole();
    for (int length = 0; length < whole.length; length++) {
      Throwable refusal = refusal(Arrays.copyOf(whole, length));
      assertThat(refusal).as("cut to %d bytes", length).isInstanceOf(StokerException.class);
      if (length >= 4) {
        assertThat(refusal).isInstanceOf(DamagedException.class);
      }
    }
  }

  @Test
  void aFileWithAnyByteChangedIsRefused() throws IOException {
    byte[] whole = whole();
    SplittableRandom random = new SplittableRandom(1);
    for (int position = 0; position < whole.length; position++) {
      byte[] changed = whole.clone();
      changed[position] ^= (byte) random.nextInt(1, 256);
      Throwable refusal = refusal(changed);
      assertThat(refusal).as("byte %d changed", position).isInstanceOf(StokerException.class);
      assertThat(refusal.getMessage().lines()).hasSize(1);
    }
  }

  @Test
  void aFileWithBytesBehindItIsRefused() throws IOException {
    byte[] whole = whole();
    assertDamaged(Arrays.copyOf(whole, whole.length + 1), "zip directory");
  }

  @Test
  void othersFilesAreNotCalledDamaged() throws IOException {
    assertThat(refusal("hello, this is no zip".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Not a model file: model.zip");
    assertThat(refusal(new byte[0]))
        .isInstanceOf(DamagedException.class)
        .hasMessage("Damaged model file model.zip: it is empty");
    assertThat(refusal(deflated(Map.of("word/document.xml", new byte[9]))))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("its first entry is word/document.xml");
  }

  @Test
  void aStockModelFileIsToldApart() throws IOException {
    ComputationGraph graph =
        new ComputationGraph(GraphConfiguration.of(MODEL, SampleModels.MOMENTUM));
    graph.init();
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    ModelSerializer.writeModel(graph, stream, true);
    assertThat(refusal(stream.toByteArray()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("configuration.json, not stoker.json");
  }

  @Test
  void aFileThatStockCodeHasPackedAgainIsToldApart(@TempDir Path folder) throws IOException {
    Path path = folder.resolve("model.zip");
    Files.write(path, whole());
    NormalizerMinMaxScaler other = new NormalizerMinMaxScaler();
    other.setFeatureStats(Nd4j.zeros(1, 1), Nd4j.ones(1, 1));
    ModelSerializer.addNormalizerToModel(path.toFile(), other);
    assertThat(refusal(Files.readAllBytes(path)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("packed it again");
  }

  @ParameterizedTest
  @CsvSource({
    "../../etc/passwd",
    "/etc/passwd",
    "..\\model",
    "coefficients.bin/../x",
    "preprocessor.bin",
    "stoker.json",
  })
  void anEntryOfAnotherNameIsRefused(String name) throws IOException {
    List<Map.Entry<String, byte[]>> renamed =
        entries().entrySet().stream()
            .map(e -> e.getKey().equals("normalizer.bin") ? Map.entry(name, e.getValue()) : e)
            .toList();
    assertDamaged(craft(renamed), name + ", not normalizer.bin");
  }

  @Test
  void oneEntryMoreIsRefused() throws IOException {
    Map<String, byte[]> entries = entries();
    entries.put("preprocessor.bin", new byte[] {(byte) 0xac, (byte) 0xed, 0, 5});
    assertDamaged(craft(entries.entrySet()), "zip directory");
  }

  /** Files of earlier builds have no moments in stock Deeplearning4j's order. */
  @Test
  void momentsInOneOrderAreReadAndBothAreVerified() throws IOException {
    ModelSpec model =
        new ModelSpec(
            "normalized",
            Shape.vector(4),
            List.of(
                new LayerSpec.BatchNormalization(1e-5f, 0.9f),
                new LayerSpec.Dense(2, Initializer.Rule.HE, 0)));
    StepSettings adamW =
        new StepSettings(
            0.01f,
            0.9f,
            StepSettings.Momentum.CLASSICAL,
            0,
            StepSettings.UNCLIPPED,
            new StepSettings.Adam(0.99f, 1e-8f, 3));
    VectorSource counting =
        (offset, target) -> {
          for (long at = offset; target.hasRemaining(); at++) {
            target.put((float) at);
          }
        };
    Map<String, byte[]> entries =
        entries(
            SampleModels.bytes(
                ModelFileWriter.of(SampleModels.metadata(model), adamW, counting)
                    .withUpdaterState(counting)));

    assertThat(entries.keySet()).containsSubsequence("velocity.bin", "updaterState.bin");
    byte[] stock = entries.get("updaterState.bin");
    float[] values = new float[2 * (8 + 10)];
    ByteBuffer.wrap(stock, stock.length - 4 * values.length, 4 * values.length)
        .asFloatBuffer()
        .get(values);
    assertThat(values)
        .startsWith(0, 1, 2, 3, 4, 5, 6, 7, 26, 27, 28, 29, 30, 31, 32, 33, 16, 17)
        .endsWith(50, 51);
    stock[stock.length - 1] ^= 1;
    assertDamaged(craft(entries.entrySet()), "the SHA-256 of updaterState.bin");
    entries.remove("updaterState.bin");
    assertDamaged(craft(entries.entrySet()), "no entry at byte");
    entries.compute(
        "stoker.json",
        (name, json) ->
            new String(json, StandardCharsets.UTF_8)
                .replaceFirst("\\s*\"stock_moments_sha256\"[^,]*,", "")
                .getBytes(StandardCharsets.UTF_8));
    assertThat(SampleModels.verify(craft(entries.entrySet())).updaterState().orElseThrow().count())
        .isEqualTo(2 * model.parameterCount());
  }

  @Test
  void oneEntryLessIsRefused() throws IOException {
    Map<String, byte[]> entries = entries();
    entries.remove("ema.bin");
    assertDamaged(craft(entries.entrySet()), "no entry at byte");
    entries.remove("outerMomentum.bin");
    assertDamaged(craft(entries.entrySet()), "no entry at byte");
    entries.remove("updaterState.bin");
    assertDamaged(craft(entries.entrySet()), "no entry at byte");
  }

  @Test
  void aZipBombIsRefusedUnread() throws IOException {
    Map<String, byte[]> bomb = new LinkedHashMap<>();
    bomb.put("stoker.json", new byte[100 << 20]);
    assertThat(refusal(deflated(bomb))).isInstanceOf(InputException.class);
  }

  @ParameterizedTest
  @CsvSource({"0xffffffff", "0x7fffffff", "0x80000000", "0x00800001"})
  void aClaimOfManyBytesTakesNoMemory(String size) throws IOException {
    byte[] whole = whole();
    ByteBuffer header = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(18, Integer.parseUnsignedInt(size.substring(2), 16));
    header.putInt(22, Integer.parseUnsignedInt(size.substring(2), 16));
    assertDamaged(whole, "stoker.json claims");
  }

  @Test
  void otherClassesInTheConfigurationAreRefused() throws IOException {
    for (String evil :
        new String[] {
          "org.deeplearning4j.nn.conf.layers.samediff.SameDiffLayer",
          "com.sun.rowset.JdbcRowSetImpl",
          "javax.script.ScriptEngineManager",
          "\u001b[2J.x"
        }) {
      assertDamaged(
          with(
              "configuration.json",
              text ->
                  text.replace(
                      "org.nd4j.linalg.activations.impl.ActivationReLU",
                      evil.replace("\u001b", "\\u001b"))),
          "names a class that Stoker never writes");
    }
    assertDamaged(
        with(
            "configuration.json",
            text -> text.replaceFirst("\\{", "{\"@class\" : \"java.net.URL\", ")),
        "java.net.URL");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"format\" : 1 | \"format\" : 0 | 'format'",
        "\"format\" : 1 | \"format\" : \"x\" | field format",
        "\"parameters\" : 16 | \"parameters\" : 17 | 'parameters'",
        "\"parameters\" : 16 | \"parameters\" : -1 | 'parameters'",
        "\"parameters\" : 16 | \"parameters\" : 16, \"parameters\" : 16 | 'parameters' appears"
            + " twice",
        "\"parameters\" : 16 | \"parameters\" : 16, \"more\" : 16 | 'more'",
        "\"round\" : 12 | \"round\" : -12 | training clock",
        "\"round\" : 12 | \"round\" : 1e99 | field clock.round",
        "\"round\" : 12 | \"round\" : 99999999999999999999999 | field clock.round",
        "\"units\" : 2 | \"units\" : 3 | 'parameters'",
        "\"units\" : 2 | \"units\" : -3 | Invalid units",
        "\"units\" : 2 | \"units\" : 268435456 | 'parameters'",
        "\"mean\" : [ 127.25 ] | \"mean\" : [ ] | channel statistics",
        "\"mean\" : [ 127.25 ] | \"mean\" : 127.25 | field mean",
        "\"mean\" : [ 127.25 ] | \"mean\" : [ 1e999 ] | channel statistics",
        "\"mean\" : [ 127.25 ] | \"mean\" : [ 127.5 ] | normalizer.bin",
        "\"standard_deviation\" : [ 64.5 ] | \"standard_deviation\" : [ 0 ] | channel statistics",
        "\"parameters_sha256\" : \" | \"parameters_sha256\" : \"0 | 'parameters_sha256'",
        "\"model\" : { | \"model\" : [ { | stoker.json",
        "\"format\" : 1 | \"format\" : 1, \"int8\" : {} | 'int8'",
        "\"format\" : 1 | \"format\" : 1, \"int8\" : {\"1\" : 2} | field int8.1",
        "\"format\" : 1 | \"format\" : 1, \"int8\" : {\"1\" : {\"signed\" : true}} | field"
            + " int8.1.largest",
        "\"format\" : 1 | \"format\" : 1, \"int8\" : {\"1\" : {\"largest\" : 2}} | field"
            + " int8.1.signed",
        "\"format\" : 1 | \"format\" : 1, \"int8\" : {\"1\" : {\"largest\" : 0, \"signed\" : true}}"
            + " | Invalid range",
        "\"format\" : 1 | \"format\" : 1, \"int8\" : {\"1\" : {\"largest\" : 1e99, \"signed\" :"
            + " true}} | Invalid range",
        "\"format\" : 1 | \"format\" : 1, \"int8\" : {\"2\" : {\"largest\" : 2, \"signed\" : true}}"
            + " | Invalid layer in int8: 2",
        "\"format\" : 1 | \"format\" : 1, \"a\\nb\" : 1 | 'a\\nb' is unknown",
        "\"format\" : 1 | \"format\" : 1, \"images\" : null | is null (field images)",
        "\"units\" : 2 | \"units\" : 2, \"a\\nb\" : 2 | a\\nb",
        "\"mean\" : [ 127.25 ] | \"mean\" : [ \"NaN\" ] | stoker.json",
        "\"mean\" : [ 127.25 ] | \"mean\" : [ NaN ] | not valid JSON",
      })
  void metadataThatCannotBeIsRefused(String text, String replacement, String reason)
      throws IOException {
    assertDamaged(with("stoker.json", json -> json.replace(text, replacement)), reason);
  }

  @Test
  void deepNestingIsRefused() throws IOException {
    String deep = "[".repeat(2_000_000);
    assertDamaged(with("stoker.json", json -> deep), "stoker.json");
    assertDamaged(with("configuration.json", json -> deep), "configuration.json");
    assertDamaged(with("configuration.json", json -> "{}"), "no vertices");
    assertDamaged(with("stoker.json", json -> "{}"), "a field is missing (field format");
    assertDamaged(with("stoker.json", json -> ""), "stoker.json");
  }

  @Test
  void aLaterFormatIsNotCalledDamaged() throws IOException {
    byte[] later = with("stoker.json", json -> json.replace("\"format\" : 1", "\"format\" : 2"));
    assertThat(refusal(later))
        .isInstanceOf(NewerVersionException.class)
        .hasMessage(
            "Cannot read model file model.zip: stoker.json: its format is 2, of a newer Stoker;"
                + " this one reads 1 (use the one that wrote it)");
  }

  @Test
  void alteredParametersWithMatchingChecksumsAreRefused() throws IOException {
    Map<String, byte[]> entries = entries();
    byte[] coefficients = entries.get("coefficients.bin");
    coefficients[coefficients.length - 1] ^= 1;
    assertDamaged(craft(entries.entrySet()), "the SHA-256 of coefficients.bin");
  }

  @Test
  void aVectorOfAnotherTypeOrLengthIsRefused() throws IOException {
    int count = (int) MODEL.parameterCount();
    Map<String, byte[]> entries = entries();
    entries.put("coefficients.bin", Nd4j.toByteArray(Nd4j.zeros(DataType.DOUBLE, 1, count)));
    assertDamaged(craft(entries.entrySet()), "coefficients.bin has");
    entries.put("coefficients.bin", Nd4j.toByteArray(Nd4j.zeros(DataType.INT32, 1, count + 1)));
    assertDamaged(craft(entries.entrySet()), "coefficients.bin has");
    entries.put("coefficients.bin", Nd4j.toByteArray(Nd4j.zeros(DataType.FLOAT, 1, count + 1)));
    assertDamaged(craft(entries.entrySet()), "values take");

    byte[] header = Nd4jFormat.header(count);
    for (long length : new long[] {-1, Long.MAX_VALUE, 0, Integer.MAX_VALUE}) {
      byte[] vector = Arrays.copyOf(header, (int) Nd4jFormat.size(count));
      ByteBuffer.wrap(vector).putLong(header.length - 15, length);
      entries.put("coefficients.bin", vector);
      assertDamaged(craft(entries.entrySet()), "not an fp32 vector");
    }
  }

  @Test
  void aModelLargerThanItsFileTakesNoMemory() throws IOException {
    byte[] huge =
        with(
            "stoker.json",
            json ->
                json.replaceFirst("\"units\" : 2", "\"units\" : 268435456")
                    .replace("\"parameters\" : 16", "\"parameters\" : 1879048194"));
    assertDamaged(huge, "values take");
  }

  @Test
  void aFileSystemThatFailsIsNotADamagedFile() {
    assertThatThrownBy(
            () ->
                ModelFile.verify(
                    "model.zip",
                    () ->
                        new FilterInputStream(InputStream.nullInputStream()) {
                          @Override
                          public int read(byte[] bytes, int offset, int length) throws IOException {
                            throw new IOException("connection reset");
                          }
                        }))
        .isInstanceOf(IOException.class)
        .hasMessage("connection reset");
  }

  private static byte[] whole() throws IOException {
    return SampleModels.bytes(SampleModels.writer(MODEL));
  }

  private static Map<String, byte[]> entries() throws IOException {
    return entries(whole());
  }

  private static Map<String, byte[]> entries(byte[] file) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(file))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        entries.put(entry.getName(), zip.readAllBytes());
      }
    }
    return entries;
  }

  /** A file whose frame is right, whatever is in it. */
  private static byte[] craft(Iterable<Map.Entry<String, byte[]>> entries) throws IOException {
    ZipLayout zip = new ZipLayout();
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    for (Map.Entry<String, byte[]> entry : entries) {
      CRC32 crc = new CRC32();
      crc.update(entry.getValue());
      stream.write(
          zip.append(
              new ZipLayout.Entry(entry.getKey(), entry.getValue().length, (int) crc.getValue())));
      stream.write(entry.getValue());
    }
    stream.write(zip.directory());
    return stream.toByteArray();
  }

  private static byte[] with(String name, UnaryOperator<String> change) throws IOException {
    Map<String, byte[]> entries = entries();
    String text = new String(entries.get(name), StandardCharsets.UTF_8);
    String changed = change.apply(text);
    assertThat(changed).isNotEqualTo(text);
    entries.put(name, changed.getBytes(StandardCharsets.UTF_8));
    return craft(entries.entrySet());
  }

  private static byte[] deflated(Map<String, byte[]> entries) throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(stream)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    return stream.toByteArray();
  }

  private static Throwable refusal(byte[] bytes) {
    return catchThrowable(() -> SampleModels.verify(bytes));
  }

  private static void assertDamaged(byte[] bytes, String reason) {
    assertThatThrownBy(() -> SampleModels.verify(bytes))
        .isInstanceOf(DamagedException.class)
        .hasMessageMatching("(?:Damaged|Cannot read) model file model\\.zip: .*")
        .hasMessageContaining(reason)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }
}
