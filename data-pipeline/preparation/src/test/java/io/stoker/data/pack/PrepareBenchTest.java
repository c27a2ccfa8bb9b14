// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestImages;
import io.stoker.data.measure.StageClock.Rate;
import io.stoker.data.source.ImageSources;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrepareBenchTest {
  @TempDir private Path folder;

  @BeforeEach
  void writeImages() throws IOException {
    for (String name : new String[] {"ant/1.jpg", "ant/2.jpg", "bee/3.jpg"}) {
      TestImages.write(
          folder.resolve(name), TestImages.file(TestImages.gradient(40, 30, 1), "jpeg"));
    }
  }

  private PrepareBench bench() throws IOException {
    return new PrepareBench(
        PrepareOptions.builder()
            .source(ImageSources.named("folder"))
            .input(new org.apache.hadoop.fs.Path(folder.toUri()))
            .output(new org.apache.hadoop.fs.Path("(none)"))
            .size(16)
            .build(),
        new Configuration());
  }

  @Test
  void measuresEachStageBesideTheBareCodec() throws IOException {
    List<Rate> rates = bench().run(2, 0.02);
    assertThat(rates)
        .extracting(rate -> rate.stage() + " " + rate.threads())
        .containsExactly(
            "read 1",
            "codec 1",
            "decode 1",
            "resize 1",
            "encode 1",
            "write 1",
            "prepare 1",
            "prepare 2");
    assertThat(rates).allSatisfy(rate -> assertThat(rate.imagesPerSecond()).isPositive());
    // 16 x 16 x 3 bytes of an image are written raw.
    assertThat(rates.get(5).megabytesPerSecond() * 1e6 / rates.get(5).imagesPerSecond())
        .isBetween(767.9, 768.1);
  }

  /** 400 x 300 pixels at an eighth. */
  @Test
  void decodesPhotosAsTheJobDoes() throws IOException {
    for (String name : new String[] {"ant/1.jpg", "ant/2.jpg", "bee/3.jpg"}) {
      TestImages.write(
          folder.resolve(name), TestImages.file(TestImages.gradient(400, 300, 1), "jpeg"));
    }
    Rate decode = bench().run(1, 0.02).get(2);
    assertThat(decode.stage()).isEqualTo("decode");
    assertThat(decode.megabytesPerSecond() * 1e6 / decode.imagesPerSecond())
        .isBetween(50 * 38 * 3 - 0.1, 50 * 38 * 3 + 0.1);
  }

  @Test
  void measuresImagesThatNeedNoDecoding() throws IOException {
    TestImages.writeIdx(folder.resolve("idx"), "train-", 12, 6, 3);

    List<Rate> rates =
        new PrepareBench(
                PrepareOptions.builder()
                    .source(ImageSources.named("idx"))
                    .input(new org.apache.hadoop.fs.Path(folder.resolve("idx").toUri()))
                    .output(new org.apache.hadoop.fs.Path("(none)"))
                    .build(),
                new Configuration())
            .run(1, 0.02);

    assertThat(rates)
        .extracting(Rate::stage)
        .containsExactly("read", "resize", "encode", "write", "prepare");
    assertThat(rates.get(0).megabytesPerSecond() * 1e6 / rates.get(0).imagesPerSecond())
        .isBetween(35.9, 36.1);
  }

  @Test
  void leavesTheCodecOutWhereItCannotReadAFile() throws IOException {
    TestImages.write(
        folder.resolve("bee/4.png"), TestImages.file(TestImages.gradient(40, 30, 2), "png"));
    assertThat(bench().run(1, 0.02)).extracting(Rate::stage).doesNotContain("codec");
  }

  @Test
  void refusesWhatItCannotMeasure() throws IOException {
    PrepareBench bench = bench();
    assertThatThrownBy(() -> bench.run(0, 1))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid threads: 0");
    assertThatThrownBy(() -> bench.run(1, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid seconds: 0");
    for (String name : new String[] {"ant/1.jpg", "ant/2.jpg", "bee/3.jpg"}) {
      Files.writeString(folder.resolve(name), "no image");
    }
    assertThatThrownBy(this::bench)
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has no images that can be read");
  }
}
