// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import io.stoker.driver.spark.RecordFormat;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * How a piece is written to shuffle files and blocks. After the slice's number: worker (int32),
 * executor (modified UTF-8), examples (int64), length of the content (int32), the content; all but
 * the content big-endian.
 */
public record WorkerSliceFormat() implements RecordFormat<WorkerSlice> {
  /**
   * How many bytes are read at once. The stream of a file takes native memory for each read, and
   * above some size maps it again each time.
   */
  private static final int READ_BYTES = 1 << 16;

  @Override
  public int partition(WorkerSlice piece) {
    return piece.slice();
  }

  @Override
  public void writeHeader(WorkerSlice piece, DataOutput out) throws IOException {
    out.writeInt(piece.worker());
    out.writeUTF(piece.executor());
    out.writeLong(piece.examples());
    out.writeInt(piece.content().remaining());
  }

  @Override
  public byte[] content(WorkerSlice piece) {
    return piece.array();
  }

  @Override
  public WorkerSlice read(int slice, DataInput in) throws IOException {
    int worker = in.readInt();
    String executor = in.readUTF();
    long examples = in.readLong();
    byte[] content = new byte[in.readInt()];
    for (int from = 0; from < content.length; from += READ_BYTES) {
      in.readFully(content, from, Math.min(READ_BYTES, content.length - from));
    }
    return new WorkerSlice(slice, worker, executor, examples, ByteBuffer.wrap(content));
  }
}
