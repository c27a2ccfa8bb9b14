// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.RunFolder;
import io.stoker.driver.cluster.Gang;
import io.stoker.driver.config.LocalSteps;
import io.stoker.driver.config.NormalizationSource;
import io.stoker.driver.config.Recipe;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.UpdaterState;
import io.stoker.driver.round.ExistingRun;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.driver.round.TrainingLog;
import io.stoker.failure.Check;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "train",
    header = "Trains a model by rounds of local steps and averaging.",
    customSynopsis =
        "./stoker [spark-submit option]... train --data URI --run URI --model NAME [option]...",
    description = {
      "",
      "The result depends on options, data and seed, and not on the number of executors or slots.",
      "An option that is given here overrides the recipe's (--recipe) or, with --resume, the"
          + " run's.",
      "An option that is given nowhere has its default."
    })
final class TrainCommand extends StokerCommand {
  @Spec private CommandSpec spec;

  @Option(names = "--data", paramLabel = "URI", description = "Shards, made by prepare.")
  private String data;

  @Option(names = "--run", paramLabel = "URI", description = "The run folder to create; a URI.")
  private String run;

  @Option(
      names = "--model",
      paramLabel = "NAME|FILE.yaml",
      description = "A model's name (see ./stoker models), or a YAML file.")
  private String model;

  @Option(
      names = "--classes",
      paramLabel = "N",
      description =
          "Fail unless the data has N classes. The model always has as many outputs as the data has"
              + " classes.")
  private Integer classes;

  @Option(
      names = "--recipe",
      paramLabel = "FILE.yaml",
      description = "A file with options as YAML, such as 'learning-rate: 0.05'.")
  private java.nio.file.Path recipe;

  @Option(
      names = "--workers",
      paramLabel = "W",
      description =
          "The number of logical workers, which is part of the job and does not depend on the"
              + " cluster (default: 2).")
  private Integer workers;

  @Option(
      names = "--batch",
      paramLabel = "B",
      description = "Examples per worker and step (default: 64).")
  private Integer batch;

  @Option(
      names = "--local-steps",
      paramLabel = "T",
      description = {
        "Steps of each worker between two averagings (default: 10).",
        "qsr:T:A takes max(T, (A / rate)^2) steps, with the learning rate at the beginning of each"
            + " epoch: the quadratic synchronization rule, for which workers are averaged less"
            + " often as the rate falls."
      })
  private String localSteps;

