// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.Console;
import io.stoker.driver.config.TrainingOption;
import io.stoker.models.zoo.Zoo;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Command lines that pages show, and whether Stoker takes them. */
final class CommandLines {
  private static final Pattern LAUNCHED =
      Pattern.compile("(?:\\$ )?(?:[A-Z_]+=\\S+ )*(?:\\S*/)?stoker(?= |$)(.*)");
  private static final Pattern SUBMITTED =
      Pattern.compile("(?:\\$ )?(?:[A-Z_]+=\\S+ )*(?:\\S*/)?spark-submit (.*)");
  private static final Pattern WORD = Pattern.compile("(?:\"[^\"]*\"|'[^']*'|[^\\s\"'])+");

  /** What stands for a value: {@code N}, {@code URI}, {@code FILE.png}, {@code DIR}. */
  private static final Pattern PLACEHOLDER = Pattern.compile("[A-Z][A-Z_0-9]*(\\.[a-z]+)?");

  private static final Pattern CHOICE = Pattern.compile("[a-z][a-z0-9-]*");

  private final CommandSpec commands = commands();
  private final Set<String> launcherOptions = launcherOptions("with_value");
  private final Set<String> launcherFlags = launcherOptions("without_value");

  private static CommandSpec commands() {
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    return new Cli(new Console(nowhere, nowhere, false, false)).spec();
  }

  /** The options of spark-submit that the launcher passes on. */
  private static Set<String> launcherOptions(String variable) {
    MatchResult list =
        Pattern.compile(variable + "=\"([^\"]*)\"")
            .matcher(Page.text("stoker"))
            .results()
            .findFirst()
            .orElseThrow();
    return Set.of(list.group(1).strip().split("\\s+", -1));
  }

  /** The names of the commands that may follow the launcher. */
  Set<String> names() {
    return commands.subcommands().keySet();
  }

  /** All commands, those of {@code bench} among them. */
  List<CommandSpec> all() {
    return allOf(commands).toList();
  }

  private static Stream<CommandSpec> allOf(CommandSpec command) {
    return Stream.concat(
        Stream.of(command),
        command.subcommands().values().stream().flatMap(sub -> allOf(sub.getCommandSpec())));
  }

