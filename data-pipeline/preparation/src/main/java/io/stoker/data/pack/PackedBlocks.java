// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The items of a task in blocks of about a megabyte, which Spark keeps and reads back as arrays of
 * bytes.
 */
final class PackedBlocks implements Iterator<byte[]> {
  private static final int BLOCK_BYTES = 1 << 20;

  private final Iterator<PackedItem> items;

  private PackedBlocks(Iterator<PackedItem> items) {
    this.items = items;
  }

  /** Blocks of items. */
  static Iterator<byte[]> of(Iterator<PackedItem> items) {
    return new PackedBlocks(items);
  }

  @Override
  public boolean hasNext() {
    return items.hasNext();
  }

  @Override
  public byte[] next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    try {
      while (bytes.size() < BLOCK_BYTES && items.hasNext()) {
        PackedItemFormat.write(items.next(), out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * The items of a block that are of one type.
   *
   * @param <T> the type
   */
  static <T extends PackedItem> Iterator<T> items(byte[] block, Class<T> type) {
    ByteArrayInputStream bytes = new ByteArrayInputStream(block);
    DataInputStream in = new DataInputStream(bytes);
    return new Iterator<>() {
      private T next = advance();

      private T advance() {
        try {
          while (bytes.available() > 0) {
            PackedItem item = PackedItemFormat.read(in);
            if (type.isInstance(item)) {
              return type.cast(item);
            }
          }
          return null;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }

      @Override
      public boolean hasNext() {
        return next != null;
      }

      @Override
      public T next() {
        if (next == null) {
          throw new NoSuchElementException();
        }
        T result = next;
        next = advance();
        return result;
      }
    };
  }
}
