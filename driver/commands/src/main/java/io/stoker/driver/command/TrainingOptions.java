// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.driver.config.ClassWeighting;
import io.stoker.driver.config.ClassWeightsFile;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.TrainingOption;
import io.stoker.failure.Check;
import io.stoker.failure.Suggestion;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/** Options of the table, {@link TrainingOption}, on a command. */
public final class TrainingOptions {
  private final CommandSpec command;

  /**
   * Options on a command.
   *
   * @param command which has them
   */
  private TrainingOptions(CommandSpec command) {
    this.command = command;
  }

  /**
   * Adds all options of {@code train}, in the order of the table.
   *
   * @param hidden the names of those that the help leaves out
   */
  public static TrainingOptions addAll(CommandSpec command, Set<String> hidden) {
    for (TrainingOption option : TrainingOption.ofCommand()) {
      command.addOption(spec(option).hidden(hidden.contains(option.name())).build());
    }
    return new TrainingOptions(command);
  }

  /**
   * Adds some options.
   *
   * @param order of the first of them in the help
   */
  public static TrainingOptions add(CommandSpec command, int order, String... names) {
    for (int i = 0; i < names.length; i++) {
      command.addOption(spec(TrainingOption.named(names[i])).order(order + i).build());
    }
    return new TrainingOptions(command);
  }

  private static OptionSpec.Builder spec(TrainingOption option) {
    OptionSpec.Builder spec =
        OptionSpec.builder("--" + option.name())
            .description(option.help().toArray(String[]::new))
            .paramLabel(option.label());
    option.fallback().ifPresent(value -> spec.arity("0..1").fallbackValue(value));
    return switch (option.type()) {
      case "int" -> spec.type(Integer.class);
      case "long" -> spec.type(Long.class);
      case "double" ->
          option.word().isEmpty()
              ? spec.type(Double.class)
              : spec.type(Double.class).converters(NumberOptions.orWord(option.word()));
      case "flag" -> spec.type(Boolean.class);
      case "list" -> spec.type(List.class).auxiliaryTypes(String.class).splitRegex(",");
      case "choice", "schedule" -> spec.type(String.class).converters(oneOf(option.choices()));
      default -> spec.type(String.class);
    };
  }

  private static ITypeConverter<String> oneOf(List<String> choices) {
    return value ->
        choices.stream()
            .filter(value::equalsIgnoreCase)
            .findFirst()
            .orElseThrow(
                () ->
                    new TypeConversionException(
                        "expected one of %s but was '%s'%s"
                            .formatted(
                                String.join(", ", choices),
                                value,
                                Suggestion.nearest(value, choices)
                                    .map("; did you mean '%s'?"::formatted)
                                    .orElse(""))));
  }

  /**
   * The value of an option, if it was given.
   *
   * @param name without hyphens before it
   */
  public <T> Optional<T> given(String name) {
    return Optional.ofNullable(command.findOption("--" + name).getValue());
  }

  /** Whether a flag was given. */
  public boolean isSet(String name) {
    return this.<Boolean>given(name).orElse(false);
  }

  /** Whether an option was given the word that stands in place of its number. */
  public boolean isWord(String name) {
    return given(name).filter(NumberOptions.WORD::equals).isPresent();
  }

  /** A config with the values that were given here. */
  public TrainingConfig over(TrainingConfig.Builder builder) {
    for (TrainingOption option : TrainingOption.ofCommand()) {
      if (option.isOfJob() && !option.type().equals("schedule") && !isWord(option.name())) {
        given(option.name()).ifPresent(value -> builder.set(option.key(), value(option, value)));
      }
    }
    TrainingConfig config = builder.build();
    int overlapSteps = config.averaging().overlapSteps();
    Check.input(
        this.<Boolean>given("overlap").orElse(true) || overlapSteps == 0,
        "Invalid overlap: false, with %d overlap steps (say --overlap-steps 0, or leave overlap"
            + " out)",
        overlapSteps);
    if (isSet("overlap") && given("overlap-steps").isEmpty() && overlapSteps == 0) {
      builder.set("overlap_steps", Math.max(1, config.rounds().localSteps().least() / 2));
    }
    return builder
        .schedule(schedule(config.optimizer().schedule(), config.rounds().epochs()))
        .build();
  }

  /** The warm-up of a recipe's schedule; the rise of one cycle is none. */
  private static double warmUpOf(LearningRateSchedule recipe) {
    return recipe instanceof LearningRateSchedule.OneCycle ? 0 : recipe.warmUpEpochs();
  }

  private static Object value(TrainingOption option, Object given) {
    if (!option.type().equals("class-weights")) {
      return given;
    }
    return given.equals(ClassWeighting.BALANCED)
        ? new ClassWeighting.Balanced()
        : ClassWeightsFile.read(Path.of(given.toString()));
  }

  private LearningRateSchedule schedule(LearningRateSchedule recipe, int epochs) {
    Optional<String> name = given("schedule");
    Optional<Double> every = given("rate-epochs");
    Optional<Double> factor = given("rate-factor");
    Optional<Double> warmUp = given("warm-up");
    Check.input(
        name.filter(LearningRateSchedule::counts).isPresent()
            ? every.isPresent()
            : every.isEmpty() && factor.isEmpty(),
        "--rate-epochs goes with --schedule step or plateau, which need it; --rate-factor with"
            + " both");
    return name.map(
            kind ->
                LearningRateSchedule.of(
                    kind,
                    factor.orElse(
                        Double.valueOf(TrainingOption.named("rate-factor").defaultText())),
                    every.orElse(0.0),
                    warmUp.orElse(warmUpOf(recipe)),
                    epochs))
        .orElseGet(() -> warmUp.map(recipe::withWarmUp).orElse(recipe));
  }
}
