package io.stoker.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestImages;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir private Path folder;

  private record Found(String path, String split, String label, SourceImage image) {}

  private static SourceListing list(String format, Path input) throws IOException {
    return ImageSources.named(format).list(new org.apache.hadoop.fs.Path(input.toUri()), HADOOP);
  }

  private static List<Found> read(String format, Path input) throws IOException {
    SourceListing listing = list(format, input);
    List<Found> found = new ArrayList<>();
    for (SourcePart part : listing.parts()) {
      try (Stream<SourceSample> samples = part.samples(HADOOP)) {
        samples.forEach(
            sample ->
                found.add(
                    new Found(
                        sample.path(),
                        part.split().orElse("none"),
                        listing.classNames().get(sample.label()),
                        sample.image())));
      }
    }
    return found;
  }

  private void write(String name, byte[] bytes) throws IOException {
    TestImages.write(folder.resolve(name), bytes);
  }

  private static byte[] cifar(int records, int labelBytes, int classes) {
    byte[] bytes = new byte[records * (labelBytes + 3072)];
    new SplittableRandom(records).nextBytes(bytes);
    for (int i = 0; i < records; i++) {
      bytes[i * (labelBytes + 3072) + labelBytes - 1] = (byte) (i % classes);
    }
    return bytes;
  }

  @Test
  void readsCifar10() throws IOException {
    byte[] second = cifar(7, 1, 10);
    write("data_batch_1.bin", cifar(6, 1, 10));
    write("data_batch_2.bin", second);
    write("test_batch.bin", cifar(5, 1, 10));
    write("readme.html", new byte[1]);
    Files.writeString(
        folder.resolve("batches.meta.txt"),
        "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");

    List<Found> found = read("cifar", folder);

    assertThat(found).hasSize(18);
    assertThat(found).filteredOn(sample -> sample.split().equals("test")).hasSize(5);
    Found sample = found.get(9);
    assertThat(sample.path()).isEqualTo("data_batch_2.bin#3");
    assertThat(sample.label()).isEqualTo("cat");
    byte[] pixels = ((SourceImage.Decoded) sample.image()).pixels().values();
    for (int i = 0; i < 1024; i++) {
      for (int channel = 0; channel < 3; channel++) {
        assertThat(pixels[3 * i + channel]).isEqualTo(second[3 * 3073 + 1 + channel * 1024 + i]);
      }
    }
  }

  @Test
  void readsTheFineLabelsOfCifar100() throws IOException {
    write("train.bin", cifar(120, 2, 100));
    write("test.bin", cifar(5, 2, 100));
    List<Found> found = read("cifar", folder);
    assertThat(found).hasSize(125);
    assertThat(found)
        .filteredOn(s -> s.path().equals("train.bin#99"))
        .first()
        .extracting(Found::label)
        .isEqualTo("99");
  }

  @Test
  void refusesCifarFilesThatAreNone() throws IOException {
    assertThatThrownBy(() -> read("cifar", folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("no CIFAR files");
    byte[] good = cifar(6, 1, 10);
    write("data_batch_1.bin", Arrays.copyOf(good, good.length - 1));
    assertThatThrownBy(() -> read("cifar", folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("data_batch_1.bin: truncated");
    good[3073] = 10;
    write("data_batch_1.bin", good);
    assertThatThrownBy(() -> read("cifar", folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("label 10 in record 1");
    Files.writeString(folder.resolve("batches.meta.txt"), "one\ntwo\n");
    assertThatThrownBy(() -> read("cifar", folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("names 2 classes");
  }

  @Test
  void readsTheImagesThatACsvFileLists() throws IOException {
    byte[] image = TestImages.file(TestImages.gradient(4, 4, 1), "png");
    write("images/a 1, red.png", image);
    write("images/b.png", image);
    write("c.png", image);
    Files.writeString(
        folder.resolve("list.csv"),
        "\uFEFFlabel,path,comment,Split\r\n"
            + "\"big, \"\"red\"\" dog\",\"images/a 1, red.png\",x,train\r\n"
            + "cat,images/b.png,\"two\nlines\",train\r\n"
            + "cat,"
            + folder.resolve("c.png").toUri()
            + ",,val\r\n"
            + "cat,missing.png,,train\r\n");

    List<Found> found = read("csv", folder.resolve("list.csv"));

    assertThat(found)
        .extracting(Found::path, Found::split, Found::label)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("images/a 1, red.png", "train", "big, \"red\" dog"),
            org.assertj.core.groups.Tuple.tuple("images/b.png", "train", "cat"),
            org.assertj.core.groups.Tuple.tuple("missing.png", "train", "cat"),
            org.assertj.core.groups.Tuple.tuple(
                folder.resolve("c.png").toUri().toString(), "validation", "cat"));
    assertThat(found.get(2).image()).isEqualTo(new SourceImage.Unreadable("missing"));
    for (int i : new int[] {0, 1, 3}) {
      assertThat(((SourceImage.Encoded) found.get(i).image()).file()).isEqualTo(image);
    }
  }

  @Test
  void sortsLabelsThatAreNumbersAsNumbers() throws IOException {
    Files.writeString(folder.resolve("list.csv"), "path,label\na,10\nb,9\nc,2\n");
    assertThat(list("csv", folder.resolve("list.csv")).classNames())
        .containsExactly("2", "9", "10");
  }

  @Test
  void refusesCsvFilesThatAreNone() throws IOException {
    Path file = folder.resolve("list.csv");
    String[][] cases = {
      {"", "must name the columns path and label"},
      {"a,b\nc,d\n", "must name the columns path and label, it is [a, b]"},
      {"path,label\nx,\n", "line 2 has no path or no label: x,"},
      {"path,label\nx,1\nx,2\n", "repeats x"},
      {"path,label\nx\n", "no path or no label"},
      {"path,label\nx,1\ny,1\n", "Found 1 class [1]"},
      {"path,label,split\nx,1,train\ny,2,\n", "others in none"},
      {"path,label,split\nx,1,../up\n", "has the split '../up'"},
      {"path,label\n\"" + "x".repeat(100_000), "is no CSV"},
    };
    for (String[] one : cases) {
      Files.writeString(file, one[0]);
      assertThatThrownBy(() -> list("csv", file))
          .isInstanceOf(InputException.class)
          .hasMessageContaining(one[1]);
    }
    assertThatThrownBy(() -> list("csv", folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is a folder (must be a file)");
  }
}
