// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.command.NumberOptions;
import io.stoker.driver.config.Recipe;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Sets a command's options to what a recipe says, where the command line does not say it. */
final class RecipeValues {
  /** Options about the command and not about the training. */
  private static final Set<String> COMMAND_LINE_ONLY =
      Set.of("recipe", "preset", "json", "verbose", "help");

  private RecipeValues() {}

  /** The names of a command's options, without the hyphens before them, that a recipe may hold. */
  static Set<String> names(CommandSpec command) {
    Set<String> names = new TreeSet<>();
    for (OptionSpec option : command.options()) {
      names.add(option.longestName().replaceFirst("^-+", ""));
    }
    names.removeAll(COMMAND_LINE_ONLY);
    return names;
  }

  /**
   * Sets options.
   *
   * @param recipe says their values
   * @param command has been parsed, and is changed
   * @param empty another command of the same type
   * @throws InputException if a value does not fit its option
   */
  static void apply(Recipe recipe, CommandSpec command, Object empty) {
    ParseResult said = parse(recipe, NumberOptions.read(new CommandLine(empty)));
    ParseResult given = command.commandLine().getParseResult();
    for (OptionSpec option : said.matchedOptions()) {
      if (!given.hasMatchedOption(option.longestName())) {
        command.findOption(option.longestName()).setValue(option.getValue());
      }
    }
  }

  private static ParseResult parse(Recipe recipe, CommandLine command) {
    List<String> arguments = new ArrayList<>();
    for (Map.Entry<String, JsonNode> option : recipe.options().entrySet()) {
      addArgument(arguments, command, recipe.source(), option.getKey(), option.getValue());
    }
    try {
      return command
          .setCaseInsensitiveEnumValuesAllowed(true)
          .parseArgs(arguments.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new InputException(
          "Cannot use %s: %s"
              .formatted(recipe.source(), e.getMessage().lines().findFirst().orElse("")),
          e);
    }
  }

  /**
   * Adds an option as an argument of a command line.
   *
   * @param option a name without hyphens before it
   * @throws InputException if the value has parts
   */
  static void addArgument(
      List<String> arguments, CommandLine command, String file, String option, JsonNode value) {
    String name = "--" + option;
    Check.input(
        !value.isObject() && !value.isNull(),
        "Cannot use %s: '%s' has a value of the wrong kind",
        file,
        option);
    boolean takesNone = command.getCommandSpec().findOption(name).arity().min() == 0;
    if (!value.isBoolean() || !takesNone) {
      arguments.add(name + "=" + text(value));
    } else if (value.booleanValue()) {
      arguments.add(name);
    }
  }

  private static String text(JsonNode value) {
    List<JsonNode> parts = new ArrayList<>();
    value.elements().forEachRemaining(parts::add);
    return value.isArray()
        ? parts.stream().map(JsonNode::asText).collect(Collectors.joining(","))
        : value.asText();
  }
}
