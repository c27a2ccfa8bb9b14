// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Limits;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.config.Preset;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrackingConfig;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.job.OptionAdvice;
import io.stoker.driver.job.ResolvedJob;
import io.stoker.driver.job.ValidationAdvice;
import io.stoker.driver.report.ChartPage;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.search.Cost;
import io.stoker.driver.search.Sampler;
import io.stoker.driver.search.SearchSpace;
import io.stoker.driver.search.Standing;
import io.stoker.driver.search.Study;
import io.stoker.driver.search.StudyFolder;
import io.stoker.driver.search.StudyPlan;
import io.stoker.driver.search.TrialResult;
import io.stoker.failure.Check;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "tune",
    header = "Searches for the best options of train: trials side by side on the cluster.",
    customSynopsis = {
      "./stoker [spark-submit option]... tune --data URI --space FILE.yaml|--preset NAME --study"
          + " URI [option]...",
      "./stoker [spark-submit option]... tune --study URI --resume|--best"
    },
    description = {
      "",
      "A space is options of train: 'learning-rate: {from: 0.001, to: 0.5, scale: log}' for a"
          + " range, 'model: [resnet-mini, lenet5]' for a choice, 'epochs: 9' for what all trials"
          + " share.",
      "By successive halving, all trials train a few epochs and one in three goes on to three times"
          + " as many, up to the epochs of the space. The winner has the parameters of an"
          + " undisturbed run. The same space, seed and data give the same winner on any number of"
          + " slots, and after the study was killed and resumed."
    })
