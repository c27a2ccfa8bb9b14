// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParameterSlicesTest {
  @ParameterizedTest
  @CsvSource({"1,1", "10,3", "12,3", "13,3", "62378344,1048576", "5000000000,500000000"})
  void slicesCoverEachValueOnce(long parameters, int sliceLength) {
    ParameterSlices slices = new ParameterSlices(parameters, 1, sliceLength);

    long next = 0;
    for (int slice = 0; slice < slices.count(); slice++) {
      assertThat(slices.offset(slice)).isEqualTo(next);
      assertThat(slices.length(slice)).isBetween(1, sliceLength);
      next += slices.length(slice);
    }
    assertThat(next).isEqualTo(parameters);
  }

  @ParameterizedTest
  @CsvSource({
    "61706,2,2,1", // one, where the model is small
    "62378344,1,2,15", // of 16 MiB
    "62378344,2,2,60", // of 8 MiB, half of them momentum
    "62378344,1,64,64", // one a worker
    "62378344,2,64,123", // as many pieces as 256 MiB hold
    "62378344,1,100000,238"
  })
  void slicesAreAsLargeAsATaskCanHoldAndAtLeastAsManyAsWorkers(
      long parameters, int vectors, int workers, int count) {
    int length = ParameterSlices.fittingLength(parameters, vectors, workers);

    assertThat(new ParameterSlices(parameters, vectors, length).count()).isEqualTo(count);
  }

  @ParameterizedTest
  @CsvSource({"1,40", "2,80"})
  void slicesHoldEachVectorThatWorkersSend(int vectors, int bytes) {
    assertThat(new ParameterSlices(100, vectors, 10).bytes(3)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({"1073741824,3", "2147483644,3"})
  void slicesMayBeLargerThanTheModel(int sliceBytes, int vectors) {
    ParameterSlices slices =
        new ParameterSlices(61_706, vectors, ParameterSlices.lengthOf(sliceBytes));

    assertThat(slices.count()).isEqualTo(1);
    assertThat(slices.bytes(0)).isEqualTo(61_706 * Float.BYTES * vectors);
  }

  @Test
  void aSliceThatNoArrayCanHoldIsRefused() {
    int length = ParameterSlices.lengthOf(1 << 30);

    assertThat(new ParameterSlices(1L << 33, 1, length).bytes(0)).isEqualTo(1 << 30);
    assertThatThrownBy(() -> new ParameterSlices(1L << 33, 2, length))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Invalid slice size: a slice of 2 vectors would have 2147483648 bytes (must be <="
                + " 2146435071: say fewer slice-bytes)");
  }
}
