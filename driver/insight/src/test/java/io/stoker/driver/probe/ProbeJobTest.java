// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.augment.Distortion;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.InputException;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.models.file.ModelMetadata;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The class of an image is where its bright bar is: up and down matter, left and right do not. */
@Tag("slow")
class ProbeJobTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext spark;

  @BeforeAll
  static void train() {
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2]");
    TrainJob.run(
        spark, job.config("run").epochs(12).build(), ExistingRun.REFUSE, RoundListener.NONE);
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  private static EvaluateRequest evaluation(String run) {
    return new EvaluateRequest(job.run(run).toString(), job.data().toString(), "", 16, "auto");
  }

  private static ProbeReport probe(Distortion... distortions) {
    return ProbeJob.run(
        spark, new ProbeRequest(evaluation("run"), List.of(distortions), 1), (each, level) -> {});
  }

  @Test
  void isAnEvaluationWhereNothingIsDistorted() {
    EvaluationReport evaluated = EvaluateJob.run(spark, evaluation("run"));

    ProbeReport report = probe(Distortion.values());

    assertThat(report.plain().logLoss()).isEqualTo(evaluated.logLoss());
    assertThat(report.curves()).hasSize(6);
    for (ProbeReport.Curve curve : report.curves()) {
      ProbeReport.Measurement neutral =
          curve.measurements().stream()
              .filter(each -> each.level() == curve.distortion().neutral())
              .findFirst()
              .orElseThrow();
      assertThat(neutral.accuracy()).isEqualTo(evaluated.accuracy());
      assertThat(neutral.logLoss()).isEqualTo(evaluated.logLoss());
      assertThat(neutral.recalls())
          .isEqualTo(evaluated.classes().stream().map(each -> each.recall()).toList());
      assertThat(curve.measurements()).hasSameSizeAs(curve.distortion().levels());
    }
  }

  @Test
  void losesWhatTellsTheClassesApart() {
    ProbeReport report = probe(Distortion.SHIFT, Distortion.ROTATE, Distortion.NOISE);

    assertThat(report.plain().accuracy()).isGreaterThan(0.9);
    List<ProbeReport.Measurement> shifts = report.curves().get(0).measurements();
    // 24 % are two pixels: up or down, which half of the images go, a bar is in another class's.
    assertThat(shifts.get(5).accuracy()).isBetween(0.4, 0.75);
    // A bar that lies down is a bar that stands.
    assertThat(report.curves().get(1).measurements().get(6).accuracy()).isLessThan(0.6);
    List<Double> losses =
        report.curves().get(2).measurements().stream()
            .map(ProbeReport.Measurement::logLoss)
            .toList();
    assertThat(losses).isSorted();
  }

  @Test
  void findsAClassifierThatAlwaysSaysTheSameInvariant() throws IOException {
    ProbeReport report =
        ProbeJob.run(
            spark,
            new ProbeRequest(
                new EvaluateRequest(constant().toString(), job.data().toString(), "", 16, "auto"),
                List.of(Distortion.values()),
                1),
            (each, level) -> {});

    assertThat(report.curves())
        .allSatisfy(
            curve ->
                assertThat(curve.measurements())
                    .extracting(ProbeReport.Measurement::accuracy)
                    .containsOnly(report.plain().accuracy()));
  }

  /** A checkpoint of zeros. */
  private static Path constant() throws IOException {
    Path file = folder.resolve("constant.zip");
    ModelMetadata metadata =
        ModelFiles.open(job.run("run").toString(), new Configuration()).metadata();
    try (OutputStream out = Files.newOutputStream(file)) {
      ModelFileWriter.of(
              metadata,
              new StepSettings(0.1f, 0, 0),
              (offset, target) -> target.put(new float[target.remaining()]))
          .write(out);
    }
    return file;
  }

  @Test
  @Exact
  void isTheSameWithAnySlotsAndTellsOfEachLevel() {
    List<Double> seen = new ArrayList<>();
    ProbeReport two = probe(Distortion.NOISE);
    spark.close();
    spark = LocalSpark.start("local[1]");
    ProbeReport one =
        ProbeJob.run(
            spark,
            new ProbeRequest(evaluation("run"), List.of(Distortion.NOISE), 1),
            (each, measurement) -> seen.add(measurement.level()));

    assertThat(one.curves()).isEqualTo(two.curves());
    assertThat(seen).isEqualTo(Distortion.NOISE.levels());
  }

  @Test
  void writesAllOfItAsJsonAndDrawsAPanelADistortion() {
    ProbeReport report = probe(Distortion.SHIFT, Distortion.SCALE);

    assertThat(report.toJson().at("/distortions/1/name").asText()).isEqualTo("scale");
    assertThat(report.toJson().at("/distortions/1/levels/3/accuracy").asDouble())
        .isEqualTo(report.plain().accuracy());
    assertThat(report.toJson().at("/distortions/0/levels/0/recalls")).hasSize(4);
    assertThat(ProbeChart.draw(report).getWidth()).isEqualTo(2 * 380);
  }

  @Test
  void refusesADistortionTwice() {
    assertThatThrownBy(() -> probe(Distortion.SHIFT, Distortion.SHIFT))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("names one twice");
  }
}
