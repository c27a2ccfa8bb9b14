// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.stoker.base.Table;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.cluster.Gang;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.command.TrainingOptions;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.config.Preset;
import io.stoker.driver.config.Recipe;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.job.ResolvedJob;
import io.stoker.driver.round.RateRange;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.driver.round.TrainingLog;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.search.LearningRateFinder;
import io.stoker.driver.search.RateCurve;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "train",
    header = "Trains a model by rounds of local steps and averaging.",
    customSynopsis =
        "./stoker [spark-submit option]... train --data URI --run URI [--model NAME|--preset NAME]"
            + " [option]...",
    description = {
      "",
      "The result depends on options, data and seed, and not on the number of executors or slots.",
      "An option that is given here overrides the recipe's (--recipe), the preset's"
          + " (--preset) or, with --resume, the run's.",
      "An option that is given nowhere has its default."
    })
class TrainCommand extends StokerCommand {
  private static final String ANY_MODEL = "lenet5";
  private static final int ANY_CLASSES = 10;

  private CommandSpec spec;
  private TrainingOptions options;

  /** What the recipe says of the preparation, by the names of options of {@code prepare}. */
  private Map<String, JsonNode> preparation = Map.of();

  /** The preset that was asked for or chosen, if there is one. */
  private Optional<Preset> preset = Optional.empty();

  /** The shards that are made of raw images, if there are any. */
  private Optional<InputShards> shards = Optional.empty();

  /** Whether the images decide on the model when they are prepared. */
  private boolean choosesLater;

  private final Resumption resumption = new Resumption();

  TrainCommand(Console console) {
    super(console);
  }

  /** Its options are those of the table. */
  @Spec
  void addOptions(CommandSpec command) {
    spec = command;
    options = TrainingOptions.addAll(command, hidden());
  }

  /** The run folder of a command that needs none; empty if the user has to say it. */
  String placeholderRun() {
    return "";
  }

  /** Options that the help leaves out. */
  Set<String> hidden() {
    return Set.of();
  }

  CommandSpec spec() {
    return spec;
  }

  @Override
  protected Report execute() {
    TrainingConfig config = config();
    if (!choosesLater) {
      config.requireEpochs();
    }
    if (verbose() && !console().messagesOnTerminal()) {
      Configurator.setLevel(TrainingLog.class.getName(), Level.DEBUG); // a line of every round
    }
    ExistingRun existing = options.isSet("resume") ? ExistingRun.RESUME : ExistingRun.REFUSE;
    try (TrainingListeners watching =
            MonitoringOptions.start(options, config, existing, console());
        JavaSparkContext spark = SparkSetup.start("train " + config.model(), sparkOptions())) {
      clock().end("start Spark");
      Configuration hadoop = spark.hadoopConfiguration();
      if (shards.isPresent()) {
        shards
            .get()
            .make(
                config.data().uri(),
                spark,
                clock(),
                () -> checkWithoutData(spark, config, existing));
        preset.ifPresent(fit -> fit.requireFit(data(config.data().uri(), hadoop).image()));
      }
      requireClasses(config.data().uri(), hadoop);
      TrainingConfig job = choosesLater ? chosenNow(config, hadoop) : config;
      job.requireEpochs();
      TrainResult result =
          TrainJob.run(
              spark,
              withRate(job, existing, spark),
              existing,
              options.given("replay"),
              watching
                  .listeners()
                  .and(
                      RoundListeners.observing(
                          resumption,
                          new TrainingPhases(clock()),
                          advice(job.data().uri(), hadoop))));
      return report(result);
    }
  }

  /**
   * Before images are prepared, which may take hours. A run that is resumed needs neither the file
   * of its model nor that of its beginning.
   */
  private void checkWithoutData(
      JavaSparkContext spark, TrainingConfig config, ExistingRun existing) {
    if (existing != ExistingRun.RESUME) {
      String model = choosesLater ? ANY_MODEL : config.model();
      ResolvedJob.checkWithoutData(
          spark, config, ModelReference.sized(model, OptionalInt.empty(), ANY_CLASSES));
    }
  }

  /** A run that is resumed has its rate. */
  private TrainingConfig withRate(
      TrainingConfig config, ExistingRun existing, JavaSparkContext spark) {
    if (!options.isWord("learning-rate") || existing == ExistingRun.RESUME) {
      return config;
    }
    Configuration hadoop = spark.hadoopConfiguration();
    RunFolder.at(Locations.absolute(config.run(), hadoop), hadoop).refuseExisting();
    RateRange range = LearningRateFinder.range(config);
    double rate = LearningRateFinder.find(spark, config, range).suggestion();
    console().say(Line.of("learning rate: %s (%s)", rate, RateCurve.RULE));
    clock().end("find the learning rate");
    return config.toBuilder().learningRate(rate).build();
  }

