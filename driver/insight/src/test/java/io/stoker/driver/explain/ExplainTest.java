// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyImages;
import io.stoker.driver.TinyJob;
import io.stoker.driver.evaluate.CalibrateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.ImageFailure;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.evaluate.PredictJob;
import io.stoker.driver.evaluate.PredictRequest;
import io.stoker.driver.evaluate.Prediction;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelYaml;
import io.stoker.testing.Exact;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplainTest {
  private static final int SIDE = 24;

  private static final String PLANTED =
      """
      name: planted
      input: [24, 24, 1]
      layers:
        - conv: {filters: 2, kernel: 3, padding: 1}
        - relu
        - max-pool: {kernel: 4, stride: 4}
        - dense: 2
      """;

  /** A bright square in rows 4 to 9 and columns 13 to 18. */
  private static float[] square() {
    float[] image = new float[SIDE * SIDE];
    for (int y = 4; y < 10; y++) {
      for (int x = 13; x < 19; x++) {
        image[y * SIDE + x] = 1;
      }
    }
    return image;
  }

  /**
   * Its first filter is a blur, of which class 1 is the sum; the second one sees darkness, which
   * speaks for class 0 alone.
   */
  private static Network planted() {
    return planted(1);
  }

  private static Network planted(int batch) {
    ModelSpec model = model(PLANTED);
    float[] parameters = new float[(int) model.parameterCount()];
    for (int i = 0; i < 9; i++) {
      parameters[2 + i] = 0.2f; // behind the two biases
      parameters[11 + i] = -0.2f;
    }
    parameters[1] = 0.5f; // the second filter's bias
    int dense = 20;
    for (int i = 0; i < 36; i++) {
      parameters[dense + 36 + i] = 0.01f; // class 0, the second filter
      parameters[dense + 72 + i] = 0.3f; // class 1, the first filter
    }
    Network network = Engines.named("auto").create(model, batch);
    network.writeParameters(0, FloatBuffer.wrap(parameters));
    return network;
  }

  @Test
  void everyMapLightsUpWhereTheSquareIsPlanted() {
    try (Network network = planted()) {
      Saliency saliency = new Saliency(network);

      assertLit(saliency.gradCam(square(), 1), 0.9);
      assertLit(saliency.occlusion(square(), 1), 0.6);
      assertLit(saliency.inputGradient(square(), 1), 0.9);
    }
  }

  /** The block's body is a blur, and class 1 the sum of it and of the shortcut. */
  @Test
  void everyMapOfABlockLightsUpWhereTheSquareIsPlanted() {
    ModelSpec model =
        model(
            """
            name: planted
            input: [24, 24, 1]
            layers:
              - sequence:
                  - residual:
                      body: [{conv: {filters: 1, kernel: 3, padding: 1}}, batch-norm, relu]
                      after: relu
              - max-pool: {kernel: 4, stride: 4}
              - dense: 2
            """);
    float[] parameters = new float[(int) model.parameterCount()];
    Arrays.fill(parameters, 1, 10, 0.2f);
    parameters[10] = 1; // the normalization's scale; its statistics are 0 and 1
    int dense = 14;
    Arrays.fill(parameters, dense + 36, dense + 72, 0.3f);
    try (Network network = Engines.named("auto").create(model, 1)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      Saliency saliency = new Saliency(network);

      assertLit(saliency.gradCam(square(), 1), 0.9);
      assertLit(saliency.occlusion(square(), 1), 0.6);
      assertLit(saliency.inputGradient(square(), 1), 0.9);
    }
  }

  @Test
  void coversSquaresInBatchesAsOneByOne() {
    try (Network one = planted();
        Network seven = planted(7)) {
      assertThat(new Saliency(seven).occlusion(square(), 1))
          .usingComparatorWithPrecision(1e-5f)
          .containsExactly(new Saliency(one).occlusion(square(), 1));
    }
  }

  /** All but a share of the map lies within two pixels of the square, which holds its maximum. */
  private static void assertLit(float[] map, double share) {
    double inside = 0;
    double all = 0;
    int brightest = 0;
    for (int i = 0; i < map.length; i++) {
      int y = i / SIDE;
      int x = i % SIDE;
      all += map[i];
      inside += y >= 2 && y < 12 && x >= 11 && x < 21 ? map[i] : 0;
      brightest = map[i] > map[brightest] ? i : brightest;
    }
    assertThat(map[brightest]).isEqualTo(1);
    assertThat(brightest / SIDE).isBetween(3, 10);
    assertThat(brightest % SIDE).isBetween(12, 19);
    assertThat(inside / all).isGreaterThan(share);
  }

  @Test
  void drawsEachFilterFromBlackToWhite() {
    float[] weights = new float[2 * 3 * 4];
    weights[0] = 1; // filter 0: red at the upper left
    weights[12 + 11] = -1; // filter 1: all but blue at the lower right

    BufferedImage picture = new ImageFilters(2, 3, 2, weights).draw();

    assertThat(picture.getRGB(10, 10)).isEqualTo(0xFFFF0000);
    assertThat(picture.getRGB(50, 50)).isEqualTo(0xFF000000);
    assertThat(picture.getRGB(64 + 10, 10)).isEqualTo(0xFFFFFFFF);
    assertThat(picture.getRGB(64 + 45, 50)).isEqualTo(0xFFFFFF00);
  }

  @Test
  void takesTheFiltersFromACheckpoint(@TempDir Path folder) {
    TinyJob job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      TrainJob.run(
          spark, job.config("run").epochs(1).build(), ExistingRun.REFUSE, RoundListener.NONE);
    }
    String run = job.run("run").toString();
    try (ExplainJob explain = new ExplainJob(new Inference(run, "auto"), new Configuration())) {
      ImageFilters filters = explain.filters();

      // The first tensor in the file is the three biases.
      assertThat(filters.count()).isEqualTo(3);
      assertThat(filters.weights())
          .isEqualTo(Arrays.copyOfRange(TinyJob.parameters(run), 3, 3 + 27));
    }
  }

  @Test
  @Exact
  void probabilitiesHaveTheTemperatureAsThoseOfPredictionsHave(@TempDir Path folder)
      throws IOException {
    TinyJob job = TinyJob.in(folder);
    String run = job.run("run").toString();
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      TrainJob.run(
          spark,
          job.config("run").epochs(1).learningRate(0.002).build(),
          ExistingRun.REFUSE,
          RoundListener.NONE);
      CalibrateJob.run(spark, new EvaluateRequest(run, job.data().toString(), "train", 16, "auto"));
    }
    Configuration hadoop = new Configuration();
    assertThat(ModelFiles.open(run, hadoop).temperature().value()).isNotEqualTo(1);
    String image = TinyImages.write(job.data(), folder.resolve("images")).get(0).toString();
    List<Prediction> explained = new ArrayList<>();

    try (ExplainJob explain = new ExplainJob(new Inference(run, "auto"), hadoop)) {
      explain.explain(List.of(image), 2, each -> explained.add(each.prediction()), failure -> {});
    }

    assertThat(explained)
        .isEqualTo(PredictJob.run(hadoop, new PredictRequest(run, List.of(image), 2, "auto")));
  }

  @Test
  void anImageThatCannotBeReadStopsNoOther(@TempDir Path folder) throws IOException {
    TinyJob job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      TrainJob.run(
          spark, job.config("run").epochs(1).build(), ExistingRun.REFUSE, RoundListener.NONE);
    }
    String good = TinyImages.write(job.data(), folder.resolve("images")).get(0).toString();
    String text = Files.writeString(folder.resolve("text.png"), "no image").toString();
    List<ImageFailure> failures = new ArrayList<>();
    List<String> explained = new ArrayList<>();

    try (ExplainJob explain =
        new ExplainJob(new Inference(job.run("run").toString(), "auto"), new Configuration())) {
      explain.explain(
          List.of("nowhere.png", good, text, good),
          1,
          each -> explained.add(each.prediction().image()),
          failures::add);
    }

    assertThat(explained).containsExactly(good, good);
    assertThat(failures).extracting(ImageFailure::image).containsExactly("nowhere.png", text);
    assertThat(failures).extracting(ImageFailure::exitCode).containsOnly(2);
    assertThat(failures.get(0).message())
        .isEqualTo(
            "Cannot read image nowhere.png: there is no file file:"
                + Path.of("nowhere.png").toAbsolutePath());
  }

  @Test
  void needsAConvolutionForGradCam() {
    ModelSpec model =
        model(
            """
            name: flat
            input: [4, 4, 1]
            layers:
              - dense: 2
            """);
    try (Network network = Engines.named("auto").create(model, 1)) {
      assertThatThrownBy(() -> new Saliency(network).gradCam(new float[16], 0))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("model flat: it has no convolution");
    }
  }

  private static ModelSpec model(String yaml) {
    try {
      return ModelYaml.read(
          new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)), "test", 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
