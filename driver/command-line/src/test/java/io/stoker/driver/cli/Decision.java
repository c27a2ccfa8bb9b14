// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page of {@code docs/adr}: a decision of design.
 *
 * @param file its name in the folder
 * @param status accepted, or superseded by another decision
 * @param sections its headings
 */
record Decision(
    String file,
    int number,
    String title,
    String date,
    String status,
    List<String> sections,
    int words,
    boolean hasTable) {
  /** As many words as a printed page holds in small type. */
  static final int ONE_PAGE = 860;

  private static final String FOLDER = "docs/adr/";

  private static final Pattern HEAD =
      Pattern.compile(
          "# (\\d+)\\. ([^\n"
              + "]+)\n\n"
              + "Date: (\\d{4}-\\d\\d-\\d\\d) · Status: ((?:accepted|superseded by)\\b.*?)\n\n"
              + ".*",
          Pattern.DOTALL);

  private static final Pattern NUMBER = Pattern.compile("\\[ADR (\\d+)\\]");

  /** All decisions, in the order of their numbers. */
  static List<Decision> all() {
    return Page.files().stream()
        .filter(file -> file.startsWith("docs/adr") && !file.endsWith("README.md"))
        .map(file -> file.getFileName().toString())
        .sorted()
        .map(Decision::read)
        .toList();
  }

  private static Decision read(String file) {
    String text = Page.text(FOLDER + file);
    Matcher head = HEAD.matcher(text);
    if (!head.matches()) {
      throw new AssertionError(file + " does not begin with its number, title, date and status");
    }
    return new Decision(
        file,
        Integer.parseInt(head.group(1)),
        head.group(2),
        head.group(3),
        head.group(4).replace('\n', ' '),
        text.lines().filter(line -> line.startsWith("## ")).map(line -> line.substring(3)).toList(),
        text.split("\\s+", -1).length,
        text.lines().anyMatch(line -> line.startsWith("|")));
  }

  /** Its line in the index. */
  String row() {
    return String.format(
        Locale.ROOT, "| [%d](%s) | %s | %s | %s |", number, file, title, date, status);
  }

  /** The decisions that its status names after some words. */
  List<Integer> numbersAfter(String words) {
    int at = status.indexOf(words);
    return at < 0
        ? List.of()
        : NUMBER
            .matcher(status.substring(at).replaceFirst("[;,].*", ""))
            .results()
            .map((MatchResult match) -> Integer.valueOf(match.group(1)))
            .toList();
  }
}
