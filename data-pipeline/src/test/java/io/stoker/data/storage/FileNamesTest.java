package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileNamesTest {
  @TempDir private Path folder;

  @Test
  void knowsUtf8ByItsNames() {
    assertThat(List.of("UTF-8", "utf8", "utf-8")).allMatch(FileNames::areUnicode);
    assertThat(List.of("ANSI_X3.4-1968", "ISO-8859-1", "UTF-16")).noneMatch(FileNames::areUnicode);
  }

  @Test
  void anAsciiProcessListsAsciiNames() throws IOException {
    Files.createFile(folder.resolve("apple"));
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(folder.toString());

    FileStatus[] listed = AsciiLocalFileSystem.of(path, new Configuration()).listStatus(path);

    assertThat(listed).extracting(status -> status.getPath().getName()).containsExactly("apple");
  }

  @Test
  void anAsciiProcessRefusesAFolderWithOtherNames() throws IOException {
    Files.createFile(folder.resolve("apple"));
    Files.createFile(folder.resolve("Äpfel"));
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(folder.toString());

    assertThatThrownBy(() -> AsciiLocalFileSystem.of(path, new Configuration()).listStatus(path))
        .isInstanceOf(ResourceException.class)
        .hasMessageContainingAll("Cannot read all names in " + folder, "LC_ALL=C.UTF-8");
    assertThatThrownBy(
            () ->
                AsciiLocalFileSystem.of(
                    new org.apache.hadoop.fs.Path(path, "Äpfel"), new Configuration()))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("Cannot read all names in ");
  }

  /** The test itself runs as UTF-8 or not; a process of its own does not. */
  @Test
  void aProcessInThePosixLocaleRefusesRatherThanLosesFiles() throws Exception {
    Files.createDirectories(folder.resolve("images/Äpfel"));
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Listing.class.getName(),
                folder.resolve("images").toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("LC_ALL", "C");

    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

    assertThat(process.waitFor()).isZero();
    assertThat(out).startsWith("ResourceException: Cannot read all names in ");
  }

  /** Lists a folder as a command does. */
  static final class Listing {
    private Listing() {}

    public static void main(String[] arguments) throws IOException {
      org.apache.hadoop.fs.Path path = Storage.path(arguments[0]);
      try {
        System.out.println(Storage.of(path, new Configuration()).listStatus(path).length);
      } catch (ResourceException e) {
        System.out.println("ResourceException: " + e.getMessage());
      }
    }
  }
}
