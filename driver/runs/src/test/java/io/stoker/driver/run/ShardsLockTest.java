// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.shard.ShardManifest;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardsLockTest {
  @TempDir private Path folder;

  private final Configuration hadoop = new Configuration();

  private org.apache.hadoop.fs.Path shards() {
    return shards("new/shards");
  }

  private org.apache.hadoop.fs.Path shards(String name) {
    return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
  }

  @Test
  void onlyOneWritesAtATime() throws Exception {
    AtomicBoolean second = new AtomicBoolean();

    String written =
        ShardsLock.holding(
            shards(),
            hadoop,
            () -> {
              assertThat(folder.resolve("new/lock-shards.shards.json")).exists();
              assertThatThrownBy(
                      () -> ShardsLock.holding(shards(), hadoop, () -> second.getAndSet(true)))
                  .isInstanceOf(InputException.class)
                  .hasMessageContaining("new/shards is in use by process ")
                  .hasMessageEndingWith("end that job first, or say another --output");
              return "first";
            });

    assertThat(written).isEqualTo("first");
    assertThat(second).isFalse();
    assertThat(folder.resolve("new")).isEmptyDirectory(); // The shards would be there.
    assertThat(ShardsLock.<String>holding(shards(), hadoop, () -> "third")).isEqualTo("third");
  }

  @Test
  void isGivenBackWhereWritingFails() {
    assertThatThrownBy(
            () ->
                ShardsLock.holding(
                    shards(),
                    hadoop,
                    () -> {
                      throw new InputException("no images");
                    }))
        .hasMessage("no images");

    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void preparesOnlyShardsThatAreNotThere() throws Exception {
    AtomicInteger prepared = new AtomicInteger();

    assertThat(ShardsLock.unlessThere(shards(), hadoop, prepared::incrementAndGet)).isTrue();
    Files.createFile(
        Files.createDirectory(folder.resolve("new/shards")).resolve(ShardManifest.FILE));
    assertThat(ShardsLock.unlessThere(shards(), hadoop, prepared::incrementAndGet)).isFalse();

    assertThat(prepared).hasValue(1);
  }

  @ParameterizedTest
  @CsvSource({"cifar, cifar-10", "cifar-10, cifar", "a:b, a:c"})
  void foldersSideBySideAreIndependent(String one, String other) throws Exception {
    String both =
        ShardsLock.holding(
            shards(one),
            hadoop,
            () -> ShardsLock.<String>holding(shards(other), hadoop, () -> "both"));

    assertThat(both).isEqualTo("both");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFolderThatIsTakenOverIsNotDone() {
    assertThatThrownBy(
            () ->
                ShardsLock.holding(
                    shards(),
                    hadoop,
                    () ->
                        Files.writeString(
                            folder.resolve("new/lock-shards.shards-1.json"), "not yet written")))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("new/shards was taken over by another driver");
  }

  @Test
  void thereIsNoneWhereItCannotBeWritten() throws Exception {
    Files.createFile(folder.resolve("new"));

    assertThat(ShardsLock.<String>holding(shards(), hadoop, () -> "written")).isEqualTo("written");
  }
}
