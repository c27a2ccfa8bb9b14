// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class LocalFilesTest {
  @TempDir java.nio.file.Path folder;

  @Test
  void newFilesAndFoldersHaveThePermissionsThatHadoopIsToGiveThem() throws IOException {
    make("027");

    assertThat(permissions("inner")).isEqualTo("rwxr-x---");
    assertThat(permissions("inner/file")).isEqualTo("rw-r-----");
  }

  @Test
  void withHadoopsDefaultTheyHaveThoseOfTheProcess() throws IOException {
    Files.createFile(Files.createDirectory(folder.resolve("plain")).resolve("file"));
    make("022");

    assertThat(permissions("inner")).isEqualTo(permissions("plain"));
    assertThat(permissions("inner/file")).isEqualTo(permissions("plain/file"));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whyAFolderCannotBeMadeIsSaid() {
    Path folder = new Path("/proc/none/run");

    assertThatThrownBy(() -> Storage.of(folder, new Configuration()).mkdirs(folder))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("/proc/none");
  }

  private void make(String umask) throws IOException {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.permissions.umask-mode", umask);
    hadoop.setBoolean("fs.file.impl.disable.cache", true);
    Path inner = new Path(folder.resolve("inner").toUri());
    FileSystem fileSystem = Storage.of(inner, hadoop);

    fileSystem.mkdirs(inner);
    fileSystem.create(new Path(inner, "file"), true).close();
  }

  private String permissions(String name) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name)));
  }
}
