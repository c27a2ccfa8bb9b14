// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.base.SplitMix64;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Exact
class EpochPlanTest {
  private record Example(int block, int row) {}

  private static int[] blocks(int count, int largest, long seed) {
    return new SplittableRandom(seed).ints(count, 1, largest + 1).toArray();
  }

  private static List<Example> step(EpochPlan plan, int worker, int step) {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < plan.examples(worker, step); i++) {
      long position = plan.position(worker, step, i);
      examples.add(new Example(plan.block(position), plan.row(position)));
    }
    return examples;
  }

  private static List<Example> step(EpochPlan plan, int step) {
    List<Example> examples = new ArrayList<>();
    for (int worker = 0; worker < plan.workers(); worker++) {
      examples.addAll(step(plan, worker, step));
    }
    return examples;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1",
    "1, 7, 1, 3",
    "5, 1, 2, 2",
    "10, 100, 4, 8",
    "10, 100, 3, 7",
    "40, 30, 16, 1",
    "3, 1000, 1, 64",
    "7, 13, 5, 200",
    "2, 3, 50, 4"
  })
  void readsEverySampleOfAnEpochOnce(int count, int largest, int workers, int batch) {
    int[] blocks = blocks(count, largest, 3);
    EpochPlan plan = EpochPlan.of(blocks, 11, 2, workers, batch);

    Set<Example> seen = new HashSet<>();
    for (int step = 0; step < plan.steps(); step++) {
      for (Example example : step(plan, step)) {
        assertThat(example.row()).isBetween(0, blocks[example.block()] - 1);
        assertThat(seen.add(example)).isTrue();
      }
    }

    assertThat((long) seen.size()).isEqualTo(plan.samples());
  }

  @ParameterizedTest
  @CsvSource({"2, 32", "4, 16", "8, 8", "16, 4", "64, 1"})
  void sharesTheSameStepsOutBetweenAnyNumberOfWorkers(int workers, int batch) {
    int[] blocks = blocks(30, 50, 5);
    EpochPlan one = EpochPlan.of(blocks, 1, 0, 1, 64);
    EpochPlan many = EpochPlan.of(blocks, 1, 0, workers, batch);

    assertThat(many.steps()).isEqualTo(one.steps());
    for (int step = 0; step < one.steps(); step++) {
      assertThat(step(many, step)).isEqualTo(step(one, step));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 10", "3, 10", "7, 2", "64, 8"})
  void sharesTheLastStepOutEvenlyInTheOrderOfWorkers(int workers, int batch) {
    int[] blocks = blocks(9, 40, 8);
    EpochPlan plan = EpochPlan.of(blocks, 1, 0, workers, batch);
    int last = plan.steps() - 1;
    long rest = plan.samples() % ((long) workers * batch);

    long sum = 0;
    for (int worker = 0; worker < workers; worker++) {
      sum += plan.examples(worker, last);
      assertThat(plan.examples(worker, last))
          .isEqualTo((int) (rest / workers + (worker < rest % workers ? 1 : 0)));
    }
    assertThat(sum).isEqualTo(rest);
  }

  @Test
  void letsAWorkerReadNeighbouringBlocks() {
    int[] blocks = blocks(100, 200, 4);
    int workers = 10;
    EpochPlan plan = EpochPlan.of(blocks, 1, 0, workers, 8);

    for (int worker = 0; worker < workers; worker++) {
      Set<Integer> touched = new HashSet<>();
      for (int step = 0; step < plan.samples() / 80; step++) {
        step(plan, worker, step).forEach(example -> touched.add(example.block()));
      }
      assertThat(touched.size()).isLessThan(20);
    }
  }

  @Test
  void changesTheOrderOfBlocksAndRowsWithSeedAndEpoch() {
    int[] blocks = new int[50];
    java.util.Arrays.fill(blocks, 20);
    List<List<Integer>> orders = new ArrayList<>();
    List<List<Integer>> rows = new ArrayList<>();
    for (int[] seedAndEpoch : new int[][] {{1, 0}, {1, 1}, {2, 0}, {1, 0}}) {
      EpochPlan plan = EpochPlan.of(blocks, seedAndEpoch[0], seedAndEpoch[1], 1, 1);
      List<Integer> order = new ArrayList<>();
      List<Integer> row = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        order.add(plan.block(i * 20L));
        row.add(plan.row(i));
      }
      orders.add(order);
      rows.add(row);
    }
    assertThat(orders.get(0)).isEqualTo(orders.get(3)).isNotIn(orders.get(1), orders.get(2));
    assertThat(rows.get(0)).isEqualTo(rows.get(3)).isNotIn(rows.get(1), rows.get(2));
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "5", "16", "17", "100", "1000"})
  void permutesSoThatEachPlaceIsEquallyLikely(int size) {
    int trials = 4000;
    int[] counts = new int[size];
    for (int key = 0; key < trials; key++) {
      counts[Permutation.at(0, size, SplitMix64.mix(key))]++;
    }
    double expected = (double) trials / size;
    double chiSquare = 0;
    for (int count : counts) {
      chiSquare += (count - expected) * (count - expected) / expected;
    }
    // Mean size - 1, variance 2 (size - 1): five standard deviations.
    assertThat(chiSquare).isLessThanOrEqualTo(size - 1 + 5 * Math.sqrt(2.0 * size));
  }

  @Test
  void plansMillionsOfSamplesWithoutListingThem() {
    int[] blocks = new int[100_000];
    java.util.Arrays.fill(blocks, 20_000);
    EpochPlan plan = EpochPlan.of(blocks, 1, 0, 16, 64);

    assertThat(plan.samples()).isEqualTo(2_000_000_000L);
    assertThat(plan.steps()).isEqualTo(2_000_000_000 / 1024);
    assertThat(plan.row(plan.position(15, plan.steps() - 1, 63))).isBetween(0, 19_999);
  }

  @Test
  void refusesJobsOfNobodyAndNothing() {
    assertThatThrownBy(() -> EpochPlan.of(new int[] {1}, 0, 0, 0, 1))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid number of workers: 0 (must be >= 1)");
    assertThatThrownBy(() -> EpochPlan.of(new int[] {1}, 0, 0, 1, 0))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid batch size: 0 (must be >= 1)");
    assertThatThrownBy(() -> EpochPlan.of(new int[] {1}, 0, 0, 1, 1).examples(0, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 7, 1, 3, 3",
    "10, 100, 4, 8, 2",
    "10, 100, 3, 6, 3",
    "40, 30, 16, 4, 4",
    "7, 13, 5, 8, 1"
  })
  void repeatsEachSampleOfAStepInAnEpochOfTheSameLength(
      int count, int largest, int workers, int batch, int repeats) {
    int[] blocks = blocks(count, largest, 3);
    EpochPlan once = EpochPlan.of(blocks, 11, 2, workers, batch);
    EpochPlan plan = once.repeated(repeats);

    assertThat(plan.steps()).isEqualTo(once.steps());
    Set<Long> positions = new HashSet<>();
    long examples = 0;
    for (int step = 0; step < plan.steps(); step++) {
      for (int worker = 0; worker < workers; worker++) {
        int size = plan.examples(worker, step);
        assertThat(size).isEqualTo(once.examples(worker, step));
        Map<Long, Set<Integer>> copies = new HashMap<>();
        for (int example = 0; example < size; example++) {
          assertThat(
                  copies
                      .computeIfAbsent(
                          plan.position(worker, step, example), each -> new HashSet<>())
                      .add(plan.copy(worker, step, example)))
              .as("a copy of its own")
              .isTrue();
        }
        assertThat(copies).hasSize((size + repeats - 1) / repeats);
        copies.forEach(
            (position, numbers) -> {
              assertThat(positions.add(position)).as("in no other step or worker").isTrue();
              assertThat(numbers.size()).isBetween(size < batch ? 1 : repeats, repeats);
            });
        examples += size;
      }
    }
    assertThat(examples).isEqualTo(plan.samples());
    assertThat(positions).allMatch(position -> position >= 0 && position < plan.samples());
  }

  @Test
  void repeatsOtherSamplesInOtherEpochs() {
    int[] blocks = blocks(20, 60, 3);
    Set<Example> first = new HashSet<>(step(EpochPlan.of(blocks, 1, 0, 2, 8).repeated(4), 0));
    assertThat(first).hasSize(4);
    assertThat(first)
        .isNotEqualTo(new HashSet<>(step(EpochPlan.of(blocks, 1, 1, 2, 8).repeated(4), 0)));
  }

  @Test
  void refusesRepeatsThatDoNotDivideTheBatch() {
    EpochPlan plan = EpochPlan.of(blocks(2, 9, 3), 1, 0, 1, 8);
    assertThatThrownBy(() -> plan.repeated(3))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid repeats: 3 (must be >= 1 and divide the batch of 8)");
  }
}
