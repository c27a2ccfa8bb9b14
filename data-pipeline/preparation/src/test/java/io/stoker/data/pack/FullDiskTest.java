// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestImages;
import io.stoker.data.TestSpark;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.source.ImageSources;
import io.stoker.failure.ResourceException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FullDiskTest {
  @TempDir private Path folder;

  /** A disk on which no file fits that is longer than 10,000 bytes. */
  public static final class FullFileSystem extends RawLocalFileSystem {
    private static final int ROOM = 10_000;

    @Override
    public URI getUri() {
      return URI.create("full:///");
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        FsPermission permission,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      return full(
          super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress));
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      return full(super.create(file, overwrite, bufferSize, replication, blockSize, progress));
    }

    private static FSDataOutputStream full(OutputStream out) throws IOException {
      return new FSDataOutputStream(
          new FilterOutputStream(out) {
            private long written;

            @Override
            public void write(int value) throws IOException {
              write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
              written += length;
              if (written > ROOM) {
                throw new IOException("No space left on device");
              }
              out.write(bytes, offset, length);
            }
          },
          null);
    }
  }

  @Test
  void saysSoAndLeavesNothingBehind() throws IOException {
    TestImages.writeFolders(folder.resolve("in"), 40, 10, "ant", "bee");
    try (JavaSparkContext spark = TestSpark.local(2)) {
      Configuration hadoop = spark.hadoopConfiguration();
      hadoop.setClass("fs.full.impl", FullFileSystem.class, org.apache.hadoop.fs.FileSystem.class);
      PrepareOptions options =
          PrepareOptions.builder()
              .source(ImageSources.named("folder"))
              .input(new org.apache.hadoop.fs.Path(folder.resolve("in").toUri()))
              .output(new org.apache.hadoop.fs.Path("full:" + folder.resolve("out")))
              .encoding(new ShardEncoding.Raw())
              .build();
      assertThatThrownBy(() -> new PrepareJob(spark, options).run())
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining("No space left to prepare");
    }
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
