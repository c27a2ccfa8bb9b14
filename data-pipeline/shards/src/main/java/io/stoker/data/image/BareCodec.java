// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.IOException;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * A codec library used as its own documentation says, without Stoker's checks: the baseline that a
 * loader is compared with. It belongs to one thread.
 */
public final class BareCodec implements AutoCloseable {
  private final ImageReader reader;

  /**
   * @param encoding of the images, {@code jpeg} or {@code png}
   */
  public BareCodec(String encoding) {
    reader = encoding.equals("jpeg") ? ImageReaders.plainJpeg() : ImageReaders.of(ImageFormat.PNG);
  }

  /**
   * Decodes an image, and drops it.
   *
   * @return its width
   * @throws IOException if the codec cannot read it
   */
  public int decode(byte[] source, int offset, int length) throws IOException {
    try (ImageInputStream in = new ByteArrayImageInputStream(source, offset, length)) {
      reader.setInput(in, true, true);
      return reader.read(0).getWidth();
    }
  }

  @Override
  public void close() {
    reader.dispose();
  }
}
