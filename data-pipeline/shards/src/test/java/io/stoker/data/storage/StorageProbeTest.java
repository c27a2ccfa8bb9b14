// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageProbeTest {
  @Test
  void probesStorageAndLeavesNothingBehind(@TempDir Path folder) throws IOException {
    StorageProbe.Result result =
        StorageProbe.run(folder.resolve("not/there").toString(), new Configuration());

    assertThat(result.bytes()).isEqualTo(1 << 20);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void saysWhichStorageCannotBeUsed(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> StorageProbe.run(file.toString(), new Configuration()))
        .isInstanceOf(ResourceException.class)
        .hasMessage(
            "Cannot use storage %s: a part of this path is a file, not a folder".formatted(file));
  }
}
