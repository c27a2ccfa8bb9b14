// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestSpark;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.source.ImageSources;
import io.stoker.data.source.SourceImage;
import io.stoker.data.source.SourceSample;
import io.stoker.data.synth.SyntheticSource;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class SyntheticImagesTest {
  @TempDir private Path folder;

  private org.apache.hadoop.fs.Path at(String name) {
    return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
  }

  private PrepareOptions.Builder options(String output) {
    return PrepareOptions.builder()
        .source(new SyntheticSource(500, 7, 16, 3))
        .input(SyntheticSource.INPUT)
        .output(at(output))
        .seed(3);
  }

  @Test
  @Exact
  void makesTheSameShardsOnAnyNumberOfSlots() {
    PrepareResult one;
    PrepareResult three;
    try (JavaSparkContext spark = TestSpark.local(1)) {
      one = new PrepareJob(spark, options("one").build()).run();
    }
    try (JavaSparkContext spark = TestSpark.local(3)) {
      three = new PrepareJob(spark, options("three").build()).run();
    }
    assertThat(one.manifestHash()).isEqualTo(three.manifestHash());
    assertThat(one.samples()).isEqualTo(500);
    assertThat(one.manifest().classNames())
        .hasSize(7)
        .contains("disc-plain", "disc-stripes", "ring-plain");
    assertThat(one.manifest().rejected()).isEmpty();
  }

  @Test
  void writesFilesThatPrepareReads() throws IOException {
    try (JavaSparkContext spark = TestSpark.local(2)) {
      SyntheticSource source = new SyntheticSource(40, 2, 24, 1);
      assertThat(ImageFilesJob.run(spark, source, at("files"), new ShardEncoding.Png()))
          .isEqualTo(40);
      PrepareResult result =
          new PrepareJob(
                  spark,
                  PrepareOptions.builder()
                      .source(ImageSources.named("folder"))
                      .input(at("files"))
                      .output(at("shards"))
                      .build())
              .run();
      assertThat(result.samples()).isEqualTo(40);
      assertThat(result.manifest().classNames()).containsExactly("disc", "triangle");
      assertThatThrownBy(
              () -> ImageFilesJob.run(spark, source, at("files"), new ShardEncoding.Png()))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("is not empty");
      assertThatThrownBy(() -> ImageFilesJob.run(spark, source, at("raw"), new ShardEncoding.Raw()))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("must be jpeg or png");
    }
  }

  @Test
  void drawsNoTwoImagesAlike() throws IOException {
    SyntheticSource source = new SyntheticSource(200, 40, 8, 1);
    Set<List<Byte>> seen = new HashSet<>();
    Configuration hadoop = new Configuration();
    try (Stream<SourceSample> samples =
        source.list(SyntheticSource.INPUT, hadoop).parts().get(0).samples(hadoop)) {
      samples.forEach(
          sample -> {
            byte[] values = ((SourceImage.Decoded) sample.image()).pixels().values();
            List<Byte> bytes = new java.util.ArrayList<>();
            for (byte value : values) {
              bytes.add(value);
            }
            assertThat(seen.add(bytes)).isTrue();
          });
    }
    assertThat(seen).hasSize(200);
  }

  @Test
  void refusesNumbersOutOfRange() {
    assertThatThrownBy(() -> new SyntheticSource(3, 4, 16, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("one for each class");
    assertThatThrownBy(() -> new SyntheticSource(10, 1, 16, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid number of classes: 1");
    assertThatThrownBy(() -> new SyntheticSource(10, 2, 7, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid size: 7");
  }
}
