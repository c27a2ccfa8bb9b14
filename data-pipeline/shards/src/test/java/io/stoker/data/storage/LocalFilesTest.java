// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalFilesTest {
  @TempDir java.nio.file.Path folder;

  /** With the umask that processes usually have, and with another. */
  @ParameterizedTest
  @CsvSource({"022, rw-r--r--, rwxr-xr-x", "027, rw-r-----, rwxr-x---"})
  void newFilesAndFoldersHaveHadoopsPermissions(String umask, String ofFile, String ofFolder)
      throws IOException {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.permissions.umask-mode", umask);
    hadoop.setBoolean("fs.file.impl.disable.cache", true);
    Path inner = new Path(folder.resolve("inner").toUri());
    FileSystem fileSystem = Storage.of(inner, hadoop);

    fileSystem.mkdirs(inner);
    fileSystem.create(new Path(inner, "file"), true).close();

    assertThat(permissions("inner")).isEqualTo(ofFolder);
    assertThat(permissions("inner/file")).isEqualTo(ofFile);
  }

  private String permissions(String name) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name)));
  }
}