  /** The names of all options, with their hyphens. */
  Set<String> options() {
    return Stream.concat(
            all().stream()
                .flatMap(command -> command.options().stream())
                .flatMap(option -> Arrays.stream(option.names())),
            Stream.concat(launcherOptions.stream(), launcherFlags.stream()))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** An option of a name, in each command that has one. */
  List<OptionSpec> optionsNamed(String name) {
    return all().stream()
        .map(command -> command.findOption(name))
        .filter(option -> option != null)
        .toList();
  }

  /** Whether a line calls Stoker, by its launcher or by spark-submit. */
  static boolean isOne(String line) {
    return LAUNCHED.matcher(line).matches()
        || (SUBMITTED.matcher(line).matches() && line.contains("stoker.jar"));
  }

  /**
   * What is wrong with a line.
   *
   * @param whole whether it is a command to type in, which has every required option
   */
  List<String> faults(String line, boolean whole) {
    List<String> words = words(line);
    boolean elided = words.remove("...") || words.remove("[option]...");
    return alternatives(words).stream()
        .map(alternative -> fault(alternative, whole && !elided))
        .flatMap(Optional::stream)
        .distinct()
        .toList();
  }

  private Optional<String> fault(List<String> words, boolean whole) {
    int at = 0;
    boolean submitted = words.get(0).endsWith("spark-submit");
    at++;
    while (at < words.size() && words.get(at).startsWith("-")) {
      String word = words.get(at);
      String option = word.replaceFirst("=.*", "");
      if (!submitted && isOfStoker(option)) {
        break;
      }
      if (!submitted && !launcherOptions.contains(option) && !launcherFlags.contains(option)) {
        return Optional.of("no option of the launcher: " + option);
      }
      at += launcherFlags.contains(option) || (word.startsWith("--") && word.contains("=")) ? 1 : 2;
    }
    if (submitted) {
      at++; // the jar
    }
    if (at >= words.size() || PLACEHOLDER.matcher(words.get(at)).matches()) {
      return Optional.empty();
    }
    return parse(words.subList(at, words.size()), whole);
  }

  private static boolean isOfStoker(String option) {
    return Set.of("--help", "-h", "--version", "-V").contains(option);
  }

  private Optional<String> parse(List<String> words, boolean whole) {
    CommandSpec command = commands;
    int at = 0;
    while (at < words.size() && command.subcommands().containsKey(words.get(at))) {
      command = command.subcommands().get(words.get(at)).getCommandSpec();
      at++;
    }
    if (at == 0 && !words.get(0).startsWith("-")) {
      return Optional.of("no command: " + words.get(0));
    }
    try {
      commands.commandLine().parseArgs(filled(command, words).toArray(String[]::new));
      return badChoice(command);
    } catch (MissingParameterException e) {
      return whole ? Optional.of(e.getMessage()) : Optional.empty();
    } catch (ParameterException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** Values in place of what stands for them, such as the N of {@code --seed N}. */
  private static List<String> filled(CommandSpec command, List<String> words) {
    List<String> filled = new ArrayList<>(words);
    for (int i = 1; i < filled.size(); i++) {
      OptionSpec option = command.findOption(filled.get(i - 1));
      if (option != null) {
        String value = value(command, option);
        filled.set(
            i,
            Arrays.stream(filled.get(i).split(",", -1))
                .map(word -> PLACEHOLDER.matcher(word).matches() && !value.isEmpty() ? value : word)
                .collect(Collectors.joining(",")));
      }
    }
    return filled;
  }

  /** A value that an option takes, if it does not take every text. */
  private static String value(CommandSpec command, OptionSpec option) {
    boolean isNumber =
        Stream.concat(Stream.of(option.type()), Arrays.stream(option.auxiliaryTypes()))
            .anyMatch(type -> type.isPrimitive() || Number.class.isAssignableFrom(type));
    return isNumber
        ? "1"
        : command.name().equals("train")
            ? TrainingOption.named(option.longestName().substring(2)).choices().stream()
                .findFirst()
                .orElse("")
            : "";
  }

  /** A value of an option whose label or help lists what there is, and that is none of it. */
  private static Optional<String> badChoice(CommandSpec command) {
    for (OptionSpec option : command.options()) {
      Object value = option.getValue();
      List<String> label = List.of(option.paramLabel().split("\\|", -1));
      if (value instanceof String text && option.longestName().equals("--model")) {
        if (CHOICE.matcher(text).matches() && !Zoo.names().contains(text)) {
          return Optional.of("no model: " + text);
        }
      } else if (value instanceof String text
          && label.size() > 1
          && CHOICE.matcher(text).matches()
          && label.stream().noneMatch(one -> one.equals(text) || hasForm(one))) {
        return Optional.of(option.longestName() + " is none of " + label + ": " + text);
      }
    }
    return Optional.empty();
  }

  private static boolean hasForm(String label) {
    return PLACEHOLDER.matcher(label).matches();
  }

  /**
   * The words of a line, without a comment and what a shell does with the output. What may be left
   * out, in brackets, is there.
   */
  private static List<String> words(String line) {
    String plain =
        line.replaceFirst("^\\$ ", "")
            .replaceFirst("^(?:[A-Z_]+=\\S+ )*", "")
            .replaceAll("(?<= )\\|(?= [A-Z])", "or")
            .replaceFirst(" +(#|>|2>|\\||&&).*", "")
            .replaceAll("\\[([^\\]]*) or [^\\]]*\\]", "$1");
    List<String> words = new ArrayList<>();
    WORD.matcher(plain)
        .results()
        .map(MatchResult::group)
        .map(word -> word.replaceAll("[\"']", ""))
        .map(
            word -> word.startsWith("local[") ? word : word.replaceAll("^\\[|\\](\\.\\.\\.)?$", ""))
        .map(word -> word.length() > 3 ? word.replaceFirst("\\.\\.\\.$", "") : word)
        .filter(word -> !word.isEmpty())
        .forEach(words::add);
    return words;
  }

  /** A line for each of the values {@code a|b} that stand in the place of one. */
  private static Collection<List<String>> alternatives(List<String> words) {
    Set<List<String>> lines = new LinkedHashSet<>();
    lines.add(words);
    for (int i = 0; i < words.size(); i++) {
      if (!words.get(i).contains("|")) {
        continue;
      }
      Set<List<String>> more = new LinkedHashSet<>();
      for (List<String> line : lines) {
        for (String value : words.get(i).split("\\\\?\\|", -1)) {
          List<String> one = new ArrayList<>(line);
          one.set(i, value);
          more.add(one);
        }
      }
      lines = more;
    }
    return lines;
  }
}
