// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import io.stoker.base.TerminalText;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Parts of a Markdown document. Names in it are text, whatever characters they have. */
final class Markdown {
  /** Characters that Markdown or HTML in Markdown give a meaning. */
  private static final String SPECIAL = "\\`*_{}[]<>()#+-.!|&~$@:";

  private final StringBuilder text = new StringBuilder();

  /** A name as text: characters with a meaning are escaped, line breaks and other controls too. */
  static String escape(String name) {
    StringBuilder escaped = new StringBuilder();
    for (char each : TerminalText.escapeLine(name).toCharArray()) {
      if (each == '<' || each == '>' || each == '&') {
        // Not all readers of Markdown know a backslash before these.
        escaped.append(each == '<' ? "&lt;" : each == '>' ? "&gt;" : "&amp;");
      } else {
        escaped.append(SPECIAL.indexOf(each) < 0 ? "" : "\\").append(each);
      }
    }
    return escaped.toString();
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
