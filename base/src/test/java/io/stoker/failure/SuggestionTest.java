// SPDX-License-Identifier: Apache-2.0
package io.stoker.failure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionTest {
  private static final List<String> KNOWN =
      List.of(
          "--batch",
          "--learning-rate",
          "--weight-decay",
          "--overlap",
          "--overlap-steps",
          "--epochs");

  @ParameterizedTest
  @CsvSource({
    "--lr, --learning-rate",
    "--LR, --learning-rate",
    "--wd, --weight-decay",
    "--batch-size, --batch",
    "--epoch, --epochs",
    "--overlap-step, --overlap-steps",
    "--learnin-rate, --learning-rate"
  })
  void findsWhatWasProbablyMeant(String unknown, String meant) {
    assertThat(Suggestion.nearest(unknown, KNOWN)).contains(meant);
  }

  @Test
  void suggestsNothingForANameThatIsLikeNone() {
    assertThat(Suggestion.nearest("--colour-of-the-sky", KNOWN)).isEmpty();
  }
}