  final void requireClasses(String uri, Configuration hadoop) {
    Optional<Integer> classes = options.given("classes");
    if (classes.isEmpty()) {
      return;
    }
    int present = data(uri, hadoop).classes();
    Check.input(
        classes.get() == present,
        "Invalid classes: %d, but the data at %s has %d (leave --classes out, or prepare the data"
            + " again)",
        classes.get(),
        uri,
        present);
  }

  final Map<String, String> sparkOptions() {
    Map<String, String> configuration = new HashMap<>(DeviceOption.configuration(options));
    if (options.isSet("gang")) {
      configuration.putAll(Gang.CONFIGURATION);
    }
    return configuration;
  }

  @Override
  protected boolean timing() {
    return options.isSet("timing");
  }

  @Override
  protected String whenStopped() {
    return resumption.text();
  }

  /** Whether the options ask for shards of raw images. */
  final boolean makesShards() {
    return shards.isPresent();
  }

  /** The values of the recipe, or of the run that is resumed, changed by the options given. */
  TrainingConfig config() {
    TrainingConfig.Builder builder = beginning();
    if (value("run", builder).isBlank()) {
      builder.run(placeholderRun());
    }
    shards = shards();
    if (shards.isPresent() && value("data", builder).isBlank()) {
      String run = value("run", builder);
      builder.data(run.isBlank() ? "shards" : shards.get().besides(run)); // a run is missed later
    }
    TrainingConfig config = options.over(builder);
    Check.input(
        choosesLater
            || options.given("validation-split").isEmpty()
            || config.validation().isOn()
            || config.validation().calibrate(),
        "Invalid validation split: %s without validation (say --validate-every ROUNDS)",
        config.validation().split());
    return config;
  }

  /** The job of options as a recipe has them, of a command that was given none itself. */
  TrainingConfig job(String source, ObjectNode values) {
    new CommandLine(this).parseArgs();
    Recipe recipe = Recipe.of(source, values, RecipeValues.names(spec));
    RecipeValues.apply(recipe, spec, new TrainCommand(console()));
    Check.input(
        !options.isWord("learning-rate"), "Cannot use %s: a trial has a rate of its own", source);
    TrainingConfig job = options.over(recipe.config());
    job.requireEpochs();
    return job;
  }

  private String value(String name, TrainingConfig.Builder builder) {
    return options.<String>given(name).orElseGet(() -> builder.value(name).toString());
  }

  /** Options that are given here override those of the recipe's part {@code prepare}. */
  private Optional<InputShards> shards() {
    Map<String, JsonNode> values = new TreeMap<>(preparation);
    for (String name : List.of("input", "format")) {
      options.<String>given(name).ifPresent(value -> values.put(name, TextNode.valueOf(value)));
    }
    Check.input(
        values.isEmpty() || values.containsKey("input"),
        "--format and the recipe's part 'prepare' need --input, the raw images");
    return values.isEmpty()
        ? Optional.empty()
        : Optional.of(
            InputShards.of(values, options.<String>given("recipe").orElse("--input"), console()));
  }

  private TrainingConfig.Builder beginning() {
    Optional<String> recipe = options.given("recipe");
    Optional<String> named = options.given("preset");
    Check.input(
        recipe.isEmpty() || named.isEmpty(),
        "Either --recipe or --preset: a preset is a recipe (./stoker presets NAME prints it, to be"
            + " changed in a file)");
    if (recipe.isPresent()) {
      return said(Recipe.read(java.nio.file.Path.of(recipe.get()), RecipeValues.names(spec)));
    }
    if (named.isPresent()) {
      Preset asked = Preset.named(named.get());
      asked.requireNeeds(option -> options.given(option).isPresent(), "--%s");
      if (options.given("data").isPresent() && options.given("input").isEmpty()) {
        asked.requireFit(given().image());
      }
      return said(asked);
    }
    Optional<String> run = options.given("run");
    if (options.given("replay").isPresent() && !options.isSet("resume")) {
      return recorded(options.<String>given("replay").get());
    }
    if (!options.isSet("resume") || run.isEmpty()) {
      boolean choose =
          options.given("model").isEmpty() && options.given("init").isEmpty() && run.isPresent();
      choosesLater = choose && options.given("input").isPresent();
      if (choosesLater) {
        return TrainingConfig.builder().model("chosen by the images");
      }
      return choose && options.given("data").isPresent()
          ? chosen(given())
          : TrainingConfig.builder();
    }
    Configuration hadoop = SparkSetup.hadoop();
    Path folder = Locations.absolute(run.get(), hadoop);
    return RunFolder.at(folder, hadoop).job().config().toBuilder();
  }

