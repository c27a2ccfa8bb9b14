// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitNamesTest {
  @Test
  void knowsTheUsualSplitsByTheirOtherNames() {
    assertThat(SplitNames.of("Val")).contains("validation");
    assertThat(SplitNames.of("t10k")).contains("test");
    assertThat(SplitNames.of("trian")).isEmpty();
  }

  @Test
  void suggestsTheUsualNameOfASplitThatIsMisspelt() {
    assertThat(SplitNames.meant("trian")).contains("train");
    assertThat(SplitNames.meant("Tets")).contains("test");
    assertThat(SplitNames.meant("valdation")).contains("validation");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"train", "test", "validation", "test2", "train-clean", "holdout", "extra", "2024"})
  void takesOtherNamesAsTheyAre(String split) {
    assertThat(SplitNames.meant(split)).isEmpty();
  }
}
