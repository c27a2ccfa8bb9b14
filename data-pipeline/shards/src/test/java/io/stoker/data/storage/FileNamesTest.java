// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.failure.ResourceException;
import io.stoker.testing.Exact;
import io.stoker.testing.OtherProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileNamesTest {
  @TempDir private Path folder;

  @Test
  void knowsUtf8ByItsNames() {
    assertThat(List.of("UTF-8", "utf8", "utf-8")).allMatch(FileNames::isUnicode);
    assertThat(List.of("ANSI_X3.4-1968", "ISO-8859-1", "UTF-16")).noneMatch(FileNames::isUnicode);
  }

  /** What the test's own process decodes depends on its locale; another one has that of C. */
  @Tag("slow")
  @Test
  void aProcessInThePosixLocaleListsAsciiNames() throws Exception {
    Files.createFile(folder.resolve("apple"));

    assertThat(listedInThePosixLocale(folder)).isEqualTo("1 1\n");
  }

  @Tag("slow")
  @Test
  @Exact
  void aProcessInThePosixLocaleRefusesRatherThanLosesFiles() throws Exception {
    Files.createFile(folder.resolve("apple"));
    Files.createDirectories(folder.resolve("Äpfel"));

    assertThat(listedInThePosixLocale(folder))
        .startsWith("ResourceException: Cannot read the name of " + folder + "/??pfel: ")
        .contains("LC_ALL=C.UTF-8");
    assertThat(listedInThePosixLocale(folder.resolve("Äpfel")))
        .startsWith("ResourceException: Cannot read the name of " + folder + "/??pfel: ");
  }

  private static String listedInThePosixLocale(Path folder) throws Exception {
    return OtherProcess.output(Listing.class, List.of(), Map.of("LC_ALL", "C"), folder.toString());
  }

  /** Lists a folder in both ways. */
  static final class Listing {
    private Listing() {}

    public static void main(String[] arguments) throws IOException {
      org.apache.hadoop.fs.Path path = Storage.path(arguments[0]);
      try {
        FileSystem fileSystem = Storage.of(path, new Configuration());
        int count = FolderEntries.of(fileSystem, path).size();
        System.out.println(fileSystem.listStatus(path).length + " " + count);
      } catch (ResourceException e) {
        System.out.println("ResourceException: " + e.getMessage());
      }
    }
  }
}
