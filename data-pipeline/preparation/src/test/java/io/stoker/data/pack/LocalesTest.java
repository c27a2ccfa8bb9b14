// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.TestImages;
import io.stoker.data.TestSpark;
import io.stoker.data.source.ImageSources;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The digits and the letters of a user's locale change no file name and no byte. */
@Tag("slow")
@Exact
class LocalesTest {
  private final Locale before = Locale.getDefault();

  @TempDir private Path folder;

  @AfterEach
  void restore() {
    Locale.setDefault(before);
  }

  private SortedMap<String, byte[]> prepared(JavaSparkContext spark, String locale)
      throws IOException {
    Locale.setDefault(Locale.forLanguageTag(locale));
    Path out = folder.resolve("out-" + locale);
    new PrepareJob(
            spark,
            PrepareOptions.builder()
                .source(ImageSources.named("folder"))
                .input(new org.apache.hadoop.fs.Path(folder.resolve("in").toUri()))
                .output(new org.apache.hadoop.fs.Path(out.toUri()))
                .maximumPixels(1000)
                .maximumRejected(0.5)
                .build())
        .run();
    SortedMap<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(out)) {
      for (Path file : all.toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  @Test
  void prepareTheSameBytes() throws IOException {
    Path in = folder.resolve("in");
    TestImages.writeFolders(in, 12, 20, "INK", "ink", "İnk");
    byte[] large = TestImages.file(TestImages.gradient(1234, 5678, 1), "png");
    TestImages.write(in.resolve("ink/LARGE.PNG"), large);
    TestImages.write(in.resolve("ink/cut.GIF"), Arrays.copyOf(large, 3000));
    TestImages.write(in.resolve("ink/bits.bmp"), bmpOf17Bits());
    try (JavaSparkContext spark = TestSpark.local(2)) {
      SortedMap<String, byte[]> english = prepared(spark, "en");
      assertThat(new String(english.get("rejected.jsonl"), StandardCharsets.UTF_8))
          .contains("too large: 5678 x 1234 pixels, the limit is 1000", "17 bits a pixel");
      for (String locale : new String[] {"ar-EG-u-nu-arab", "tr-TR", "de-DE"}) {
        assertThat(prepared(spark, locale)).as(locale).containsExactlyEntriesOf(english);
      }
    }
  }

  private static byte[] bmpOf17Bits() throws IOException {
    byte[] file = TestImages.file(TestImages.gradient(8, 8, 1), "bmp");
    file[28] = 17;
    return file;
  }
}
