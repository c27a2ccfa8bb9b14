// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlacementTest {
  @Test
  void givesEachExecutorNeighbouringTasks() {
    Placement placement = new Placement(List.of("a", "b", "c"));

    assertThat(locations(placement, 6)).containsExactly("a", "a", "b", "b", "c", "c");
    assertThat(locations(placement, 2)).containsExactly("a", "b");
    assertThat(locations(placement, 1)).containsExactly("a");
  }

  @Test
  void prefersNoExecutorWhereAnyWillDo() {
    assertThat(Placement.ANYWHERE.of(0, 2).isEmpty()).isTrue();
  }

  private static List<String> locations(Placement placement, int tasks) {
    return IntStream.range(0, tasks)
        .mapToObj(task -> placement.of(task, tasks))
        .map(one -> one.get(0))
        .toList();
  }
}