final class TuneCommand extends StokerCommand {
  private static final String PAGE = "study.html";

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "URI",
      description = "Shards, with a split to validate on unless there are --folds; a URI.")
  private String data;

  @Option(
      names = "--space",
      paramLabel = "FILE.yaml",
      description = "The options to vary, and those that all trials share.")
  private java.nio.file.Path space;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description =
          "Search around a preset, in the options that it says to vary; those of --space win.")
  private String preset;

  @Option(
      names = "--study",
      paramLabel = "URI",
      required = true,
      description = "The study folder to create; a URI.")
  private String study;

  @Option(
      names = "--trials",
      paramLabel = "N",
      defaultValue = "16",
      description = "How many trials (default: ${DEFAULT-VALUE}).")
  private int trials;

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      description =
          "What is to be best on the validation split: accuracy, balanced-accuracy, macro-f1 or"
              + " log-loss (default: accuracy; balanced-accuracy where the space has class weights"
              + " or balanced sampling).")
  private String metric;

  @Option(
      names = "--cost",
      paramLabel = "NAME",
      split = ",",
      description =
          "What is to be small in addition: parameters, inference-time (measured). The result is a"
              + " Pareto front.")
  private List<String> costs = List.of();

  @Option(
      names = "--validation-split",
      paramLabel = "NAME",
      defaultValue = "validation",
      description = "The split to validate on (default: ${DEFAULT-VALUE}).")
  private String split;

  @Option(
      names = "--folds",
      paramLabel = "K",
      description =
          "Train each trial K times, without one of K parts of the split train, and validate on"
              + " that part: the mean counts.")
  private Integer folds;

  @Option(
      names = "--sampler",
      paramLabel = "random|sobol|tpe",
      defaultValue = "tpe",
      description =
          "Where trials are: random, evenly spread, or where earlier trials were good (default:"
              + " ${DEFAULT-VALUE}).")
  private Sampler sampler;

  @Option(
      names = "--halving",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "One in N trials goes on to N times the epochs; 1 to train all whole (default:"
              + " ${DEFAULT-VALUE}).")
  private int halving;

  @Option(
      names = "--hyperband",
      description =
          "Divide the trials into brackets: the first begins with the fewest epochs that its"
              + " number of trials allows, the last trains all whole.")
  private boolean hyperband;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "The seed of the sampler (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--at-once",
      paramLabel = "N",
      description =
          "With tpe, a trial depends on the results of trials at least N before it, so N can run"
              + " side by side (default: 5, of more than 40 trials an eighth).")
  private Integer atOnce;

  @Option(
      names = "--most-slots",
      paramLabel = "N",
      description = "Use at most N slots at the same time, for whole trials (default: all).")
  private Integer mostSlots;

  @Option(
      names = "--mlflow",
      paramLabel = "URI",
      defaultValue = "",
      description =
          "Also log to this MLflow tracking server: a run for the study, and one below it for each"
              + " trial. Say it again with --resume.")
  private String mlflow;

  @Option(names = "--resume", description = "Go on with the study that is there.")
  private boolean resume;

  @Option(
      names = "--best",
      description = "Print the train command of the best trial, and write its recipe.")
  private boolean best;

  TuneCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    Configuration hadoop = SparkSetup.hadoop();
    StudyFolder folder = folder(hadoop);
    if (best) {
      asked(folder.plan());
      return StudyReport.of(Standing.of(folder), folder);
    }
    int most = Optional.ofNullable(mostSlots).orElse(Integer.MAX_VALUE);
    Limits.atLeast("--most-slots", most, 1);
    TrackingConfig tracking = new TrackingConfig(mlflow);
    StudyPlan plan = resume ? resumed(folder, hadoop) : begun(folder, hadoop);
    if (mostSlots != null) {
      requireSlots(most, plan);
    }
    if (!verbose()) {
      Configurator.setLevel(TrainJob.class.getPackageName(), Level.WARN);
      Configurator.setLevel(ExistingRun.class.getPackageName(), Level.WARN);
    }
    Configurator.setLevel(ValidationAdvice.class.getName(), Level.ERROR); // Said once, here.
    Configurator.setLevel(OptionAdvice.class.getName(), Level.ERROR); // One may depend on another.
    try (JavaSparkContext spark = SparkSetup.start("tune")) {
      IntSupplier slots = () -> Math.min(most, Slots.now(spark).count());
      Study search = new Study(spark, folder, plan, this::job, slots, this::show).logTo(tracking);
      if (!resume) {
        ValidationAdvice.of(plan.split(), "trial")
            .ifPresent(line -> console().say("warning: " + line));
      }
      Standing standing = search.run();
      writePage(standing);
      return StudyReport.of(standing, folder);
    }
  }

  private void requireSlots(int most, StudyPlan plan) {
    for (TrainingConfig trial : Study.check(plan, this::job)) {
      Check.input(
          trial.rounds().workers() <= most,
          "Cannot tune with --most-slots %d: a trial has %d workers (more slots, or workers: 1 in the"
              + " space)",
          most,
          trial.rounds().workers());
    }
  }

  @Override
  protected String whenStopped() {
    return "; what is done is kept: ./stoker tune --study %s --resume goes on".formatted(study);
  }

  private StudyPlan begun(StudyFolder folder, Configuration hadoop) {
    Check.input(data != null, "Missing data: say --data URI");
    Check.input(
        space != null || preset != null,
        "Missing space: say --space FILE.yaml, or --preset NAME to search around a preset");
    StudyPlan plan = plan(Locations.absolute(data, hadoop).toString(), hadoop);
    folder.refuseExisting();
    return plan;
  }

  private StudyPlan plan(String uri, Configuration hadoop) {
    ShardFolder shards = ShardFolder.open(Locations.absolute(uri, hadoop), hadoop);
    if (atOnce != null) {
      Limits.atLeast("--at-once", atOnce, 1);
    }
    if (folds != null) {
      Limits.atLeast("--folds", folds, 2);
      Check.input(
          !isGiven("--validation-split"),
          "Invalid --validation-split: %s with --folds, which validates on parts of the split"
              + " train",
          split);
    }
    Check.input(
        folds != null || shards.manifest().hasSplit(split),
        "Cannot tune: the data at %s have no split '%s' (prepare --split-train validation=0.1 takes"
            + " one out of train, --folds 5 needs none)",
        Locations.plain(uri),
        split);
    Optional.ofNullable(preset)
        .ifPresent(name -> Preset.named(name).requireFit(shards.manifest().image()));
    ObjectNode tree = space();
    StudyPlan plan =
        new StudyPlan(
            uri,
            shards.manifestHash(),
            split,
            Optional.ofNullable(folds).orElse(0),
            tree,
            trials,
            epochs(tree),
            halving,
            hyperband,
            askedMetric(),
            costs.stream().map(Cost::parse).toList(),
            sampler,
            seed,
            Optional.ofNullable(atOnce).orElse(0));
    plan.requireFolds(shards.manifest());
    List<TrainingConfig> corners = Study.check(plan, this::job);
    ResolvedJob.check(corners, shards.manifest(), hadoop);
    return plan.with(metric(plan.metric(), corners));
  }

  private SelectionMetric askedMetric() {
    return metric == null ? SelectionMetric.AUTO : SelectionMetric.parse(metric);
  }

  /** All trials are compared by one metric, so it does not depend on which of them has weights. */
  private SelectionMetric metric(SelectionMetric asked, List<TrainingConfig> corners) {
    boolean balanced = corners.stream().anyMatch(TrainingConfig::balancesClasses);
    if (asked == SelectionMetric.AUTO && balanced) {
      console()
          .say(
              "The best trial is that with the best balanced accuracy, because classes are balanced"
                  + " (--metric accuracy takes the accuracy)");
      return SelectionMetric.BALANCED_ACCURACY;
    }
    return asked.ofBest();
  }

  private ObjectNode space() {
    Optional<Preset> named = Optional.ofNullable(preset).map(Preset::named);
    return space == null
        ? SearchSpace.around(named.orElseThrow(), Report.object())
        : SearchSpace.read(space, named);
  }

  private static int epochs(ObjectNode space) {
    return space
        .path("epochs")
        .asInt(Integer.parseInt(TrainingOption.named("epochs").defaultText()));
  }

  private StudyPlan resumed(StudyFolder folder, Configuration hadoop) {
    StudyPlan recorded = asked(folder.plan());
    String uri = data == null ? recorded.data() : Locations.absolute(data, hadoop).toString();
    String hash = ShardFolder.open(Locations.absolute(uri, hadoop), hadoop).manifestHash();
    StudyPlan now = recorded.with(uri, hash);
    requireSame(now, recorded);
    return now;
  }

  /** A study that is there, if options that are given here do not differ from it. */
  private StudyPlan asked(StudyPlan recorded) {
    boolean same = space == null && preset == null;
    ObjectNode tree = same ? recorded.space() : space();
    StudyPlan here =
        new StudyPlan(
            recorded.data(),
            recorded.dataSha256(),
            given("--validation-split", split, recorded.split()),
            given("--folds", folds, recorded.folds()),
            tree,
            given("--trials", trials, recorded.trials()),
            same ? recorded.epochs() : epochs(tree),
            given("--halving", halving, recorded.factor()),
            given("--hyperband", hyperband, recorded.hyperband()),
            given("--metric", askedMetric(), recorded.metric()),
            given("--cost", costs.stream().map(Cost::parse).toList(), recorded.costs()),
            given("--sampler", sampler, recorded.sampler()),
            given("--seed", seed, recorded.seed()),
            given("--at-once", atOnce, recorded.atOnce()));
    requireSame(here, recorded);
    return recorded;
  }

  private <T> T given(String option, T value, T recorded) {
    return isGiven(option) ? value : recorded;
  }

  private boolean isGiven(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private void requireSame(StudyPlan here, StudyPlan recorded) {
    List<String> differences = here.differences(recorded);
    Check.input(
        differences.isEmpty(),
        "Cannot %s study %s, which is another one: %s",
        best ? "show the best of" : "resume",
        study,
        String.join("; ", differences));
  }

  /** A job of options, as train makes it of a recipe. */
  private TrainingConfig job(String source, ObjectNode options) {
    return new TrainCommand(console()).job(source, options);
  }

  private void show(TrialResult result, Standing standing) {
    console().say(new StudyText(standing).line(result));
    if (standing.running() == 0) {
      writePage(standing);
    }
  }

  /** A page that cannot be written is not the end of a study; {@code report} makes it again. */
  private void writePage(Standing standing) {
    StudyFolder folder = folder(SparkSetup.hadoop());
    try {
      folder.write(PAGE, ChartPage.of(StudyPage.of(folder, standing)));
    } catch (RuntimeException e) {
      console().say("warning: cannot write %s: %s".formatted(PAGE, e.getMessage()));
    }
  }

  private StudyFolder folder(Configuration hadoop) {
    return StudyFolder.at(Locations.absolute(study, hadoop), hadoop);
  }
}
