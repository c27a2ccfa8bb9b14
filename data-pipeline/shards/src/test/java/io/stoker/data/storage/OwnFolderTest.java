// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnFolderTest {
  @TempDir private Path disk;

  private Path root;
  private Path foreign;
  private OwnFolder folder;

  @BeforeEach
  void setUp() throws IOException {
    root = Files.createDirectory(disk.resolve("run"));
    foreign = Files.createDirectories(disk.resolve("other/000001"));
    Files.writeString(foreign.resolve("model.zip"), "another run's");
    folder = OwnFolder.at(hadoop(root), new Configuration());
  }

  @Test
  void deletesAFileAndAnEmptyFolder() throws IOException {
    Path file = Files.createFile(root.resolve("file"));
    Path empty = Files.createDirectory(root.resolve("empty"));

    assertThat(folder.delete(hadoop(file))).isTrue();
    assertThat(folder.delete(hadoop(empty))).isTrue();
    assertThat(folder.delete(hadoop(root.resolve("nothing")))).isTrue();
    assertThat(root).isEmptyDirectory();
  }

  @Test
  void deletesNoFolderThatHoldsSomething() throws IOException {
    Path inner = Files.createDirectories(root.resolve("a/b"));

    assertThatThrownBy(() -> folder.delete(hadoop(inner.getParent())))
        .isInstanceOf(IOException.class);
    assertThat(inner).exists();
  }

  @Test
  void leavesALinkAndWhatIsReachedThroughOne() throws IOException {
    Path link = Files.createSymbolicLink(root.resolve("000001"), foreign);
    Path toFile = Files.createSymbolicLink(root.resolve("file"), foreign.resolve("model.zip"));
    Path broken = Files.createSymbolicLink(root.resolve("broken"), disk.resolve("nothing"));

    assertThat(folder.delete(hadoop(link))).isFalse();
    assertThat(folder.delete(hadoop(link.resolve("model.zip")))).isFalse();
    assertThat(folder.delete(hadoop(toFile))).isFalse();
    assertThat(folder.delete(hadoop(broken))).isFalse();
    assertThat(folder.deleteTree(hadoop(link))).isFalse();
    assertThat(folder.linkTo(hadoop(link.resolve("model.zip")))).contains(hadoop(link));
    assertThat(foreign.resolve("model.zip")).hasContent("another run's");
    assertThat(root).isDirectoryContaining("glob:**/broken");
  }

  @Test
  void deletesATreeAndItsLinksButNotWhatTheyLeadTo() throws IOException {
    Path tree = Files.createDirectories(root.resolve("tree/inner"));
    Files.writeString(tree.resolve("file"), "ours");
    Files.createSymbolicLink(tree.resolve("link"), foreign);

    assertThat(folder.deleteTree(hadoop(root.resolve("tree")))).isTrue();
    assertThat(folder.deleteTree(hadoop(root.resolve("nothing")))).isTrue();

    assertThat(root).isEmptyDirectory();
    assertThat(foreign.resolve("model.zip")).exists();
  }

  @Test
  void mayItselfBeGivenThroughALink() throws IOException {
    Path link = Files.createSymbolicLink(disk.resolve("link"), root);
    Files.createFile(root.resolve("file"));

    OwnFolder linked = OwnFolder.at(hadoop(link), new Configuration());

    assertThat(linked.delete(hadoop(link.resolve("file")))).isTrue();
    assertThat(root).isEmptyDirectory();
  }

  @Test
  void deletesItselfWhenItIsEmptyOnly() throws IOException {
    Path file = Files.createFile(root.resolve("a"));

    assertThatThrownBy(folder::deleteEmpty).isInstanceOf(IOException.class);
    assertThat(file).exists();

    Files.delete(file);
    folder.deleteEmpty();
    assertThat(root).doesNotExist();
  }

  @Test
  void deletesNoLinkWhenTheProcessEnds() throws IOException {
    Files.createSymbolicLink(root.resolve("link"), foreign);
    Files.createDirectory(root.resolve("mine"));

    assertThat(folder.deleteOnExit(hadoop(root.resolve("link")))).isFalse();
    assertThat(folder.deleteOnExit(hadoop(root.resolve("link/deeper")))).isFalse();
    assertThat(folder.deleteOnExit(hadoop(root.resolve("mine")))).isTrue();
    FoldersOnExit.delete(); // as at the end of the process

    assertThat(root.resolve("mine")).doesNotExist();
    assertThat(foreign.resolve("model.zip")).exists();
  }

  @Test
  void deletesAFolderThatDidNotExistYetWhenTheProcessEnds() throws IOException {
    Path staging = root.resolve("staging");

    assertThat(folder.deleteOnExit(hadoop(staging))).isTrue();
    Files.createFile(Files.createDirectories(staging.resolve("inner")).resolve("file"));
    FoldersOnExit.delete();

    assertThat(root).isEmptyDirectory();
  }

  @Test
  void leavesAFolderThatWasDeletedBeforeTheProcessEnds() throws IOException {
    Path staging = Files.createDirectory(root.resolve("staging"));
    folder.deleteOnExit(hadoop(staging));
    folder.deleteTree(hadoop(staging));
    Files.createDirectory(staging); // by another process

    FoldersOnExit.delete();

    assertThat(staging).exists();
  }

  @Test
  void refusesWhatIsNotInIt() {
    for (Path outside :
        new Path[] {root, disk, foreign, root.resolve("../other/000001/model.zip")}) {
      assertThatThrownBy(() -> folder.delete(hadoop(outside)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is not below");
    }
    assertThat(foreign.resolve("model.zip")).exists();
  }

  private static org.apache.hadoop.fs.Path hadoop(Path path) {
    // Not by a URI, which would resolve links and "..".
    return new org.apache.hadoop.fs.Path("file:" + path);
  }
}
