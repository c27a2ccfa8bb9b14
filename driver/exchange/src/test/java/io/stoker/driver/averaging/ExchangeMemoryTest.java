// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.cluster.ProcessMemory;
import io.stoker.driver.slice.ParameterSlices;
import org.junit.jupiter.api.Test;

class ExchangeMemoryTest {
  private static final long MEBIBYTE = 1 << 20;

  /** 64 MiB of parameters, and the momentum of the workers: slices of 8 MiB of each. */
  private static final ParameterSlices SLICES =
      new ParameterSlices(0, 16 * MEBIBYTE, 2, false, (int) (2 * MEBIBYTE));

  @Test
  void countsSlicesOnceAndTheRestForEachWorker() {
    ExchangeMemory two = new ExchangeMemory(SLICES, 2, false);

    long each = 64 * MEBIBYTE + 32 * MEBIBYTE + 2 * 16 * MEBIBYTE;
    assertThat(two.bytes(1)).isEqualTo(4 * 128 * MEBIBYTE + each);
    assertThat(two.bytes(2)).isEqualTo(4 * 128 * MEBIBYTE + 2 * each);
    assertThat(new ExchangeMemory(SLICES, 4, false).bytes(1) - two.bytes(1))
        .isEqualTo(32 * MEBIBYTE);
  }

  /** The owners of slices are known when a round has ended. */
  @Test
  void aWorkerOfAQuorumHoldsItsPiecesOfAllSlices() {
    assertThat(new ExchangeMemory(SLICES, 2, true).bytes(3))
        .isEqualTo(new ExchangeMemory(SLICES, 2, false).bytes(3) + 3 * 64 * MEBIBYTE);
  }

  @Test
  void leavesTwoFifthsOfTheHeap() {
    ExchangeMemory memory = new ExchangeMemory(SLICES, 2, false);

    assertThat(memory.obstacle(1, heap(1_067 * MEBIBYTE))).isEmpty();
    assertThat(memory.obstacle(1, heap(1_066 * MEBIBYTE)))
        .contains(
            "1 on an executor take a heap of 1,067 MiB, and it has 1,066 (--executor-memory)");
    assertThat(memory.obstacle(2, heap(1_067 * MEBIBYTE))).isPresent();
  }

  private static ProcessMemory heap(long bytes) {
    return new ProcessMemory("an executor", bytes, 0, "--executor-memory");
  }
}
