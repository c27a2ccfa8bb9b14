// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ImageFilesTest {
  private final Storage storage = new Storage();

  /** A storage whose files cannot be opened, and that may have gone as a whole. */
  private static final class Storage extends RawLocalFileSystem {
    private boolean gone;

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
      throw new IOException("a part of the file is on a lost disk");
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
      if (gone) {
        throw new ConnectException("Connection refused");
      }
      return super.getFileStatus(path);
    }
  }

  @BeforeEach
  void open() throws IOException {
    storage.initialize(URI.create("file:///"), new Configuration());
  }

  @Test
  void aFileThatCannotBeReadIsAnImageLess() {
    for (String file : new String[] {"/proc/self/maps", "/nowhere/at/all.png"}) {
      assertThat(ImageFiles.readListed(storage, new Path(file), 10))
          .isEqualTo(
              new SourceImage.Unreadable("cannot be read: a part of the file is on a lost disk"));
    }
  }

  /** Or else each image would be tried for minutes. */
  @Test
  void aStorageThatHasGoneIsAFailureOfAll() {
    storage.gone = true;

    assertThatThrownBy(() -> ImageFiles.readListed(storage, new Path("/photos/ant/1.png"), 10))
        .isInstanceOf(ResourceException.class)
        .hasMessage("Cannot read /photos/ant: Connection refused");
  }
}
