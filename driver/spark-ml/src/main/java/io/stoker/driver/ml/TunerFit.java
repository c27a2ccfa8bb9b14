// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Sha256;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrackingConfig;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.ValidationConfig;
import io.stoker.driver.job.ResolvedJob;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.search.Cost;
import io.stoker.driver.search.Sampler;
import io.stoker.driver.search.Standing;
import io.stoker.driver.search.Study;
import io.stoker.driver.search.StudyFolder;
import io.stoker.driver.search.StudyPlan;
import io.stoker.driver.search.TrialResult;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One fit of a {@link StokerTuner}: data frame to shards, and shards to a study. */
final class TunerFit {
  private static final Logger LOG = LoggerFactory.getLogger(TunerFit.class);

  private final StokerTuner tuner;
  private final Dataset<?> dataset;
  private final JavaSparkContext spark;
  private final Configuration hadoop;
  private final TunerTrials trials;

  TunerFit(StokerTuner tuner, Dataset<?> dataset) {
    this.tuner = tuner;
    this.dataset = dataset;
    this.spark = JavaSparkContext.fromSparkContext(dataset.sparkSession().sparkContext());
    this.hadoop = spark.hadoopConfiguration();
    this.trials = new TunerTrials(tuner, hadoop);
  }

  StokerTunerModel run() {
    checkValidation();
    StudyPlan asked = plan(trials.space());
    List<TrainingConfig> jobs = Study.check(asked, trials::job);
    ClassifierFit fit = new ClassifierFit(preparing(asked.space()), dataset);
    return fit.keepingJobGroup(
        () -> {
          ShardCache cache = ShardCache.of(spark, tuner.getCacheDir(), tuner.getCheckpointDir());
          ShardFolder shards = fit.shards(cache);
          StudyPlan plan = asked.with(shards.path().toString(), shards.manifestHash());
          ResolvedJob.check(jobs, shards.manifest(), hadoop);
          plan.requireFolds(shards.manifest());
          Path place = fit.place("study-" + identity(plan, fit, shards), cache);
          return fit.inTurn(place, () -> search(StudyFolder.at(place, hadoop), plan));
        });
  }

  private StokerTunerModel search(StudyFolder folder, StudyPlan plan) {
    Study study =
        new Study(spark, folder, plan, trials::job, () -> Slots.now(spark).count(), this::log);
    return model(folder, study.logTo(new TrackingConfig(tuner.getMlflowUri())).run());
  }

  private void checkValidation() {
    boolean marked = TrainingFrame.hasValidation(TunerTrials.classifier(tuner));
    Check.input(
        marked || tuner.getFolds() > 0,
        "Missing validationIndicatorCol: trials are judged by rows to validate on, or by folds");
    Check.input(
        !marked || tuner.getFolds() == 0,
        "Invalid validationIndicatorCol: %s with %d folds, which need no rows to validate on",
        marked ? tuner.getValidationIndicatorCol() : "",
        tuner.getFolds());
    Check.input(
        tuner.getFolds() == 0 || tuner.getEarlyStoppingRounds() == 0,
        "Invalid earlyStoppingRounds: %d with folds (the training of the best trial on all rows has"
            + " no validation)",
        tuner.getEarlyStoppingRounds());
  }

  /** A classifier that has a model, though the space may have several. */
  private StokerClassifier preparing(ObjectNode space) {
    JsonNode model = space.path("model");
    StokerClassifier classifier = TunerTrials.classifier(tuner);
    return classifier.setModel(model.isArray() ? model.get(0).asText() : model.asText());
  }

  private StudyPlan plan(ObjectNode space) {
    return new StudyPlan(
        "-",
        "-",
        TrainingParams.VALIDATION,
        tuner.getFolds(),
        space,
        tuner.getTrials(),
        space.path("epochs").asInt(tuner.getMaxIter()),
        tuner.getHalving(),
        tuner.getHyperband(),
        metric(),
        Arrays.stream(tuner.getCosts()).map(Cost::parse).toList(),
        Sampler.valueOf(tuner.getSampler().toUpperCase(Locale.ROOT)),
        tuner.getSamplerSeed(),
        0);
  }

  /** All trials are compared by one metric, so it does not depend on their options. */
  private SelectionMetric metric() {
    boolean balanced = !tuner.getClassWeights().isBlank() || tuner.getSampling().equals("balanced");
    SelectionMetric asked = SelectionMetric.parse(tuner.getMetric());
    return asked == SelectionMetric.AUTO && balanced
        ? SelectionMetric.BALANCED_ACCURACY
        : asked.ofBest();
  }

  /** A hash of everything that the study depends on: models, for one, by content. */
  private String identity(StudyPlan plan, ClassifierFit fit, ShardFolder shards) {
    StringBuilder all = new StringBuilder(plan.with("-", plan.dataSha256()).toString());
    for (ObjectNode options : plan.searchSpace().corners()) {
      options.put("data", "-").put("run", "-").put("validate-every", ValidationConfig.EPOCH);
      try {
        all.append(fit.identity(trials.job("space", options), shards));
      } catch (InputException e) {
        all.append(e.getMessage()); // Its trials will fail for that reason.
      }
    }
    return Sha256.hex(all.toString().getBytes(StandardCharsets.UTF_8))
        .substring(0, ClassifierFit.IDENTITY_DIGITS);
  }

  private void log(TrialResult result, Standing standing) {
    LOG.info(
        "Trial {}, {} epochs: {}; {} of {} results",
        result.trial(),
        result.epochs(),
        result.isDone() ? standing.plan().metric().text(result.value()) : result.reason(),
        standing.results().size(),
        standing.expected());
  }

  /**
   * The model of the best trial: the checkpoint that a fit of a classifier with its params returns.
   * With folds it is trained on all rows.
   */
  private StokerTunerModel model(StudyFolder folder, Standing standing) {
    TrialResult winner =
        standing
            .best()
            .orElseThrow(
                () ->
                    new InputException(
                        "All trials failed; the first: " + standing.firstFailure().orElse("none")));
    StudyPlan plan = standing.plan();
    String source = "trial " + winner.trial();
    ObjectNode recipe = standing.recipe(winner.trial());
    StokerClassifier classifier = trials.classifier(source, recipe);
    recipe.put("data", plan.data());
    recipe.put(
        "run",
        (plan.folds() == 0 ? folder.run(winner.trial()) : new Path(folder.path(), "best"))
            .toString());
    recipe.put("keep", 1);
    TrainingConfig job = trials.job(source, recipe);
    if (plan.folds() == 0) { // The run is complete, and its study has logged it.
      job = job.toBuilder().epochs(plan.epochs(winner)).set("mlflow", "").build();
    }
    ClassifierFit fit = new ClassifierFit(classifier, dataset);
    StokerModel best = fit.model(fit.train(job, RoundListeners.NONE));
    return new StokerTunerModel(
            tuner.uid(),
            best,
            folder.path().toString(),
            folder.tableFile().toString(),
            SpareFiles.NONE)
        .setParent(tuner);
  }
}
