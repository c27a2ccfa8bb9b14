// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.search.Standing;
import io.stoker.driver.search.StudyFolder;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Exact
@Tag("slow")
class StokerTunerTest {
  private static final String SPACE =
      "{stepSize: {from: 0.001, to: 0.3, scale: log}, batch: [16, 32]}";

  @TempDir static Path folder;

  private static JavaSparkContext context;
  private static Dataset<Row> images;

  @TempDir Path scratch;

  @BeforeAll
  static void prepare() throws IOException {
    TinyJob job = TinyJob.in(folder);
    context = LocalSpark.start("local[2]");
    SparkSession spark = SparkSession.builder().sparkContext(context.sc()).getOrCreate();
    images = TinyImages.frame(spark, job, "train").withColumn("held", expr("number % 4 = 0"));
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  private static StokerTuner tuner() {
    return new StokerTuner()
        .setModel(folder.resolve("tiny.yaml").toString())
        .setNumWorkers(1)
        .setLocalSteps(3)
        .setMaxIter(2)
        .setSeed(3)
        .setSpace(SPACE)
        .setTrials(4)
        .setHalving(2)
        .setMetric("log-loss")
        .setSampler("sobol");
  }

  private static StokerTuner judgedByRows() {
    return tuner().setValidationIndicatorCol("held");
  }

  @Test
  void theBestModelIsThatOfAFitWithTheParamsOfTheBestTrial() {
    StokerTunerModel tuned = judgedByRows().fit(images);

    List<Row> trials = tuned.trials().collectAsList();
    assertThat(trials).hasSize(4 + 2);
    Row best =
        trials.stream()
            .filter(row -> row.<Integer>getAs("epochs") == 2)
            .min((one, other) -> Double.compare(one.getAs("value"), other.getAs("value")))
            .orElseThrow();
    StokerModel alone =
        new StokerClassifier()
            .setModel(folder.resolve("tiny.yaml").toString())
            .setNumWorkers(1)
            .setLocalSteps(3)
            .setMaxIter(2)
            .setSeed(3)
            .setStepSize(best.getAs("learning_rate"))
            .setBatchSize(best.<Double>getAs("batch").intValue())
            .setMetric("log-loss")
            .setValidationIndicatorCol("held")
            .fit(images);
    assertThat(tuned.bestModel().parametersSha256()).isEqualTo(alone.parametersSha256());
    assertThat(((StokerClassifier) tuned.bestModel().parent()).getStepSize())
        .isEqualTo(best.<Double>getAs("learning_rate"));
    assertThat(tuned.transform(images).columns()).contains("prediction", "probability");
  }

  @Test
  void aStudyInACheckpointDirIsGoneOnWithAndIsOneOfTheCommandLine() throws IOException {
    StokerTuner tuner = judgedByRows().setCheckpointDir(scratch.toString());
    StokerTunerModel first = tuner.fit(images);
    Path study = Path.of(URI.create(first.studyFolder()));
    Map<Path, byte[]> results = contents(study.resolve("results"));
    Files.delete(study.resolve("results/000002-0.json"));
    Files.delete(study.resolve("trials.parquet"));

    StokerTunerModel again = tuner.copy(new ParamMap()).fit(images.repartition(3));

    assertThat(again.studyFolder()).isEqualTo(first.studyFolder());
    assertThat(again.bestModel().parametersSha256())
        .isEqualTo(first.bestModel().parametersSha256());
    assertThat(contents(study.resolve("results")).keySet()).isEqualTo(results.keySet());
    assertThat(again.trials().drop("seconds").collectAsList())
        .isEqualTo(first.trials().drop("seconds").collectAsList());
    Standing standing =
        Standing.of(
            StudyFolder.at(new org.apache.hadoop.fs.Path(study.toUri()), new Configuration()));
    assertThat(standing.recipe(0).path("model").asText())
        .isEqualTo(folder.resolve("tiny.yaml").toString());
    assertThat(standing.recipe(0).path("local-steps").asInt()).isEqualTo(3);
    assertThat(judgedByRows().setSeed(4).setCheckpointDir(scratch.toString()).fit(images))
        .extracting(StokerTunerModel::studyFolder)
        .isNotEqualTo(first.studyFolder());
  }

  /** A model file that has changed since makes it another study. */
  @Test
  void equalFitsShareAStudyAndAnotherModelUnderThatNameHasItsOwn() throws Exception {
    Path model = Files.copy(folder.resolve("tiny.yaml"), scratch.resolve("model.yaml"));
    StokerTuner tuner =
        judgedByRows()
            .setModel(model.toString())
            .setTrials(2)
            .setMaxIter(1)
            .setCheckpointDir(scratch.toString());
    ExecutorService second = Executors.newSingleThreadExecutor();
    StokerTunerModel one;
    StokerTunerModel other;
    try {
      Future<StokerTunerModel> sideBySide =
          second.submit(() -> tuner.copy(new ParamMap()).fit(images));
      one = tuner.copy(new ParamMap()).fit(images);
      other = sideBySide.get();
    } finally {
      second.shutdownNow();
    }
    Files.copy(folder.resolve("normalized.yaml"), model, StandardCopyOption.REPLACE_EXISTING);
    StokerTunerModel changed = tuner.fit(images);

    assertThat(other.studyFolder()).isEqualTo(one.studyFolder());
    assertThat(other.bestModel().parametersSha256()).isEqualTo(one.bestModel().parametersSha256());
    assertThat(changed.studyFolder()).isNotEqualTo(one.studyFolder());
    assertThat(changed.bestModel().parametersSha256())
        .isNotEqualTo(one.bestModel().parametersSha256());
  }

  @Test
  void eachTrialIsLoggedOnce() throws IOException {
    List<String> ended = Collections.synchronizedList(new ArrayList<>());
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.createContext("/", exchange -> answer(exchange, ended));
    server.start();
    try {
      judgedByRows()
          .setTrials(2)
          .setHalving(1)
          .setMaxIter(1)
          .setMlflowUri("http://127.0.0.1:" + server.getAddress().getPort())
          .fit(images);
    } finally {
      server.stop(0);
    }

    assertThat(ended).containsExactly("FINISHED", "FINISHED", "FINISHED");
  }

  /** Answers as MLflow does, of one run. */
  private static void answer(HttpExchange exchange, List<String> ended) throws IOException {
    try (exchange) {
      JsonNode request = new JsonMapper().readTree(exchange.getRequestBody().readAllBytes());
      if (exchange.getRequestURI().getPath().endsWith("/runs/update")) {
        ended.add(request.path("status").asText());
      }
      byte[] answer =
          """
          {"experiment": {"experiment_id": "7"}, "run": {"info": {"run_id": "1",
            "experiment_id": "7", "lifecycle_stage": "active", "artifact_uri": "s3://b/7"}}}
          """
              .getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  private static Map<Path, byte[]> contents(Path folder) throws IOException {
    Map<Path, byte[]> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".json")).toList()) {
        contents.put(file.getFileName(), Files.readAllBytes(file));
      }
    }
    return contents;
  }

  @Test
  void withFoldsTheBestModelIsTrainedOnAllRows() {
    StokerTunerModel tuned =
        tuner().setFolds(2).setTrials(2).setSpace("batchSize: [16, 32]").fit(images);

    StokerClassifier best = (StokerClassifier) tuned.bestModel().parent();
    StokerModel alone = best.copy(new ParamMap()).setMetric("auto").fit(images.repartition(5));
    assertThat(tuned.bestModel().parametersSha256()).isEqualTo(alone.parametersSha256());
    assertThat(tuned.trials().count()).isEqualTo(2 + 1);
  }

  @Test
  void isAStageThatIsSavedAndLoaded() throws IOException {
    StokerTuner tuner =
        judgedByRows()
            .setTrials(2)
            .setMaxIter(1)
            .setClassWeights("0=1,1=2,2=1,3=1")
            .setLocalStepsCoefficient(0.1)
            .setAugmentations(new String[] {"flip"})
            .setCosts(new String[] {"parameters"});
    tuner.save(scratch.resolve("tuner").toString());
    StokerTuner loaded = StokerTuner.load(scratch.resolve("tuner").toString());
    assertThat(loaded.getSpace()).isEqualTo(SPACE);
    assertThat(loaded.getCosts()).containsExactly("parameters");
    assertThat(loaded.uid()).isEqualTo(tuner.uid());

    PipelineModel fitted = new Pipeline().setStages(new PipelineStage[] {loaded}).fit(images);
    fitted.save(scratch.resolve("model").toString());
    PipelineModel again = PipelineModel.load(scratch.resolve("model").toString());

    StokerTunerModel one = (StokerTunerModel) fitted.stages()[0];
    StokerTunerModel other = (StokerTunerModel) again.stages()[0];
    assertThat(other.uid()).isEqualTo(one.uid());
    assertThat(other.trials().collectAsList()).isEqualTo(one.trials().collectAsList());
    List<Row> predicted = fitted.transform(images).orderBy("number").collectAsList();
    assertThat(again.transform(images).orderBy("number").collectAsList()).isEqualTo(predicted);

    again.write().overwrite().save(scratch.resolve("model").toString());

    assertThat(other.trials().collectAsList()).isEqualTo(one.trials().collectAsList());
    PipelineModel third = PipelineModel.load(scratch.resolve("model").toString());
    assertThat(((StokerTunerModel) third.stages()[0]).trials().collectAsList())
        .isEqualTo(one.trials().collectAsList());
    assertThat(third.transform(images).orderBy("number").collectAsList()).isEqualTo(predicted);
  }

  @Test
  void hasTheParamsOfTheClassifierThatATrialCanHave() {
    Set<String> classifier = names(new StokerClassifier().params());
    Set<String> tuner = names(new StokerTuner().params());

    assertThat(classifier)
        .filteredOn(name -> !tuner.contains(name))
        .containsExactlyInAnyOrder(
            "layerRates",
            "quorum",
            "sliceBytes",
            "tensorboardDir",
            "validationInterval",
            "workBySpeed");
    assertThat(tuner)
        .filteredOn(name -> !classifier.contains(name))
        .containsExactlyInAnyOrder(
            "space", "trials", "sampler", "samplerSeed", "halving", "hyperband", "folds", "costs");
  }

  private static Set<String> names(Param<?>[] params) {
    return Stream.of(params).map(Param::name).collect(Collectors.toSet());
  }

  @Test
  void refusesWhatIsNoSearchInOneLine() throws IOException {
    Path file = Files.writeString(scratch.resolve("space.yaml"), "stepSize: {from: 1, to: 0.1}");

    refused(new StokerTuner().setValidationIndicatorCol("held"), "Missing space: set the param");
    refused(tuner(), "Missing validationIndicatorCol: trials are judged by rows");
    refused(judgedByRows().setFolds(2), "Invalid validationIndicatorCol: held with 2 folds");
    refused(tuner().setFolds(1), "Invalid folds: 1 (must be >= 2)");
    refused(tuner().setFolds(99), "Invalid folds: 99 (class");
    refused(tuner().setFolds(2).setEarlyStoppingRounds(1), "Invalid earlyStoppingRounds: 1 with");
    refused(judgedByRows().setSpace("stepsize: [1, 2]"), "unknown option 'stepsize'");
    refused(judgedByRows().setSpace("{stepSize: [1, 2]"), "Cannot read space: line 1");
    refused(judgedByRows().setSpace("stepSize: 0.1"), "no option varies");
    refused(judgedByRows().setSpace("{stepSize: [1, 2], learning_rate: 1}"), "is there twice");
    refused(judgedByRows().setSpace("stepSize: [0, 1]"), "invalid value 0 of 'stepSize'");
    refused(judgedByRows().setSpace("batchSize: [1.5, 2]"), "invalid value 1.5 of 'batchSize'");
    refused(judgedByRows().setSpace("overlap: [true, false]"), "'overlap' is no param of");
    refused(judgedByRows().setSpace("model: [a, b]"), "Unknown model");
    refused(judgedByRows().setSpace("metric: [accuracy, log-loss]"), "'metric' is not for a space");
    refused(judgedByRows().setSpace("nowhere.yaml"), "Cannot read space nowhere.yaml");
    refused(judgedByRows().setSpace(file.toString()), "the range of 'learning-rate' is empty");
    refused(judgedByRows().setCosts(new String[] {"heat"}), "Unknown cost");
  }

  private static void refused(StokerTuner tuner, String reason) {
    assertThatThrownBy(() -> tuner.fit(images))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(reason)
        .message()
        .doesNotContain("\n")
        .doesNotContain("--");
  }
}
