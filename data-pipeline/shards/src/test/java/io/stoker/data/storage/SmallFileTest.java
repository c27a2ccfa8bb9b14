// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.DamagedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class SmallFileTest {
  @TempDir Path folder;

  @Test
  void readsAFileUpToItsBound() throws IOException {
    Files.writeString(folder.resolve("a"), "12345");

    assertThat(read("a", 5)).asString().isEqualTo("12345");
    assertThatThrownBy(() -> read("a", 4))
        .isInstanceOf(DamagedException.class)
        .hasMessageEndingWith("a: it has more than 4 bytes");
  }

  /** The local disk as {@code full:/...}, without room. */
  public static final class NoRoom extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("full:///");
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
      super.create(file, overwrite, bufferSize, replication, blockSize, progress).close();
      return append(new org.apache.hadoop.fs.Path("/dev/full"), bufferSize, progress);
    }
  }

  /** Hadoop's local filesystem makes an Error of it. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskKeepsTheOldContentAndNoPartOfTheNew() throws IOException {
    Files.writeString(folder.resolve("a"), "old");
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.full.impl", NoRoom.class, FileSystem.class);

    assertThatThrownBy(
            () ->
                Storage.replace(
                    new org.apache.hadoop.fs.Path("full:" + folder.resolve("a")),
                    new byte[] {1},
                    hadoop))
        .hasStackTraceContaining("No space left on device");
    assertThat(folder.resolve("a")).hasContent("old");
    assertThat(folder.toFile().list()).containsExactly("a");
  }

  /** As the class of Hadoop's S3 client. */
  private static final class RemoteFileChangedException extends IOException {
    private static final long serialVersionUID = 1L;
  }

  @Test
  void isOpenedAgainWhereS3SaysThatItHasChanged() throws IOException {
    AtomicInteger attempts = new AtomicInteger();

    String read =
        Storage.readAgain(
            () -> {
              if (attempts.incrementAndGet() < 3) {
                throw new IOException("re-open", new RemoteFileChangedException());
              }
              return "read";
            });

    assertThat(read).isEqualTo("read");
    assertThat(attempts).hasValue(3);
    assertThatThrownBy(
            () ->
                Storage.readAgain(
                    () -> {
                      attempts.incrementAndGet();
                      throw new IOException("the endpoint is down");
                    }))
        .hasMessage("the endpoint is down");
    assertThat(attempts).hasValue(4);
  }

  @Test
  void tellsAbsentFromDamaged() throws IOException {
    Files.createFile(folder.resolve("empty"));
    Files.createDirectory(folder.resolve("folder"));

    assertThatThrownBy(() -> read("absent", 9)).isInstanceOf(FileNotFoundException.class);
    assertThatThrownBy(() -> read("empty", 9))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("it is empty");
    assertThatThrownBy(() -> read("folder", 9))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("it is a folder");
  }

  @Test
  @Timeout(60)
  void doesNotWaitForAPipe() throws Exception {
    new ProcessBuilder("mkfifo", folder.resolve("pipe").toString()).start().waitFor();

    assertThatThrownBy(() -> read("pipe", 9))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("it is no regular file");
  }

  private byte[] read(String name, int maximum) throws IOException {
    return SmallFile.read(
        new org.apache.hadoop.fs.Path(folder.resolve(name).toUri()), maximum, new Configuration());
  }
}
