// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Exact
class BalancedPlanTest {
  /** A sample: its block and its row. */
  private record Sample(int block, int row) {}

  /** Blocks of 1 to 40 rows whose classes have the shares 1, 1/4, 1/9 and so on; one has none. */
  private static List<int[]> blocks(int count, int classes, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<int[]> blocks = new ArrayList<>();
    for (int block = 0; block < count; block++) {
      int[] labels = new int[1 + random.nextInt(40)];
      for (int row = 0; row < labels.length; row++) {
        int label = (int) (1 / Math.sqrt(random.nextDouble())) - 1;
        labels[row] = label >= classes || label == 2 ? 0 : label;
      }
      blocks.add(labels);
    }
    return blocks;
  }

  /** The samples of an epoch in the order of its sequence. */
  private static List<Sample> sequence(EpochPlan plan) {
    List<Sample> sequence = new ArrayList<>();
    for (long position = 0; position < plan.samples(); position++) {
      sequence.add(new Sample(plan.block(position), plan.row(position)));
    }
    return sequence;
  }

  private static Map<Sample, Integer> counts(EpochPlan plan) {
    Map<Sample, Integer> counts = new HashMap<>();
    sequence(plan).forEach(sample -> counts.merge(sample, 1, Integer::sum));
    return counts;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 300, 70_000})
  void hasEachClassEquallyOften(int classes) {
    List<int[]> blocks = blocks(60, classes, classes);
    BlockLabels labels = BlockLabels.of(classes, blocks);
    long samples = blocks.stream().mapToLong(block -> block.length).sum();
    Map<Integer, Integer> present = new HashMap<>();
    blocks.forEach(block -> Arrays.stream(block).forEach(l -> present.merge(l, 1, Integer::sum)));
    for (int epoch = 0; epoch < 3; epoch++) {
      EpochPlan plan = EpochPlan.balanced(labels, 7, epoch, 2, 8);
      assertThat(plan.samples()).isEqualTo(samples);
      Map<Integer, Long> drawn = new HashMap<>();
      Map<Sample, Integer> counts = counts(plan);
      counts.forEach(
          (sample, times) ->
              drawn.merge(blocks.get(sample.block())[sample.row()], (long) times, Long::sum));
      assertThat(drawn.keySet()).isEqualTo(present.keySet());
      long fair = samples / present.size();
      drawn.forEach((label, times) -> assertThat(times).isBetween(fair, fair + 1));
      for (int block = 0; block < blocks.size(); block++) {
        for (int row = 0; row < blocks.get(block).length; row++) {
          int label = blocks.get(block)[row];
          int times = counts.getOrDefault(new Sample(block, row), 0);
          double exact = (double) drawn.get(label) / present.get(label);
          assertThat(times).isBetween((int) Math.floor(exact), (int) Math.ceil(exact));
        }
      }
    }
  }

  @Test
  void hasAllSamplesOfALargeClassInTurns() {
    List<int[]> blocks = blocks(40, 4, 3);
    BlockLabels labels = BlockLabels.of(4, blocks);
    Map<Sample, Integer> sums = new HashMap<>();
    int epochs = 400;
    for (int epoch = 0; epoch < epochs; epoch++) {
      counts(EpochPlan.balanced(labels, 1, epoch, 1, 1))
          .forEach((sample, times) -> sums.merge(sample, times, Integer::sum));
    }
    long samples = blocks.stream().mapToLong(block -> block.length).sum();
    long[] perClass = labels.samplesPerClass();
    for (int block = 0; block < blocks.size(); block++) {
      for (int row = 0; row < blocks.get(block).length; row++) {
        double each = samples / 3.0 / perClass[blocks.get(block)[row]];
        double fraction = each - Math.floor(each);
        double deviation = Math.sqrt(epochs * fraction * (1 - fraction));
        assertThat((double) sums.getOrDefault(new Sample(block, row), 0))
            .as("block %d row %d", block, row)
            .isBetween(epochs * each - 6 * deviation - 1, epochs * each + 6 * deviation + 1);
      }
    }
  }

  @Test
  void isNaturalWhereThereIsOneClass() {
    List<int[]> blocks = List.of(new int[5], new int[9], new int[3]);
    EpochPlan plan = EpochPlan.balanced(BlockLabels.of(2, blocks), 3, 1, 1, 4);
    EpochPlan natural = EpochPlan.of(new int[] {5, 9, 3}, 3, 1, 1, 4);
    assertThat(sequence(plan)).isEqualTo(sequence(natural));
    assertThat(plan.sampling()).isEqualTo(Sampling.BALANCED);
    assertThat(natural.sampling()).isEqualTo(Sampling.NATURAL);
  }

  @Test
  void dependsOnSeedAndEpochAndNotOnWorkers() {
    BlockLabels labels = BlockLabels.of(5, blocks(30, 5, 9));
    List<Sample> one = sequence(EpochPlan.balanced(labels, 1, 0, 1, 32));
    assertThat(sequence(EpochPlan.balanced(labels, 1, 0, 4, 8))).isEqualTo(one);
    assertThat(sequence(EpochPlan.balanced(labels, 1, 1, 1, 32))).isNotEqualTo(one);
    assertThat(sequence(EpochPlan.balanced(labels, 2, 0, 1, 32))).isNotEqualTo(one);
    assertThat(EpochPlan.balanced(labels, 1, 0, 4, 8).steps())
        .isEqualTo(EpochPlan.of(rows(labels), 1, 0, 4, 8).steps());
  }

  private static int[] rows(BlockLabels labels) {
    int[] rows = new int[labels.blocks()];
    Arrays.setAll(rows, labels::rows);
    return rows;
  }

  @Test
  void readsABlocksRowsTogether() {
    EpochPlan plan = EpochPlan.balanced(BlockLabels.of(5, blocks(30, 5, 4)), 1, 0, 2, 8);
    for (long position = 0; position < plan.samples(); position++) {
      assertThat(plan.rows(plan.block(position))[plan.offset(position)])
          .isEqualTo(plan.row(position));
    }
    List<Integer> order = sequence(plan).stream().map(Sample::block).toList();
    int changes = 0;
    for (int i = 1; i < order.size(); i++) {
      changes += order.get(i).equals(order.get(i - 1)) ? 0 : 1;
    }
    assertThat(changes).isLessThan(30);
  }

  /** With many classes, counts are kept for few blocks; what is between is counted again. */
  @Test
  void countsTheSamplesBeforeABlock() {
    List<int[]> blocks = blocks(200, 3000, 5);
    BlockLabels labels = BlockLabels.of(3000, blocks);
    long[] before = new long[3000];
    for (int block = 0; block < blocks.size(); block++) {
      assertThat(labels.samplesBefore(block)).isEqualTo(before);
      for (int row = 0; row < blocks.get(block).length; row++) {
        assertThat(labels.label(block, row)).isEqualTo(blocks.get(block)[row]);
        before[blocks.get(block)[row]]++;
      }
    }
    assertThat(labels.samplesPerClass()).isEqualTo(before);
  }

  @Test
  void refusesWhatIsNone() {
    assertThatThrownBy(() -> BlockLabels.of(2, List.of(new int[] {2})))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Sampling.parse("balanced")).isEqualTo(Sampling.BALANCED);
    assertThatThrownBy(() -> Sampling.parse("balance"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("did you mean 'balanced'?");
  }
}
