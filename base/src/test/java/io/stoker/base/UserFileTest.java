// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserFileTest {
  private static final int MAXIMUM = 8;

  @TempDir private Path folder;

  @Test
  void aRegularFileIsReadWholeAlsoThroughALink() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "12345678");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);

    assertThat(UserFile.read("Cannot read it", link, MAXIMUM))
        .isEqualTo("12345678".getBytes(StandardCharsets.UTF_8));
    assertThat(UserFile.read("Cannot read it", Files.createFile(folder.resolve("empty")), MAXIMUM))
        .isEmpty();
  }

  @Test
  void aFileThatIsTooLargeIsRefusedWhateverItsLength() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "123456789");
    assertRefused(file, "Cannot read it: larger than 8 bytes");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(1L << 40);
    }
    assertRefused(file, "Cannot read it: larger than 8 bytes");
  }

  @Test
  void whatIsNoRegularFileIsRefusedWithoutBeingOpened() throws IOException {
    assertRefused(folder, "Cannot read it: it is a folder (name a file)");
    assertRefused(folder.resolve("none"), "Cannot read it: there is no such file");
    for (String device : new String[] {"/dev/zero", "/dev/tty", "/dev/stdin"}) {
      if (Files.exists(Path.of(device)) && !Files.isRegularFile(Path.of(device))) {
        assertRefused(
            Files.createSymbolicLink(
                folder.resolve("link-to" + device.replace('/', '-')), Path.of(device)),
            "Cannot read it: it is a named pipe, socket or device (copy it to a file first)");
      }
    }
  }

  /** A pseudo-file that says it is empty, of which some wait for what is to come. */
  @Test
  void aFileOfTheKernelsIsTakenAtItsWord() {
    Path endless = Path.of("/proc/self/status");
    assumeThat(endless).exists();
    assertThat(UserFile.read("Cannot read it", endless, MAXIMUM)).isEmpty();
  }

  private static void assertRefused(Path file, String message) {
    assertThatThrownBy(() -> UserFile.read("Cannot read it", file, MAXIMUM))
        .isInstanceOf(InputException.class)
        .hasMessage(message);
  }
}
