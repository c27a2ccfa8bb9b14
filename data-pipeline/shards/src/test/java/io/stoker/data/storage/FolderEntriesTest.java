// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.Fifo;
import io.stoker.data.RawNames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FolderEntriesTest {
  @TempDir private Path folder;

  private static org.apache.hadoop.fs.Path hadoop(Path path) {
    return new org.apache.hadoop.fs.Path(path.toUri());
  }

  private List<FolderEntry> list() throws IOException {
    FileSystem fileSystem = Storage.of(hadoop(folder), new Configuration());
    return FolderEntries.of(fileSystem, hadoop(folder));
  }

  @Test
  void hasFilesAndFoldersByName() throws IOException {
    Files.writeString(folder.resolve("b: x.png"), "four");
    Files.createDirectory(folder.resolve("Äpfel"));
    Files.writeString(folder.resolve(".hidden"), "");
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("b: x.png"));
    Files.createSymbolicLink(folder.resolve("to folder"), folder.resolve("Äpfel"));

    List<FolderEntry> entries = list();

    assertThat(entries)
        .extracting(FolderEntry::name)
        .containsExactly(".hidden", "b: x.png", "link", "to folder", "Äpfel");
    FolderEntry.File file = (FolderEntry.File) entries.get(1);
    assertThat(file.length()).isEqualTo(4);
    assertThat(file.link()).isFalse();
    assertThat(new String(read(file), StandardCharsets.UTF_8)).isEqualTo("four");
    assertThat(((FolderEntry.File) entries.get(2)).link()).isTrue();
    assertThat(((FolderEntry.Folder) entries.get(3)).link()).isTrue();
    assertThat(((FolderEntry.Folder) entries.get(4)).link()).isFalse();
  }

  private static byte[] read(FolderEntry.File file) throws IOException {
    try (var in = Storage.of(file.path(), new Configuration()).open(file.path())) {
      return in.readAllBytes();
    }
  }

  @Test
  void hasLinksThatLeadNowhereOnceEach() throws IOException {
    Files.createSymbolicLink(folder.resolve("lost.png"), folder.resolve("nowhere"));
    Files.createSymbolicLink(folder.resolve("loop"), folder.resolve("loop"));
    assertThat(list())
        .containsExactly(
            new FolderEntry.Special("loop", "a link that leads nowhere"),
            new FolderEntry.Special("lost.png", "a link that leads nowhere"));
  }

  @Test
  void hasEachFileWhoseNameIsNotUtf8() throws IOException {
    Files.write(RawNames.in(folder, "caf%E9.png"), new byte[1]);
    Files.write(RawNames.in(folder, "%FF%FE"), new byte[1]);
    Files.write(folder.resolve("café.png"), new byte[1]);
    Path unnameable = Files.createDirectory(RawNames.in(folder, "%80%20folder"));
    Files.write(unnameable.resolve("1.png"), new byte[1]);
    Files.write(
        RawNames.in(Files.createDirectory(unnameable.resolve("deep")), "%C3.png"), new byte[1]);
    Files.createDirectory(unnameable.resolve("empty"));

    List<FolderEntry> entries = list();

    assertThat(entries)
        .filteredOn(FolderEntry.Unnameable.class::isInstance)
        .extracting(FolderEntry::name, entry -> ((FolderEntry.Unnameable) entry).reason())
        .containsExactly(
            Tuple.tuple("\\x80 folder/1.png", "its name is not valid UTF-8 (rename it)"),
            Tuple.tuple("\\x80 folder/deep/\\xC3.png", "its name is not valid UTF-8 (rename it)"),
            Tuple.tuple("\\xFF\\xFE", "its name is not valid UTF-8 (rename it)"),
            Tuple.tuple("caf\\xE9.png", "its name is not valid UTF-8 (rename it)"));
    assertThat(entries)
        .filteredOn(FolderEntry.File.class::isInstance)
        .extracting(FolderEntry::name)
        .containsExactly("café.png");
  }

  @Test
  void hasPipesAndNeverOpensThem() throws IOException {
    Path pipe = Fifo.make(folder.resolve("pipe.png"));
    assertThat(list())
        .containsExactly(
            new FolderEntry.Special("pipe.png", "a named pipe, socket or device, not a file"));
    FileSystem fileSystem = Storage.of(hadoop(pipe), new Configuration());
    assertThat(Storage.isSpecial(fileSystem, hadoop(pipe))).isTrue();
    assertThatThrownBy(() -> fileSystem.open(hadoop(pipe)).close())
        .isInstanceOf(NotAFileException.class)
        .hasMessageContaining("pipe.png is a named pipe, socket or device");
    org.apache.hadoop.fs.Path device = new org.apache.hadoop.fs.Path("/dev/zero");
    assertThatThrownBy(() -> fileSystem.open(device).close()).isInstanceOf(NotAFileException.class);
  }
}
