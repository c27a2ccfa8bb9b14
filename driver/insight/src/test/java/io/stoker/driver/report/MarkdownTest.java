// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MarkdownTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "lenet5-modern",
        "balanced_accuracy",
        "/data/my-run_2/checkpoints/000012/model.zip",
        "input (height x width x channels)",
        "SHA-256: 0.5 + 3.25e-7, {a: 1}!",
        "s3a://bucket/data",
        "-0.5",
        "Java 17.0.2+8",
        "c#",
        "größe_μm"
      })
  void leavesTextWithoutAMeaningAsItIs(String text) {
    assertThat(Markdown.escape(text + ".")).isEqualTo(text + ".");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '=',
      value = {
        "*a*=\\*a\\*",
        "_a_b_=\\_a_b\\_",
        "a__b=a\\_\\_b",
        "`a`=\\`a\\`",
        "[a](b)=\\[a\\](b)",
        "![a](b)=!\\[a\\](b)",
        "a|b=a\\|b",
        "~~a~~=\\~\\~a\\~\\~",
        "a@b.org=a\\@b.org",
        "http://a.b=http\\://a.b",
        "www.a.b=www\\.a.b",
        ":smile:=\\:smile:",
        "$x$=\\$x\\$",
        "<b>=&lt;b&gt;",
        "&lt;=&amp;lt;",
        "> a=&gt; a",
        "- a=\\- a",
        "+ a=\\+ a",
        "# a=\\# a",
        "a #=a \\#",
        "1. a=1\\. a",
        "2) a=2\\) a",
        "---=\\---"
      })
  void escapesWhatHasOne(String text, String escaped) {
    assertThat(Markdown.escape(text)).isEqualTo(escaped);
  }

  @Test
  void escapesBackslashesAndControls() {
    assertThat(Markdown.escape("a\\*b\n")).isEqualTo("a\\\\\\*b\\\\n");
  }
}
