// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.cli.Page.Part;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds the keys of {@code --json} and the environment variables of docs/scripting.md to the code.
 */
class ScriptingPageTest {
  private static final Pattern LITERAL_KEY =
      Pattern.compile(
          "\\b(?:put|set|putNull|putArray|putObject|withArray|say)\\(\\s*\"([a-z0-9_]+)\"");
  private static final Pattern COMPONENT = Pattern.compile("[\\w>\\]] (\\w+)(?=[,)])");
  private static final Pattern VARIABLE = Pattern.compile("\\bSTOKER_[A-Z_]+\\b");

  /** What a word of the page is, that is no key: a value, or a name of a command or a file. */
  private static final Set<String> NO_KEYS = Set.of("ema", "never", "bin");

  private static final Page PAGE = Page.of("docs/scripting.md");

  @Test
  void eachCommandHasARow() {
    Set<String> rows =
        words(span -> true).stream()
            .map(span -> span.replaceFirst(" .*", ""))
            .collect(Collectors.toSet());

    assertThat(rows).containsAll(new CommandLines().names());
  }

  @Test
  void eachKeyThatACommandWritesIsThere() {
    Set<String> keys =
        sources(
                "driver/.*/(\\w+Command|StepReport|StudyReport|PredictionReport|ProbeReport)\\.java")
            .flatMap(text -> LITERAL_KEY.matcher(text).results())
            .map(match -> match.group(1))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(keys).hasSizeGreaterThan(100);
    assertThat(words(span -> true)).containsAll(keys);
  }

  @Test
  void eachKeyOfThePageIsInTheCode() {
    Set<String> known =
        sources(".*/src/main/.*\\.java")
            .flatMap(
                text ->
                    Stream.concat(
                        LITERAL_KEY.matcher(text).results(), COMPONENT.matcher(text).results()))
            .map(match -> match.group(1).replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
    Set<String> keys = words(span -> span.matches("[a-z][a-z0-9_]*"));
    keys.removeAll(NO_KEYS);
    keys.removeAll(new CommandLines().names());

    assertThat(known).containsAll(keys);
  }

  @Test
  void eachVariableOfStokerIsThere() {
    Set<String> read =
        Stream.concat(
                sources("stoker|deploy/bin/.*|python/src/.*\\.py"),
                sources(".*/src/main/.*\\.java"))
            .flatMap(text -> VARIABLE.matcher(text).results())
            .map(MatchResult::group)
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(words(span -> VARIABLE.matcher(span).matches())).isEqualTo(read);
  }

  private static Set<String> words(Predicate<String> wanted) {
    return PAGE.paragraphs().stream()
        .map(Part::spans)
        .flatMap(spans -> spans.stream())
        .filter(wanted)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Stream<String> sources(String name) {
    return Page.files().stream()
        .map(Path::toString)
        .filter(file -> file.matches(name))
        .map(Page::text);
  }
}
