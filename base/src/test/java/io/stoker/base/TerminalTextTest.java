// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalTextTest {
  @ParameterizedTest
  @CsvSource({
    "0000, \\u0000",
    "0007, \\u0007",
    "0008, \\u0008",
    "001b, \\u001b",
    "007f, \\u007f",
    "0085, \\u0085",
    "009b, \\u009b",
    "009d, \\u009d",
    "000a, \\n",
    "000d, \\r",
    "0009, \\t",
    "061c, \\u061c",
    "200b, \\u200b",
    "200f, \\u200f",
    "2028, \\u2028",
    "2029, \\u2029",
    "202e, \\u202e",
    "2066, \\u2066",
    "feff, \\ufeff",
    "d800, \\ud800"
  })
  void showsWhatATerminalWouldObey(String point, String shown) {
    String text = "a" + (char) Integer.parseInt(point, 16) + "z";

    assertThat(TerminalText.escapeLine(text)).isEqualTo("a" + shown + "z");
  }

  @Test
  void shedsAllControlCharactersThatThereAre() {
    StringBuilder all = new StringBuilder();
    for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
      all.appendCodePoint(point);
    }

    assertThat(TerminalText.escapeLine(all.toString()))
        .doesNotContainPattern("[\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}\u202a-\u202e\u2066-\u2069]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"cat", "Äpfel", "日本", "العربية", "👩\u200d🚀", "می\u200cخواهم", "C:\\new", ""})
  void leavesWordsOfAllLanguagesAsTheyAre(String name) {
    assertThat(TerminalText.escapeLine(name)).isSameAs(name);
  }

  @Test
  void keepsTheLinesOfATextOfSeveral() {
    assertThat(TerminalText.escapeLines("a\tb\n\u001b]0;evil\u0007\r\nc"))
        .isEqualTo("a\tb\n\\u001b]0;evil\\u0007\\r\nc");
  }
}
