// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SliceOwnersTest {
  @ParameterizedTest
  @CsvSource({"16, 2", "7, 3", "3, 8", "64, 64"})
  void eachSliceHasOneOwnerAndWorkersOwnAboutTheSame(int slices, int workers) {
    SliceOwners owners = new SliceOwners(slices, workers);
    List<Integer> owned = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      owned.addAll(owners.averagedBy(worker));
      assertThat(owners.averagedBy(worker).size())
          .isBetween(slices / workers, (slices + workers - 1) / workers);
      List<Integer> all = new ArrayList<>(owners.averagedBy(worker));
      all.addAll(owners.averagedByOthers(worker));
      assertThat(all).containsExactlyInAnyOrderElementsOf(numbers(slices));
      assertThat(owners.order(worker)).containsExactlyInAnyOrderElementsOf(numbers(slices));
    }
    assertThat(owned).containsExactlyInAnyOrderElementsOf(numbers(slices));
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "2"})
  void eachWorkerAveragesTheSliceOfAModelOfOneSlice(int worker) {
    SliceOwners owners = new SliceOwners(1, 3);

    assertThat(owners.averagedBy(worker)).containsExactly(0);
    assertThat(owners.averagedByOthers(worker)).isEmpty();
  }

  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }
}
