// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFolderTest {
  private static final String NAME = "stoker/native";

  @TempDir private Path folder;
  private Path home;
  private Path temporary;
  private PrivateFolder folders;

  @BeforeEach
  void make() throws IOException {
    home = Files.createDirectory(folder.resolve("home"));
    temporary = Files.createDirectory(folder.resolve("tmp"));
    setMode(temporary, 01777);
    folders = new PrivateFolder(home, temporary, "me", false);
  }

  @Test
  void isInTheHomeForItsUserAlone() throws IOException {
    Path found = folders.find(NAME);

    assertThat(found).isEqualTo(home.resolve(".cache/stoker/native")).isDirectory();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(found)))
        .isEqualTo("rwx------");
    assertThat(folders.find(NAME)).isEqualTo(found);
  }

  @Test
  void isAmongTemporaryFilesWhereThereIsNoHome() throws IOException {
    for (String none : new String[] {"/nonexistent", "?", ""}) {
      Path found = new PrivateFolder(Path.of(none), temporary, "me", false).find(NAME);

      assertThat(found).isEqualTo(temporary.resolve("stoker-native-me"));
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(found)))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void isNotInAHomeThatOthersMayWriteTo() throws IOException {
    setMode(home, 0777);

    assertThat(folders.find(NAME)).isEqualTo(temporary.resolve("stoker-native-me"));
  }

  @Test
  void isNotTheOneThatOthersMayWriteTo() throws IOException {
    setMode(folders.find(NAME), 0777);

    assertThat(folders.find(NAME)).isEqualTo(temporary.resolve("stoker-native-me"));
  }

  @Test
  void isAFreshOneWhereSomeoneHasPutALinkInItsPlace() throws IOException {
    Path trap = Files.createDirectory(folder.resolve("trap"));
    Files.createSymbolicLink(temporary.resolve("stoker-native-me"), trap);

    Path found = new PrivateFolder(Path.of("/nonexistent"), temporary, "me", false).find(NAME);

    assertThat(found.getParent()).isEqualTo(temporary);
    assertThat(found.getFileName().toString()).startsWith("stoker-native-");
    assertThat(found).isNotEqualTo(temporary.resolve("stoker-native-me")).isDirectory();
    assertThat(trap).isEmptyDirectory();
  }

  @Test
  void isAFreshOneWhereAnotherUserHasMadeOne() throws IOException {
    Path foreign = Files.createDirectory(temporary.resolve("stoker-native-me"));
    assumeThat(System.getProperty("user.name")).as("only root gives files away").isEqualTo("root");
    Files.setOwner(
        foreign,
        FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));

    assertThat(new PrivateFolder(Path.of("/nonexistent"), temporary, "me", false).find(NAME))
        .isNotEqualTo(foreign);
    assertThatThrownBy(() -> folders.require(foreign))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("it belongs to nobody");
  }

  @Test
  void isRefusedWhereAnyoneCanReplaceIt() throws IOException {
    setMode(temporary, 0777);

    assertThatThrownBy(
            () -> new PrivateFolder(Path.of("/nonexistent"), temporary, "me", false).find(NAME))
        .isInstanceOf(ResourceException.class)
        .hasMessageContainingAll(
            "Cannot unpack native libraries in " + temporary,
            "others may write to " + temporary.toRealPath(),
            "HOME");
  }

  @Test
  void aChosenOneIsRefusedIfOthersMayWriteToIt() throws IOException {
    Path chosen = folder.resolve("chosen");
    folders.require(chosen);
    setMode(chosen, 0777);

    assertThatThrownBy(() -> folders.require(chosen))
        .isInstanceOf(ResourceException.class)
        .hasMessage(
            "Cannot unpack native libraries in "
                + chosen
                + ": others may write to it (chmod 700 makes it private)");
  }

  private static void setMode(Path path, int mode) throws IOException {
    Files.setAttribute(path, "unix:mode", mode);
  }

  /** As in a pod, whose volume for temporary files everybody may write to. */
  @Test
  void takesAFolderForEverybodyWhereThereIsNobodyElse() throws IOException {
    setMode(temporary, 0777);

    assertThat(new PrivateFolder(Path.of("/nonexistent"), temporary, "me", true).find(NAME))
        .startsWith(temporary.toRealPath());
  }
}