  @Option(
      names = "--epochs",
      paramLabel = "E",
      description = "Passes over the training data (default: 10).")
  private Integer epochs;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "The base learning rate (default: 0.01).")
  private Double learningRate;

  @Option(
      names = "--momentum",
      paramLabel = "X",
      description = "The momentum of SGD, 0 to below 1 (default: 0.9).")
  private Double momentum;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      description = "The factor of L2 regularization on weights (default: 0.0005).")
  private Double weightDecay;

  @Option(
      names = "--updater-state",
      paramLabel = "average|reset",
      description =
          "What happens to the workers' momentum after a round: average it, or reset it to zero"
              + " (default: average).")
  private UpdaterState updaterState;

  @Option(
      names = "--augment",
      paramLabel = "NAME",
      split = ",",
      description =
          "Augmentations in this order, such as shift=2,rotate=10; docs/data.md lists them"
              + " (default: none).")
  private List<String> augmentations;

  @Mixin private RecipeOptions recipeOptions;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The seed of everything random (default: 1).")
  private Long seed;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "ROUNDS",
      description =
          "Rounds between two checkpoints; there is also one after the last round (default: 20).")
  private Integer checkpointEvery;

  @Option(
      names = "--keep",
      paramLabel = "N",
      description = "The number of checkpoints to keep, the newest (default: 3).")
  private Integer keep;

  @Option(
      names = "--validate-every",
      paramLabel = "ROUNDS",
      description =
          "Write and evaluate a checkpoint every ROUNDS rounds, or at the end of each epoch with"
              + " -1. The best one is kept, and other commands use it for --checkpoint RUN"
              + " (default: 0, never).")
  private Integer validateEvery;

  @Option(
      names = "--validation-split",
      paramLabel = "NAME",
      description = "The split to validate on (default: validation).")
  private String validationSplit;

  @Option(
      names = "--patience",
      paramLabel = "N",
      description =
          "End early after N validations without a better one (default: 0, train to the last"
              + " epoch).")
  private Integer patience;

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      description =
          "By what validations are compared: accuracy, balanced-accuracy, macro-f1 or log-loss. It"
              + " decides which checkpoint is the best, --patience, and, where it is given,"
              + " --schedule plateau (default: accuracy; balanced-accuracy with --class-weights or"
              + " --sampling balanced).")
  private SelectionMetric metric;

  @Option(
      names = "--init",
      paramLabel = "CHECKPOINT",
      description =
          "Start from the parameters of a checkpoint. They are copied for each layer that has the"
              + " same shape at the same place; a model for other classes keeps its own last"
              + " layer.")
  private String init;

  @Option(
      names = "--freeze",
      paramLabel = "LAYER",
      description =
          "With --init: do not train this layer and those before it. LAYER is its number, or its"
              + " name in the list of ./stoker models MODEL.")
  private String freeze;

  @Option(
      names = "--normalization",
      paramLabel = "data|init",
      description =
          "Whose mean and deviation images are normalised by: the training data's, or, with --init,"
              + " the checkpoint's, which its first layers have learnt with (default: data).")
  private NormalizationSource normalization;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      description = "The engine that computes; doctor lists the engines (default: auto).")
  private String engine;

  @Mixin private ArithmeticOptions arithmetic;

  @Mixin private DeviceOption device;

  @Option(
      names = "--gang",
      description =
          "Train only while there is a slot for each worker (Spark's barrier mode): wait for slots"
              + " before a round, up to a minute, then end with exit code 4. Without this option,"
              + " workers take turns.")
  private boolean gang;

  @Mixin private MonitoringOptions watch;

  @Option(
      names = "--resume",
      description = "Continue from the newest valid checkpoint in the run folder.")
  private boolean resume;

  private final Resumption resumption = new Resumption();

  TrainCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    TrainingConfig config = config();
    if (verbose() && !console().messagesOnTerminal()) {
      Configurator.setLevel(TrainingLog.class.getName(), Level.DEBUG); // a line of every round
    }
    ExistingRun existing = resume ? ExistingRun.RESUME : ExistingRun.REFUSE;
    try (TrainingListeners watching = watch.start(config, existing, console());
        JavaSparkContext spark = SparkSetup.start("train " + config.model(), sparkOptions())) {
      requireClasses(config.data().uri(), spark.hadoopConfiguration());
      TrainResult result =
          TrainJob.run(
              spark,
              config,
              existing,
              watching.listeners().and(RoundListeners.observing(resumption)));
      return report(result);
    }
  }

  private void requireClasses(String uri, Configuration hadoop) {
    if (classes == null) {
      return;
    }
    int present = ShardFolder.open(Locations.absolute(uri, hadoop), hadoop).manifest().classes();
    Check.input(
        classes == present,
        "Invalid classes: %d, but the data at %s has %d (leave --classes out, or prepare the data"
            + " again)",
        classes,
        uri,
        present);
  }

  private Map<String, String> sparkOptions() {
    Map<String, String> options = new HashMap<>(device.configuration());
    if (gang) {
      options.putAll(Gang.CONFIGURATION);
    }
    return options;
  }

  @Override
  String whenStopped() {
    return resumption.text();
  }

  /** The values of the recipe, or of the run that is resumed, changed by the options given. */
  TrainingConfig config() {
    TrainingConfig.Builder builder = beginning();
    OptionalValue.setIfPresent(data, builder::data);
    OptionalValue.setIfPresent(run, builder::run);
    OptionalValue.setIfPresent(model, builder::model);
    OptionalValue.setIfPresent(workers, builder::workers);
    OptionalValue.setIfPresent(batch, builder::batch);
    OptionalValue.setIfPresent(localSteps, text -> builder.localSteps(LocalSteps.parse(text)));
    OptionalValue.setIfPresent(epochs, builder::epochs);
    OptionalValue.setIfPresent(learningRate, builder::learningRate);
    OptionalValue.setIfPresent(momentum, builder::momentum);
    OptionalValue.setIfPresent(weightDecay, builder::weightDecay);
    OptionalValue.setIfPresent(updaterState, builder::updaterState);
    OptionalValue.setIfPresent(augmentations, builder::augmentations);
    OptionalValue.setIfPresent(seed, builder::seed);
    OptionalValue.setIfPresent(checkpointEvery, builder::checkpointEvery);
    OptionalValue.setIfPresent(keep, builder::keep);
    OptionalValue.setIfPresent(validateEvery, builder::validateEvery);
    OptionalValue.setIfPresent(validationSplit, builder::validationSplit);
    OptionalValue.setIfPresent(patience, builder::patience);
    OptionalValue.setIfPresent(metric, builder::metric);
    OptionalValue.setIfPresent(init, builder::init);
    OptionalValue.setIfPresent(freeze, builder::freeze);
    OptionalValue.setIfPresent(normalization, builder::normalization);
    OptionalValue.setIfPresent(engine, builder::engine);
    OptionalValue.setIfPresent(arithmetic.precision, builder::precision);
    OptionalValue.setIfPresent(arithmetic.convolution, builder::convolution);
    return watch.over(recipeOptions.over(builder.build()));
  }

  private TrainingConfig.Builder beginning() {
    if (recipe != null) {
      Recipe read = Recipe.read(recipe, RecipeValues.names(spec));
      RecipeValues.apply(read, spec, new TrainCommand(console()));
      return read.config();
    }
    if (!resume || run == null) {
      return TrainingConfig.builder();
    }
    Configuration hadoop = SparkSetup.hadoop();
    Path folder = Locations.absolute(run, hadoop);
    return RunFolder.at(folder, hadoop).job().config().toBuilder();
  }

  static Report report(TrainResult result) {
    boolean trained = result.examples() > 0;
    ObjectNode json = Report.object(result);
    if (!trained) {
      json.putNull("loss").putNull("accuracy");
    }
    json.put("seconds", result.seconds().total());
    json.set("seconds_by_phase", Report.object(result.seconds()));
    Table table =
        new Table()
            .row("run", SparkSetup.plain(result.run()))
            .row("checkpoint", SparkSetup.plain(result.checkpoint()))
            .row(
                "rounds",
                String.format(Locale.ROOT, "%d (%d epochs)", result.rounds(), result.epochs()))
            .row(
                "training",
                trained
                    ? String.format(
                        Locale.ROOT,
                        "loss %.4f, accuracy %.2f %% in the last round",
                        result.loss(),
                        100 * result.accuracy())
                    : "nothing left to do");
    result
        .earlyStop()
        .ifPresent(
            stop -> {
              table.row("ended early", stop.reason());
              json.put("stop_reason", stop.reason());
            });
    if (trained) {
      table.row(
          "speed",
          String.format(
              Locale.ROOT,
              "%,.0f images/s, %.1f s in all; %,.0f images/s in the median round",
              result.imagesPerSecond(),
              result.seconds().total(),
              result.medianImagesPerSecond()));
    }
    table.row("parameters", "SHA-256 " + result.parametersSha256());
    result
        .best()
        .ifPresent(
            best -> {
              table.row(
                  "best checkpoint",
                  String.format(
                      Locale.ROOT,
                      "%s, %s on %s",
                      SparkSetup.plain(best.checkpoint()),
                      best.metric().text(best.validation().value(best.metric())),
                      best.validation().split()));
              json.put("best_checkpoint", best.checkpoint());
              json.put("metric", best.metric().toString());
              json.set("best_validation", Report.object(best.validation()));
            });
    return new Report(table.toString(), json);
  }
}
