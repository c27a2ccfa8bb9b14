// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.safetensors;

import io.stoker.base.HalfPrecision;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;

/** The types of values in safetensors files, as their headers name them. */
enum TensorType {
  F64(8, true),
  F32(4, true),
  F16(2, true),
  BF16(2, true),
  F8_E4M3(1, false),
  F8_E5M2(1, false),
  I64(8, false),
  U64(8, false),
  I32(4, false),
  U32(4, false),
  I16(2, false),
  U16(2, false),
  I8(1, false),
  U8(1, false),
  BOOL(1, false);

  private final int bytes;
  private final boolean real;

  TensorType(int bytes, boolean real) {
    this.bytes = bytes;
    this.real = real;
  }

  static Optional<TensorType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /** Bytes of a value. */
  int bytes() {
    return bytes;
  }

  /** Whether values of the type can be parameters. */
  boolean isReal() {
    return real;
  }

  /**
   * Converts little-endian values to fp32.
   *
   * @param source as many values as target has room for
   */
  void convert(ByteBuffer source, FloatBuffer target) {
    switch (this) {
      case F32 -> target.put(source.asFloatBuffer());
      case F64 -> {
        while (target.hasRemaining()) {
          target.put((float) source.getDouble());
        }
      }
      case BF16 -> {
        while (target.hasRemaining()) {
          target.put(HalfPrecision.bfloat16(source.getShort()));
        }
      }
      case F16 -> {
        while (target.hasRemaining()) {
          target.put(HalfPrecision.toFloat(source.getShort()));
        }
      }
      default -> throw new IllegalStateException(name());
    }
  }
}
