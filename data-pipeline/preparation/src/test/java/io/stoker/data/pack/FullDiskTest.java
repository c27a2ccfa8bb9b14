// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.FullDisk;
import io.stoker.data.TestImages;
import io.stoker.data.TestSpark;
import io.stoker.data.shard.ManifestFile;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.source.ImageSources;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FullDiskTest {
  @TempDir private Path folder;

  /** Of two folders of images, to a disk that may be full. */
  private PrepareOptions.Builder options(JavaSparkContext spark) throws IOException {
    TestImages.writeFolders(folder.resolve("in"), 40, 10, "ant", "bee");
    spark.hadoopConfiguration().setClass("fs.full.impl", FullDisk.class, FileSystem.class);
    return PrepareOptions.builder()
        .source(ImageSources.named("folder"))
        .input(new org.apache.hadoop.fs.Path(folder.resolve("in").toUri()))
        .output(new org.apache.hadoop.fs.Path("full:" + folder.resolve("out")));
  }

  @Test
  void saysSoAndLeavesNothingBehind() throws IOException {
    try (JavaSparkContext spark = TestSpark.local(2)) {
      PrepareOptions options = options(spark).encoding(new ShardEncoding.Raw()).build();
      FullDisk.refuseAfter(10_000);
      assertThatThrownBy(() -> new PrepareJob(spark, options).run())
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining("No space left to prepare");
    } finally {
      FullDisk.free();
    }
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void leavesEarlierShardsWhereItHasNoRoomToBegin() throws IOException {
    try (JavaSparkContext spark = TestSpark.local(2)) {
      PrepareOptions.Builder options =
          options(spark).existingOutput(PrepareOptions.ExistingOutput.OVERWRITE);
      PrepareResult earlier = new PrepareJob(spark, options.build()).run();
      FullDisk.refuseAfter(5); // The probe has one byte.
      assertThatThrownBy(() -> new PrepareJob(spark, options.build()).run())
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining("No space left to prepare");

      assertThat(
              ManifestFile.read(
                      new org.apache.hadoop.fs.Path(folder.resolve("out").toUri()),
                      spark.hadoopConfiguration())
                  .sha256())
          .isEqualTo(earlier.manifestHash());
    } finally {
      FullDisk.free();
    }
  }
}