  /** The job of a run that is to be trained again elsewhere. */
  private static TrainingConfig.Builder recorded(String run) {
    Configuration hadoop = SparkSetup.hadoop();
    return RunFolder.at(Locations.absolute(run, hadoop), hadoop)
        .recorded()
        .job()
        .config()
        .toBuilder()
        .set("run", "");
  }

  /** A builder with what a recipe says; options that are not of a job are set on the command. */
  private TrainingConfig.Builder said(Recipe recipe) {
    preparation = recipe.preparation();
    RecipeValues.apply(recipe, spec, new TrainCommand(console()));
    return recipe.config();
  }

  private TrainingConfig.Builder said(Preset taken) {
    preset = Optional.of(taken);
    return said(taken.recipe(RecipeValues.names(spec)));
  }

  /** What is said of a named preset, which is taken as it is, when training begins. */
  private RoundListener advice(String uri, Configuration hadoop) {
    return options
        .<String>given("preset")
        .filter(name -> options.given("epochs").isEmpty())
        .<RoundListener>map(
            name -> new PresetAdvice(Preset.named(name), samples(data(uri, hadoop)), console()))
        .orElse(RoundListener.NONE);
  }

  private static long samples(ShardManifest data) {
    return data.hasSplit("train") ? data.split("train").samples() : 0;
  }

  private ShardManifest given() {
    return data(options.<String>given("data").orElseThrow(), SparkSetup.hadoop());
  }

  private static ShardManifest data(String uri, Configuration hadoop) {
    return ShardFolder.open(Locations.absolute(uri, hadoop), hadoop).manifest();
  }

  /** The job with the preset that fits the shards, which are there now. */
  private TrainingConfig chosenNow(TrainingConfig waiting, Configuration hadoop) {
    return options.over(
        chosen(data(waiting.data().uri(), hadoop)).data(waiting.data().uri()).run(waiting.run()));
  }

  /** The preset for images of the data's shape, with epochs for their number. */
  private TrainingConfig.Builder chosen(ShardManifest data) {
    String shape = Line.of("%d x %d", data.image().height(), data.image().width());
    Preset fitting =
        Preset.choose(data.image())
            .orElseThrow(
                () ->
                    new InputException(
                        "Missing model: no preset is for images of %s; say --model NAME (stoker models lists them)"
                            .formatted(shape)));
    long samples = samples(data);
    TrainingConfig.Builder builder = said(fitting).epochs(fitting.epochs(samples));
    console()
        .say(
            Line.of(
                "Without a model or a preset: --preset %s --epochs %d, because the images are %s"
                    + " and %,d are trained on (./stoker presets lists others)",
                fitting.name(),
                options.<Integer>given("epochs").orElse(fitting.epochs(samples)),
                shape,
                samples));
    return builder;
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
            .row("run", Locations.plain(result.run()))
            .row("checkpoint", Locations.plain(result.checkpoint()))
            .row("rounds", Line.of("%d (%d epochs)", result.rounds(), result.epochs()))
            .row(
                "training",
                trained
                    ? Line.of(
                        "loss %.4f, accuracy %.2f %% in the last round",
                        result.loss(), 100 * result.accuracy())
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
          Line.of(
              "%,.0f images/s, %.1f s in all; %,.0f images/s in the median round",
              result.imagesPerSecond(), result.seconds().total(), result.medianImagesPerSecond()));
    }
    table.row("parameters", "SHA-256 " + result.parametersSha256());
    result
        .best()
        .ifPresent(
            best -> {
              table.row(
                  "best checkpoint",
                  Line.of(
                      "%s, %s on %s",
                      Locations.plain(best.checkpoint()),
                      best.metric().text(best.validation().value(best.metric())),
                      best.validation().split()));
              json.put("best_checkpoint", best.checkpoint());
              json.put("metric", best.metric().toString());
              json.set("best_validation", Report.object(best.validation()));
            });
    return new Report(table.toString(), json);
  }
}
