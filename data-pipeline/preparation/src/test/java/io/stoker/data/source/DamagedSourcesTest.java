// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.stoker.data.TestImages;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is flipped in a collection or cut from it: it is read, or refused by one line that names
 * it; or single images are.
 */
class DamagedSourcesTest {
  private static final Configuration HADOOP = new Configuration();
  private static final int FLIPS = 250;
  private static final int CUTS = 60;
  private static final long LIMIT = 10_000;

  @TempDir private Path folder;

  /** What is read: for each sample its path, its label, and its pixels or why there are none. */
  private record Sample(String path, String label, String image) {}

  /** A collection of each kind, with the file that is to be damaged. */
  private Path collection(String kind) throws IOException {
    byte[] png = TestImages.realFile("rgb.png");
    byte[] gif = TestImages.realFile("plain.gif");
    byte[] tar = SourceTest.tar("ant/1.png", png, "ant/2.gif", gif, "bee/3.png", png);
    byte[] pairs =
        SourceTest.tar("1.png", png, "1.cls", text("0"), "2.gif", gif, "2.cls", text("1"));
    switch (kind) {
      case "tar" -> write("images.tar", tar);
      case "tar.gz" -> write("images.tar.gz", TestImages.gzip(tar));
      case "tar of pairs" -> write("images.tar", pairs);
      case "tar of tars" ->
          write(
              "images.tar",
              SourceTest.tar(
                  "ant.tar", SourceTest.tar("1.png", png, "2.gif", gif),
                  "bee.tar", SourceTest.tar("3.png", png)));
      case "idx", "idx labels" -> TestImages.writeIdx(folder, "train-", 12, 6, 3);
      case "idx gz" -> {
        TestImages.writeIdx(folder, "train-", 12, 6, 3);
        Path images = folder.resolve("train-images-idx3-ubyte");
        write(images.getFileName() + ".gz", TestImages.gzip(Files.readAllBytes(images)));
        Files.delete(images);
      }
      case "cifar" -> write("data_batch_1.bin", SourceTest.cifar(3, 1, 10));
      case "csv" -> {
        write("1.png", png);
        write("2.gif", gif);
        write("list.csv", text("path,label,split\n1.png,ant,train\n2.gif,\"bee, big\",train\n"));
      }
      default -> throw new IllegalArgumentException(kind);
    }
    return switch (kind) {
      case "tar.gz" -> folder.resolve("images.tar.gz");
      case "idx" -> folder.resolve("train-images-idx3-ubyte");
      case "idx labels" -> folder.resolve("train-labels-idx1-ubyte");
      case "idx gz" -> folder.resolve("train-images-idx3-ubyte.gz");
      case "cifar" -> folder.resolve("data_batch_1.bin");
      case "csv" -> folder.resolve("list.csv");
      default -> folder.resolve("images.tar");
    };
  }

  private void write(String name, byte[] bytes) throws IOException {
    TestImages.write(folder.resolve(name), bytes);
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Optional<List<Sample>> read(String kind, Path file) {
    Path input = kind.startsWith("idx") || kind.equals("cifar") ? folder : file;
    return assertTimeoutPreemptively(
        Duration.ofMinutes(2),
        () -> {
          try {
            return Optional.of(samples(kind.split("[ .]", 2)[0], input));
          } catch (InputException | DamagedException e) {
            assertThat(e.getMessage().lines()).hasSize(1);
            // What is wrong with a whole collection has no place; all else names the file.
            assertThat(e.getMessage())
                .containsPattern("Found 1 class|Some of the samples are in a split|" + folder);
            return Optional.empty();
          }
        });
  }

  private static List<Sample> samples(String format, Path input) throws IOException {
    SourceListing listing =
        ImageSources.named(format).list(new org.apache.hadoop.fs.Path(input.toUri()), HADOOP);
    List<Sample> result = new ArrayList<>();
    for (SourcePart part : listing.parts()) {
      try (Stream<SourceSample> samples = part.samples(HADOOP)) {
        samples.forEach(
            sample ->
                result.add(
                    new Sample(
                        sample.path(),
                        listing.classNames().get(sample.label()),
                        pixels(sample.image()))));
      }
    }
    return result;
  }

  private static String pixels(SourceImage image) {
    try {
      Pixels pixels =
          image instanceof SourceImage.Encoded encoded
              ? ImageCodec.decode(encoded.file(), LIMIT)
              : image instanceof SourceImage.Decoded decoded ? decoded.pixels() : null;
      return pixels == null
          ? ((SourceImage.Unreadable) image).reason()
          : pixels.shape() + Arrays.toString(pixels.values());
    } catch (UnreadableImageException e) {
      return e.getMessage();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tar",
        "tar.gz",
        "tar of pairs",
        "tar of tars",
        "idx",
        "idx gz",
        "idx labels",
        "cifar",
        "csv"
      })
  void isReadOrRefusedWhateverIsDamaged(String kind) throws IOException {
    Path file = collection(kind);
    byte[] whole = Files.readAllBytes(file);
    List<Sample> expected = read(kind, file).orElseThrow();
    boolean checksum = kind.endsWith("gz");
    SplittableRandom random = new SplittableRandom(kind.hashCode());
    for (int i = 0; i < FLIPS; i++) {
      byte[] damaged = whole.clone();
      int at = random.nextInt(i % 2 == 0 ? whole.length : Math.min(600, whole.length));
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, damaged);
      Optional<List<Sample>> found = read(kind, file);
      if (checksum && found.isPresent()) {
        assertThat(found.get()).as("bit flipped in byte %d", at).isEqualTo(expected);
      }
    }
    for (int i = 0; i < CUTS; i++) {
      int length = i < 10 ? whole.length - 1 - i : random.nextInt(whole.length);
      Files.write(file, Arrays.copyOf(whole, length));
      Optional<List<Sample>> found = read(kind, file);
      if (found.isPresent() && !kind.equals("csv")) {
        assertThat(found.get()).as("%d of %d bytes", length, whole.length).isEqualTo(expected);
      }
    }
  }
}
