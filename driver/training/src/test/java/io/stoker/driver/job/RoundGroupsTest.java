// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.slice.ParameterSlices;
import java.util.List;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoundGroupsTest {
  /** 20 steps an epoch. */
  private static JobPlan plan(int... localStepsOfEpochs) {
    TreeMap<Integer, Integer> from = new TreeMap<>();
    for (int epoch = 0; epoch < localStepsOfEpochs.length; epoch++) {
      from.put(epoch, localStepsOfEpochs[epoch]);
    }
    return new JobPlan(200, 10, localStepsOfEpochs.length, from);
  }

  private static List<Integer> lastRounds(RoundGroups groups) {
    return IntStream.range(0, groups.plan().rounds())
        .filter(round -> groups.isLast(groups.plan().round(round)))
        .boxed()
        .toList();
  }

  private static List<Integer> due(RoundGroups groups, LongPredicate asked) {
    return IntStream.rangeClosed(0, groups.plan().rounds())
        .filter(done -> groups.isDue(done, asked))
        .boxed()
        .toList();
  }

  @Test
  void groupsEndWithTheirEpoch() {
    RoundGroups groups = new RoundGroups(plan(2, 2, 5), 1, 4);

    assertThat(lastRounds(groups)).containsExactly(3, 7, 9, 13, 17, 19, 23);
    assertThat(lastRounds(new RoundGroups(plan(2, 2, 5), 1, 64))).containsExactly(9, 19, 23);
  }

  /** Without overlap, each round is a group. */
  @Test
  void roundsWithTooFewStepsAreGroupsOfTheirOwn() {
    RoundGroups groups = new RoundGroups(plan(10, 10, 3), 2, 64);
    RoundGroups single = new RoundGroups(plan(10, 1), 2, 64);

    assertThat(lastRounds(groups)).containsExactly(1, 3, 10);
    assertThat(lastRounds(single)).hasSize(1 + 20).startsWith(1, 2, 3);
    assertThat(lastRounds(new RoundGroups(plan(10, 10), 0, 64))).containsExactly(0, 1, 2, 3);
  }

  @Test
  void roundsOverlapWhereAGroupOfSeveralIsLeft() {
    RoundGroups groups = new RoundGroups(plan(2, 10, 20), 1, 4);

    assertThat(groups.largestAfter(0)).hasValue(4);
    assertThat(groups.largestAfter(10)).hasValue(4);
    assertThat(groups.largestAfter(12)).isEmpty();
    assertThat(groups.largestAfter(13)).isEmpty();
    assertThat(new RoundGroups(plan(2, 2), 0, 4).largestAfter(0)).isEmpty();
  }

  @Test
  void whatIsDueInAGroupWaitsForItsEnd() {
    RoundGroups groups = new RoundGroups(plan(2, 2), 1, 4);

    assertThat(due(groups, done -> done % 5 == 0)).containsExactly(8, 10, 18, 20);
    assertThat(due(groups, done -> true)).containsExactly(4, 8, 10, 14, 18, 20);
    assertThat(due(groups, done -> done == 20)).containsExactly(20);
    assertThat(due(groups, done -> false)).isEmpty();
    assertThat(due(new RoundGroups(plan(2, 2), 0, 4), done -> done % 7 == 0))
        .containsExactly(7, 14);
  }

  @Test
  void groupsOfASmallModelHaveMoreRounds() {
    JobPlan plan = plan(2);

    assertThat(RoundGroups.of(plan, 1, new ParameterSlices(60_000, 2, 1000)).size()).isEqualTo(64);
    assertThat(RoundGroups.of(plan, 1, new ParameterSlices(62_000_000, 1, 1000)).size())
        .isEqualTo(16);
  }
}
