// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.models.spec.Shape;
import org.junit.jupiter.api.Test;

class ByteImagesTest {
  private static final Shape SHAPE = new Shape(1, 2, 3);
  private static final byte[] TWO = {1, 2, 3, 4, 5, (byte) 255, 7, 8, 9, 10, 11, 12};

  /** Of channel c, pixel p has the value 1000 c + p. */
  private static float[][] values(int channels) {
    float[][] values = new float[channels][256];
    for (int channel = 0; channel < channels; channel++) {
      for (int pixel = 0; pixel < 256; pixel++) {
        values[channel][pixel] = 1000 * channel + pixel;
      }
    }
    return values;
  }

  @Test
  void areNormalizedByTheTableOfTheirChannel() {
    assertThat(new ByteImages(TWO, values(3)).normalized(SHAPE, 2))
        .containsExactly(1, 4, 1002, 1005, 2003, 2255, 7, 10, 1008, 1011, 2009, 2012);
  }

  @Test
  void fewerThanThereAreMayBeNormalized() {
    assertThat(new ByteImages(TWO, values(3)).normalized(SHAPE, 1)).hasSize(6).startsWith(1, 4);
  }

  @Test
  void tooFewAreRefused() {
    assertThatThrownBy(() -> new ByteImages(TWO, values(3)).normalized(SHAPE, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("12 bytes")
        .hasMessageContaining("3 images");
  }

  @Test
  void valuesOfOtherChannelsAreRefused() {
    assertThatThrownBy(() -> new ByteImages(TWO, values(1)).check(SHAPE, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("values of 1 channels");
  }
}
