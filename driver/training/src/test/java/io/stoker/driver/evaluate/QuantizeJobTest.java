// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.storage.OutputFile;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.Calibration;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.testing.Exact;
import io.stoker.testing.Instructions;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Exact
class QuantizeJobTest {
  private static final String WIDE =
      """
      name: wide
      input: [8, 8, 1]
      layers:
        - conv: {filters: 2, kernel: 1}
        - relu
        - dense: 50
        - relu
        - dense: classes
      """;

  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext spark;

  @BeforeAll
  static void train() throws IOException {
    Instructions.AVX512_VNNI.assume();
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2]");
    Files.writeString(folder.resolve("wide.yaml"), WIDE);
    train("tiny", folder.resolve("tiny.yaml").toString());
    train("normalized", job.normalized());
    train("wide", folder.resolve("wide.yaml").toString());
  }

  @AfterAll
  static void stop() {
    if (spark != null) {
      spark.close();
    }
  }

  private static void train(String run, String model) {
    TrainJob.run(
        spark,
        job.config(run).model(model).epochs(6).build(),
        ExistingRun.REFUSE,
        RoundListener.NONE);
  }

  private static QuantizeRequest request(Path checkpoint, double mostLoss) {
    return new QuantizeRequest(
        new EvaluateRequest(checkpoint.toString(), job.data().toString(), "train", 16, "auto"),
        100,
        mostLoss);
  }

  private static QuantizeResult quantize(QuantizeRequest request, Path output) {
    return QuantizeJob.run(
        spark,
        request,
        OutputFile.check("--output", output.toString(), new Configuration()),
        line -> {});
  }

  private static EvaluationReport evaluate(Path checkpoint) {
    return EvaluateJob.run(
        spark,
        new EvaluateRequest(checkpoint.toString(), job.data().toString(), "train", 16, "auto"));
  }

  @Test
  void writesAModelThatIsEvaluatedAsItWasMeasured() {
    Path output = folder.resolve("tiny-int8.zip");

    QuantizeResult result = quantize(request(job.run("tiny"), 5), output);

    assertThat(result.withinGate()).isTrue();
    assertThat(result.accuracyBefore()).isEqualTo(evaluate(job.run("tiny")).accuracy());
    assertThat(result.layers())
        .extracting(QuantizeResult.Layer::path, QuantizeResult.Layer::inInt8)
        .containsExactly(tuple("1", true), tuple("4", true), tuple("6", true));
    EvaluationReport report = evaluate(output);
    assertThat(report.accuracy()).isEqualTo(result.accuracy());
    assertThat(report.logLoss())
        .isNotEqualTo(evaluate(job.run("tiny")).logLoss())
        .isCloseTo(evaluate(job.run("tiny")).logLoss(), within(0.05));
    assertThat(report.toText()).containsPattern("layers in int8 +3\\R");
    assertThat(report.toJson().path("layers_in_int8").intValue()).isEqualTo(3);
    assertThat(evaluate(job.run("tiny")).toJson().has("layers_in_int8")).isFalse();
    StoredModel written = ModelFiles.open(output.toString(), new Configuration());
    assertThat(written.metadata().quantization()).isEqualTo(result.quantization());
    assertThat(TinyJob.parameters(output.toString()))
        .isEqualTo(TinyJob.parameters(job.run("tiny").toString()));
  }

  @Test
  void foldsNormalizationAndKeepsTheTemperature() {
    Configuration hadoop = new Configuration();
    StoredModel before = ModelFiles.open(job.run("normalized").toString(), hadoop);
    Calibration.imported(1.5, before.parametersSha256()).write(before.path(), hadoop);
    Path output = folder.resolve("normalized-int8.zip");

    QuantizeResult result = quantize(request(job.run("normalized"), 5), output);

    assertThat(result.accuracy()).isCloseTo(result.accuracyBefore(), within(0.05));
    assertThat(ModelFiles.open(output.toString(), hadoop).temperature().value()).isEqualTo(1.5);
  }

  @Test
  void anEarlierTemperatureDoesNotStay() {
    Configuration hadoop = new Configuration();
    StoredModel before = ModelFiles.open(job.run("tiny").toString(), hadoop);
    Path output = folder.resolve("again.zip");
    Calibration.imported(3, before.parametersSha256())
        .write(new org.apache.hadoop.fs.Path(output.toUri()), hadoop);

    quantize(request(job.run("tiny"), 100), output);

    assertThat(ModelFiles.open(output.toString(), hadoop).temperature().value()).isEqualTo(1);
    assertThat(folder.resolve("again.calibration.json")).doesNotExist();
  }

  @Test
  void writesNothingOfACheckpointThatChangesMeanwhile() throws IOException {
    StoredModel stored = ModelFiles.open(job.run("tiny").toString(), new Configuration());
    Path checkpoint = folder.resolve("changing.zip");
    byte[] bytes = Files.readAllBytes(Path.of(stored.path().toUri()));
    Files.write(checkpoint, bytes);
    bytes[Math.toIntExact(stored.parametersLocation().byteOffset())] ^= 1;
    Path output = Files.createDirectory(folder.resolve("changed")).resolve("model.zip");
    List<String> said = new ArrayList<>();

    assertThatThrownBy(
            () ->
                QuantizeJob.run(
                    spark,
                    request(checkpoint, 100),
                    OutputFile.check("--output", output.toString(), new Configuration()),
                    line -> {
                      said.add(line);
                      if (said.size() == 4) {
                        replace(checkpoint, bytes);
                      }
                    }))
        .isInstanceOf(DamagedException.class)
        .hasMessageMatching("Cannot quantize .*changing.zip: it changed while it was measured");
    assertThat(output.getParent()).isEmptyDirectory();
  }

  private static void replace(Path file, byte[] content) {
    try {
      Files.write(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A layer that reads a channel which is always zero, with weights that are huge: in fp32 they do
   * nothing, and in int8 all others are rounded to zero.
   */
  private static Path spoiled(String run, int filters, int readers) throws IOException {
    StoredModel stored = ModelFiles.open(job.run(run).toString(), new Configuration());
    ModelSpec model = stored.metadata().model();
    float[] parameters = TinyJob.parameters(job.run(run).toString());
    ModelSpec.Placed conv = model.placed().get(0);
    int each = (int) (conv.parameterCount() / filters) - 1;
    parameters[filters - 1] = -1; // the bias of the last filter
    for (int i = 0; i < each; i++) {
      parameters[filters + (filters - 1) * each + i] = 0;
    }
    ModelSpec.Placed dense = model.placed().get(readers);
    int features = dense.input().features();
    for (int unit = 0; unit < dense.output().features(); unit++) {
      int row = (int) dense.parameterOffset() + unit * features;
      for (int i = features / filters * (filters - 1); i < features; i++) {
        parameters[row + i] = 1e4f;
      }
    }
    Path file = folder.resolve(run + "-spoiled.zip");
    try (OutputStream out = Files.newOutputStream(file)) {
      ModelFileWriter.of(
              stored.metadata(),
              new StepSettings(0.1f, 0, 0),
              (offset, target) -> target.put(parameters, (int) offset, target.remaining()))
          .write(out);
    }
    return file;
  }

  @Test
  void layersThatLoseTooMuchStayInFp32() throws IOException {
    Path checkpoint = spoiled("tiny", 3, 3);
    Path output = folder.resolve("partly.zip");
    List<String> said = new ArrayList<>();

    QuantizeResult result =
        QuantizeJob.run(
            spark,
            request(checkpoint, 3),
            OutputFile.check("--output", output.toString(), new Configuration()),
            said::add);

    assertThat(result.withinGate()).isTrue();
    assertThat(result.layers().get(0))
        .returns("4", QuantizeResult.Layer::path)
        .returns(false, QuantizeResult.Layer::inInt8);
    assertThat(result.layers().get(0).points()).isGreaterThan(3);
    assertThat(result.quantization().ranges()).containsOnlyKeys("1", "6");
    assertThat(said).anyMatch(line -> line.startsWith("only layer 4 in int8: "));
    assertThat(evaluate(output).accuracy()).isEqualTo(result.accuracy());
  }

  @Test
  void writesNothingWhereMostOfTheArithmeticWouldBeInFp32() throws IOException {
    Path output = folder.resolve("never.zip");

    QuantizeResult result = quantize(request(spoiled("wide", 2, 2), 0.5), output);

    assertThat(result.withinGate()).isFalse();
    assertThat(result.points()).isGreaterThan(0.5);
    assertThat(result.layers().get(0).path()).isEqualTo("3");
    assertThat(output).doesNotExist();
  }

  @Test
  void rangesDoNotDependOnTheNumberOfSlots() {
    List<Quantization> found = new ArrayList<>();
    for (String master : List.of("local[1]", "local[4]", "local[2]")) { // the last one stays
      spark.close();
      spark = LocalSpark.start(master);
      found.add(
          quantize(request(job.run("tiny"), 100), folder.resolve(master + ".zip")).quantization());
    }

    assertThat(found.get(1)).isEqualTo(found.get(0)).isEqualTo(found.get(2));
  }

  @Test
  void refusesAModelThatIsInInt8() {
    Path output = folder.resolve("once.zip");
    quantize(request(job.run("tiny"), 100), output);

    assertThatThrownBy(() -> quantize(request(output, 1), folder.resolve("twice.zip")))
        .isInstanceOf(InputException.class)
        .hasMessageMatching("Cannot quantize .*once.zip: it has layers in int8 already .*");
    assertThat(folder.resolve("twice.zip")).doesNotExist();
  }

  @Test
  void refusesLossesThatAreNone() {
    for (double wrong : new double[] {-0.1, 100.5, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> request(job.run("tiny"), wrong))
          .isInstanceOf(InputException.class)
          .hasMessageStartingWith("Invalid most loss: ");
    }
  }
}
