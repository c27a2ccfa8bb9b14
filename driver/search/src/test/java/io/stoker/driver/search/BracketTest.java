// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BracketTest {
  @Test
  void rungsHaveAShareOfTheTrialsAndMoreEpochs() {
    assertThat(rungs(32, 9, 3)).containsExactly(new Rung(1, 32), new Rung(3, 10), new Rung(9, 3));
    assertThat(rungs(4, 10, 2)).containsExactly(new Rung(3, 4), new Rung(5, 2), new Rung(10, 1));
    assertThat(rungs(8, 5, 1)).containsExactly(new Rung(5, 8));
    assertThat(rungs(1, 9, 3)).containsExactly(new Rung(9, 1));
  }

  private static List<Rung> rungs(int trials, int epochs, int factor) {
    List<Bracket> brackets = Bracket.of(trials, epochs, factor, false);
    assertThat(brackets).hasSize(1);
    return brackets.get(0).rungs();
  }

  /**
   * Table 1 of the paper: R = 81, eta = 3, whose brackets begin with 81, 34, 15, 8 and 5 trials.
   */
  @Test
  void theBracketsOfHyperbandAreThoseOfThePaper() {
    List<Bracket> brackets = Bracket.of(81 + 34 + 15 + 8 + 5, 81, 3, true);

    assertThat(brackets)
        .containsExactly(
            new Bracket(
                0,
                List.of(
                    new Rung(1, 81),
                    new Rung(3, 27),
                    new Rung(9, 9),
                    new Rung(27, 3),
                    new Rung(81, 1))),
            new Bracket(
                81, List.of(new Rung(3, 34), new Rung(9, 11), new Rung(27, 3), new Rung(81, 1))),
            new Bracket(115, List.of(new Rung(9, 15), new Rung(27, 5), new Rung(81, 1))),
            new Bracket(130, List.of(new Rung(27, 8), new Rung(81, 2))),
            new Bracket(138, List.of(new Rung(81, 5))));
  }

  @ParameterizedTest
  @CsvSource({"1, 9, 3", "2, 9, 3", "5, 100, 2", "17, 9, 3", "40, 1, 3", "1000, 7, 2"})
  void eachTrialIsInOneBracketAndEachBracketEndsWithAWholeTraining(
      int trials, int epochs, int factor) {
    List<Bracket> brackets = Bracket.of(trials, epochs, factor, true);

    for (int trial = 0; trial < trials; trial++) {
      int number = trial;
      assertThat(brackets.stream().filter(each -> each.has(number))).hasSize(1);
    }
    assertThat(brackets).noneMatch(bracket -> bracket.has(trials));
    assertThat(brackets)
        .allMatch(each -> each.rungs().get(each.rungs().size() - 1).epochs() == epochs);
  }

  @Test
  void settingsThatMakeNoBracketAreRefused() {
    assertThatThrownBy(() -> Bracket.of(0, 9, 3, false))
        .hasMessage("Invalid --trials: 0 (must be >= 1)");
    assertThatThrownBy(() -> Bracket.of(100_001, 9, 3, false))
        .hasMessage("Invalid --trials: 100001 (must be at most 100000)");
    assertThatThrownBy(() -> Bracket.of(2, 9, 0, false))
        .hasMessageContaining("Invalid --halving: 0");
    assertThatThrownBy(() -> Bracket.of(2, 9, 1, true))
        .hasMessage("Invalid --halving: 1 (Hyperband needs at least 2)");
  }
}
