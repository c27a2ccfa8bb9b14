// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;

/** Tables that map each uint8 value of each channel to its new value. */
final class ToneTables {
  private ToneTables() {}

  /** Tables that change nothing. */
  static byte[][] create(int channels) {
    byte[][] tables = new byte[channels][256];
    reset(tables);
    return tables;
  }

  static void reset(byte[][] tables) {
    for (byte[] table : tables) {
      for (int value = 0; value < 256; value++) {
        table[value] = (byte) value;
      }
    }
  }

  /** Changes an image {@code [height, width, channels]} in place. */
  static void apply(byte[][] tables, byte[] pixels, ImageShape shape) {
    int channels = shape.channels();
    for (int channel = 0; channel < channels; channel++) {
      byte[] table = tables[channel];
      for (int i = channel; i < shape.bytes(); i += channels) {
        pixels[i] = table[pixels[i] & 0xFF];
      }
    }
  }
}
