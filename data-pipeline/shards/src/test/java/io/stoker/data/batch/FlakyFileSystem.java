// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import java.io.IOException;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** A local disk that stumbles as often as a test wants. */
public final class FlakyFileSystem extends RawLocalFileSystem {
  /** How many of the next files cannot be opened. */
  static final AtomicInteger failures = new AtomicInteger();

  /** How many of the next streams end after {@value #SHORT} bytes. */
  static final AtomicInteger cuts = new AtomicInteger();

  private static final int SHORT = 1000;

  @Override
  public URI getUri() {
    return URI.create("flaky:///");
  }

  @Override
  public String getScheme() {
    return "flaky";
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    if (takes(failures)) {
      throw new IOException("a flaky network");
    }
    FSDataInputStream whole = super.open(path, bufferSize);
    return takes(cuts) ? new FSDataInputStream(new CutStream(whole)) : whole;
  }

  private static boolean takes(AtomicInteger faults) {
    return faults.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
  }

  /** The beginning of a stream. */
  private static final class CutStream extends FSInputStream {
    private final FSDataInputStream whole;

    CutStream(FSDataInputStream whole) {
      this.whole = whole;
    }

    @Override
    public int read() throws IOException {
      return whole.getPos() < SHORT ? whole.read() : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int left = (int) Math.max(0, SHORT - whole.getPos());
      return left == 0 ? -1 : whole.read(target, offset, Math.min(length, left));
    }

    @Override
    public void seek(long position) throws IOException {
      whole.seek(position);
    }

    @Override
    public long getPos() throws IOException {
      return whole.getPos();
    }

    @Override
    public boolean seekToNewSource(long position) {
      return false;
    }

    @Override
    public void close() throws IOException {
      whole.close();
    }
  }
}
