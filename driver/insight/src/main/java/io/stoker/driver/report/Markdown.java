// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import io.stoker.base.TerminalText;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Parts of a Markdown document. Names in it are text, whatever characters they have. */
final class Markdown {
  /** Stands for a backslash that escapes; {@link TerminalText} leaves no control character. */
  private static final String MARK = "\u0000";

  /**
   * What has a meaning inside of a line of GitHub's Markdown: emphasis (an underscore only at the
   * edge of a word), code, links and addresses, cells of a table, strike-through, mentions,
   * formulas and names of emoji.
   */
  private static final Pattern INLINE =
      Pattern.compile(
          "[\\\\`*\\[\\]|~$@]"
              + "|(?<![\\p{L}\\p{N}])_|_(?![\\p{L}\\p{N}])"
              + "|(?<=\\b(?i:https?|ftp)):(?=//)|:(?=[A-Za-z0-9_+-]+:)"
              + "|(?<=(?i:\\bwww))\\.");

  /** What has a meaning where a line begins, or ends: a list, a number of one, a heading. */
  private static final Pattern EDGE =
      Pattern.compile("^[#>]|^[-+](?=[\\s-]|$)|(?<=^[0-9]{1,9})[.)](?=\\s|$)|(?<=\\s)#(?=#*\\s*$)");

  private final StringBuilder text = new StringBuilder();

  /** A name as text: what has a meaning is escaped, line breaks and other controls too. */
  static String escape(String name) {
    String line = EDGE.matcher(TerminalText.escapeLine(name)).replaceAll(MARK + "$0");
    String escaped = INLINE.matcher(line).replaceAll(MARK + "$0").replace(MARK, "\\");
    // Not all readers of Markdown know a backslash before these.
    return escaped
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace("\\>", "&gt;")
        .replace(">", "&gt;");
  }

  Markdown heading(int level, String title) {
    text.append("#".repeat(level)).append(' ').append(title).append("\n\n");
    return this;
  }

  Markdown paragraph(String content) {
    text.append(content).append("\n\n");
    return this;
  }

  /** Begins a table; its columns after the first are aligned to the right. */
  Markdown header(String... cells) {
    row(cells);
    String others = "---:|".repeat(cells.length - 1);
    text.append("|---|").append(others).append('\n');
    return this;
  }

  /** Begins a table of names and values. */
  Markdown values() {
    text.append("| | |\n|---|---|\n");
    return this;
  }

  Markdown row(String... cells) {
    text.append(Arrays.stream(cells).collect(Collectors.joining(" | ", "| ", " |\n")));
    return this;
  }

  Markdown endTable() {
    text.append('\n');
    return this;
  }

  /** Lines that are shown as they are. */
  Markdown code(List<String> lines) {
    int longest = 0;
    for (String line : lines) {
      int run = 0;
      for (int i = 0; i < line.length(); i++) {
        run = line.charAt(i) == '`' ? run + 1 : 0;
        longest = Math.max(longest, run);
      }
    }
    String fence = "`".repeat(Math.max(3, longest + 1));
    text.append(fence).append('\n');
    lines.forEach(line -> text.append(TerminalText.escapeLines(line)).append('\n'));
    text.append(fence).append("\n\n");
    return this;
  }

  @Override
  public String toString() {
    return text.toString().stripTrailing() + "\n";
  }
}
