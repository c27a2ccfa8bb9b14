// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.tensorboard;

import io.stoker.base.LittleEndian;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The records of a TFRecord file: the length as 8 bytes, its checksum, the data, its checksum, all
 * little-endian. A checksum is a CRC-32C, rotated right by 15 bits and with a constant added,
 * because the CRC of data that holds its own CRC says nothing (TensorFlow, {@code
 * lib/io/record_writer.h} and {@code lib/hash/crc32c.h}).
 */
final class EventRecords {
  private static final int MASK_DELTA = 0xa282ead8;
  private static final int FRAME_BYTES = Long.BYTES + 2 * Integer.BYTES;

  private EventRecords() {}

  /** Frames data as a record. */
  static byte[] framed(byte[] data) {
    byte[] framed = new byte[data.length + FRAME_BYTES];
    ByteBuffer record = LittleEndian.bytes(framed);
    record.putLong(data.length);
    record.putInt(maskedCrc(framed, Long.BYTES));
    record.put(data);
    record.putInt(maskedCrc(data, data.length));
    return framed;
  }

  /** Computes the masked checksum of the first bytes of an array. */
  static int maskedCrc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK_DELTA;
  }
}
