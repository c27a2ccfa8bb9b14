// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.Fifo;
import io.stoker.data.RawNames;
import io.stoker.data.TestImages;
import io.stoker.data.storage.Storage;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Each entry of an input is read, rejected or ignored: none is lost. */
@Exact
@Timeout(60)
class AccountTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir private Path folder;

  private static SourceListing list(String format, Path input) throws IOException {
    return ImageSources.named(format).list(new org.apache.hadoop.fs.Path(input.toUri()), HADOOP);
  }

  private static long found(SourceListing listing) {
    return listing.samples().orElseThrow() + listing.rejected().size() + listing.ignored().size();
  }

  private void write(String name) throws IOException {
    TestImages.write(folder.resolve(name), new byte[1]);
  }

  /** The folders and files of a random tree, names of all kinds among them. */
  private void writeTree(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    String[] names = {
      "1.png",
      "Ä.jpg",
      ".hidden.png",
      "notes.txt",
      "no suffix",
      "x.GIF",
      "日本.webp",
      "a:b.bmp",
      "line\nbreak.png",
      "esc\u001b[31m.png",
      "İ.PNG",
      "tab\t.db",
      " .png"
    };
    for (String top : new String[] {"Äpfel", "bee", "çay"}) {
      Path at = folder.resolve(top);
      write(top + "/certain.png");
      for (int i = 0; i < 12; i++) {
        Path deeper = random.nextInt(3) == 0 ? at.resolve("deep" + random.nextInt(3)) : at;
        TestImages.write(deeper.resolve(names[random.nextInt(names.length)]), new byte[1]);
      }
      Files.write(RawNames.in(at, "%E9" + random.nextInt(9) + ".png"), new byte[1]);
      Files.write(RawNames.in(at, "%E9.txt"), new byte[1]);
      Path gone = at.resolve("gone" + random.nextInt(3) + ".png");
      Files.deleteIfExists(gone);
      Files.createSymbolicLink(gone, Path.of("gone"));
      Path unnameable = Files.createDirectories(RawNames.in(at, "%FF"));
      Files.write(unnameable.resolve("in.png"), new byte[1]);
    }
    write("next to the classes.png");
    Files.createDirectories(folder.resolve("bee/empty"));
  }

  /** What Java finds; it does not enter hidden folders either, because there are none. */
  private long entries() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)).count();
    }
  }

  @Test
  void accountsForEachEntryOfATree() throws IOException {
    for (long seed = 0; seed < 5; seed++) {
      Path root = folder;
      writeTree(seed);
      SourceListing listing = list("folder", root);
      assertThat(found(listing)).isEqualTo(entries());
      assertThat(listing.classNames()).containsExactly("bee", "Äpfel", "çay");
      assertThat(listing.rejected())
          .contains(
              new SourceListing.Rejected(
                  "Äpfel/\\xFF/in.png", "its name is not valid UTF-8 (rename it)"));
      assertThat(listing.ignored()).contains("next to the classes.png", "bee/\\xE9.txt");
    }
  }

  @Test
  void accountsForEachEntryOfSplits() throws IOException {
    for (String split : new String[] {"train", "val"}) {
      write(split + "/a/1.png");
      write(split + "/b/2.png");
      write(split + "/loose.png");
      write(split + "/.hidden/3.png");
    }
    write("README.md");
    SourceListing listing = list("folder", folder);
    assertThat(listing.samples()).hasValue(4);
    assertThat(listing.ignored())
        .containsExactlyInAnyOrder(
            "README.md", "train/.hidden/", "train/loose.png", "val/.hidden/", "val/loose.png");
  }

  @Test
  void ignoresPipesDevicesAndLinksOutOfTheTree() throws IOException {
    write("a/1.png");
    write("b/2.png");
    Fifo.make(folder.resolve("a/pipe.png"));
    Fifo.make(folder.resolve("pipe"));
    Files.createSymbolicLink(folder.resolve("a/zero.png"), Path.of("/dev/zero"));
    Files.createSymbolicLink(folder.resolve("b/up"), folder);
    SourceListing listing = list("folder", folder);
    assertThat(listing.samples()).hasValue(2);
    assertThat(listing.ignored()).containsExactly("a/pipe.png", "a/zero.png", "b/up/", "pipe");
  }

  @Test
  void accountsForFilesNextToThoseOfOtherFormats() throws IOException {
    TestImages.writeIdx(folder.resolve("idx"), "train-", 12, 4, 3);
    for (String name :
        List.of("README.md", ".hidden-images-idx3", "train-images-idx3-ubyte.gz", "x/y.txt")) {
      write("idx/" + name);
    }
    TestImages.writeIdx(folder.resolve("idx"), "other-", 3, 4, 3);
    Files.delete(folder.resolve("idx/other-images-idx3-ubyte"));
    Fifo.make(folder.resolve("idx/pipe-images-idx3-ubyte"));
    assertThat(list("idx", folder.resolve("idx")).ignored())
        .containsExactlyInAnyOrder(
            ".hidden-images-idx3",
            "README.md",
            "other-labels-idx1-ubyte",
            "pipe-images-idx3-ubyte",
            "train-images-idx3-ubyte.gz",
            "x/");
    assertThat(list("idx", folder.resolve("idx")).samples()).hasValue(12);

    TestImages.write(folder.resolve("cifar/data_batch_1.bin"), SourceTest.cifar(6, 1, 10));
    write("cifar/readme.html");
    Fifo.make(folder.resolve("cifar/data_batch_2.bin"));
    Fifo.make(folder.resolve("cifar/batches.meta.txt"));
    SourceListing cifar = list("cifar", folder.resolve("cifar"));
    assertThat(cifar.samples()).hasValue(6);
    assertThat(cifar.ignored())
        .containsExactly("batches.meta.txt", "data_batch_2.bin", "readme.html");
  }

  @Test
  void accountsForEachEntryOfArchives() throws IOException {
    byte[] png = TestImages.file(TestImages.gradient(4, 4, 1), "png");
    byte[] label = "0".getBytes(StandardCharsets.UTF_8);
    byte[] other = "1".getBytes(StandardCharsets.UTF_8);
    TestImages.write(
        folder.resolve("a.tar"),
        SourceTest.tar(
            "1.png",
            png,
            "1.cls",
            label,
            "2.png",
            png,
            "2.cls",
            other,
            ".3.png",
            png,
            "3.cls",
            label,
            "4.json",
            label,
            "->x",
            new byte[0]));
    write("notes.txt");
    Fifo.make(folder.resolve("pipe.tar"));
    SourceListing listing = list("tar", folder);
    assertThat(listing.samples()).hasValue(2);
    assertThat(listing.ignored())
        .contains("notes.txt", "pipe.tar", "a.tar/.3.png", "a.tar/3.cls", "a.tar/4.json");
    assertThatThrownBy(() -> list("tar", folder.resolve("pipe.tar")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is a named pipe, socket or device");

    TestImages.write(
        folder.resolve("a.tar"), SourceTest.tar("1.png", png, "1.cls", label, "1.cls", other));
    assertThatThrownBy(() -> list("tar", folder.resolve("a.tar")))
        .isInstanceOf(InputException.class)
        .hasMessageEndingWith("it holds 1.cls twice");
  }

  @Test
  void readsNamesInArchivesWhateverTheirEncoding() throws IOException {
    byte[] png = TestImages.file(TestImages.gradient(4, 4, 1), "png");
    byte[] tar = SourceTest.tar("日本/ä.png", png, "é/2.png", png, "c~/3.png", png);
    String text = new String(tar, StandardCharsets.ISO_8859_1);
    int name = text.indexOf("c~/3.png");
    tar[name + 1] = (byte) 0xE9;
    // The header's checksum is the sum of its bytes.
    int sum = Integer.parseInt(text.substring(name + 148, name + 154).trim(), 8) + 0xE9 - '~';
    byte[] digits = String.format(Locale.ROOT, "%06o", sum).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(digits, 0, tar, name + 148, 6);
    TestImages.write(folder.resolve("a.tar"), tar);

    SourceListing listing = list("tar", folder.resolve("a.tar"));

    assertThat(listing.classNames()).containsExactly("cé", "é", "日本");
    assertThat(listing.ignored()).isEmpty();
    try (Stream<SourceSample> samples = listing.parts().get(0).samples(HADOOP)) {
      assertThat(samples)
          .extracting(SourceSample::path)
          .containsExactly("a.tar/日本/ä.png", "a.tar/é/2.png", "a.tar/cé/3.png");
    }
  }

  @Test
  void refusesAPipeAsTheListOfImages() throws IOException {
    Path pipe = Fifo.make(folder.resolve("list.csv"));
    assertThatThrownBy(() -> list("csv", pipe))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is a named pipe, socket or device");
  }

  @Test
  void followsLinksAnywhereForPredictionsButNotInCircles() throws IOException {
    Path in = folder.resolve("in");
    TestImages.write(in.resolve("1.png"), new byte[1]);
    TestImages.write(folder.resolve("out/2.png"), new byte[1]);
    Files.createSymbolicLink(folder.resolve("out/back"), in);
    Files.createSymbolicLink(in.resolve("away"), folder.resolve("out"));
    Files.createSymbolicLink(in.resolve("file.png"), folder.resolve("out/2.png"));
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(in.toUri());
    FileSystem fileSystem = Storage.of(path, HADOOP);

    ImageTree tree = ImageTree.of(fileSystem, path, ImageTree.Links.ANYWHERE);

    assertThat(tree.images())
        .extracting(file -> ImageTree.relative(path, file.path()))
        .contains("1.png", "away/2.png", "file.png");
    assertThat(tree.entries()).isLessThan(10);
  }

  @Test
  void readsTheSameNamesWhereFilesAreRead() throws IOException {
    byte[] png = TestImages.file(TestImages.gradient(4, 4, 1), "png");
    for (String name : new String[] {"a:b.png", "Ä %41.png", "line\nbreak.png", "ş.png"}) {
      TestImages.write(folder.resolve("x").resolve(name), png);
      TestImages.write(folder.resolve("y").resolve(name), png);
    }
    SourceListing listing = list("folder", folder);
    int read = 0;
    for (SourcePart part : listing.parts()) {
      try (Stream<SourceSample> samples = part.samples(HADOOP)) {
        for (SourceSample sample : (Iterable<SourceSample>) samples::iterator) {
          assertThat(((SourceImage.Encoded) sample.image()).file())
              .as(sample.path())
              .isEqualTo(png);
          assertThat(folder.resolve(sample.path())).exists();
          read++;
        }
      }
    }
    assertThat(read).isEqualTo(8);
  }
}
