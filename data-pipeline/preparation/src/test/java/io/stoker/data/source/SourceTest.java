// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestImages;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  static byte[] cifar(int records, int labelBytes, int classes) {
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
        .hasMessageContaining("no CIFAR files")
        .hasMessageEndingWith("or train.bin)");
    write("batches.meta", new byte[9]);
    assertThatThrownBy(() -> read("cifar", folder))
        .hasMessageContaining("the version for Python, take the binary one");
    write("cifar-10-binary.tar.gz", new byte[9]);
    assertThatThrownBy(() -> read("cifar", folder.resolve("cifar-10-binary.tar.gz")))
        .hasMessageContaining("must be a folder; unpack the archive, or take");
    byte[] good = cifar(6, 1, 10);
    write("data_batch_1.bin", Arrays.copyOf(good, good.length - 1));
    assertThatThrownBy(() -> read("cifar", folder))
        .isInstanceOf(DamagedException.class)
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
            Tuple.tuple("images/a 1, red.png", "train", "big, \"red\" dog"),
            Tuple.tuple("images/b.png", "train", "cat"),
            Tuple.tuple("missing.png", "train", "cat"),
            Tuple.tuple(folder.resolve("c.png").toUri().toString(), "validation", "cat"));
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
      {"path,label,Label\nx,1,2\n", "names a column twice, it is [path, label, label]"},
      {"path,label\nx,1\nx,2\n", "repeats x"},
      {"path,label\na/x,1\n././a/.//x,2\n", "line 3 repeats ././a/.//x"},
      {"path,label\nx\n", "no path or no label"},
      {"path,label\nx,1\ny,1\n", "Found 1 class [1]"},
      {"path,label,split\nx,1,train\ny,2,\n", "others in none"},
      {"path,label\n", "it lists no images"},
      {"path,label,split\nx,1,train\ny,2,train\nz,3,test", "the label '3' of z is unknown"},
      {"path,label,split\nx,1,../up\n", "has the split '../up'"},
      {"path,label\n\"" + "x".repeat(100_000), "line 2 is not CSV, or a quote"},
      {"path,label\na,1\n\nb,\"2\nc,3\nd,4\n", "line 4 is not CSV, or a quote"},
      {"path,label\na,1\nb,\"2\nc,3\nd,\"4\"\n", "line 3 is not CSV, or a quote"},
      {"path,label\na,1\nb,\"2\"x\nc,3\n", "line 3 is not CSV, or a quote"},
      {"path,label\na,1\nb,\"2\nc,3\"\nd,1\n", "the label of line 3 has a line break"},
      {"path,label\na,1\n\"b,2\nc,\"\",3\nd\",1\n", "the path of line 3 has a line break"},
      {"path,label\na,1\nb,\"" + "2,".repeat(200) + "\"\n", "has 400 characters, at most 255"},
      {"path,label\na,1\nb,2,3\n", "line 3 has 3 fields, the first line has 2: b,2,3"},
      {"path,label\n#a,1\n#b\n", "line 3 has no path or no label: #b"},
      {"path,label\na,1\nb,x\u001by\n", "the label of line 3 has a line break or another control"},
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

  @Test
  void refusesCsvFilesThatAreNotUtf8() throws IOException {
    Path file = folder.resolve("list.csv");
    byte[][] cases = {
      "path,label\na,1\nb,caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1),
      "path,label,note\na,1,x\nb,2,caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1),
    };
    for (byte[] bytes : cases) {
      Files.write(file, bytes);
      assertThatThrownBy(() -> list("csv", file))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("line 3 is not valid UTF-8: caf");
    }
    Files.write(file, "path,label\na,1\nb,2\n".getBytes(StandardCharsets.UTF_16));
    assertThatThrownBy(() -> list("csv", file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("line 1 is not valid UTF-8");
  }

  @Test
  void readsWhatStandsInQuotesAndSpaces() throws IOException {
    Files.writeString(
        folder.resolve("list.csv"),
        "path , label\r\n\r\n a.png , \"x, \"\"y\"\"\"\r\nb.png,it's 5\" wide,\r\n\"c,d.png\",x\r\n");
    assertThat(list("csv", folder.resolve("list.csv")).classNames())
        .containsExactly("it's 5\" wide", "x", "x, \"y\"");
    assertThat(read("csv", folder.resolve("list.csv")))
        .extracting(Found::path)
        .containsExactly("a.png", "b.png", "c,d.png");
  }

  @Test
  void refusesClassNamesThatCannotBe() throws IOException {
    List<SourcePart> none = List.of();
    assertThatThrownBy(() -> new SourceListing(List.of("a", " "), none, List.of()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("must not be blank");
    assertThatThrownBy(() -> new SourceListing(List.of("a", "x".repeat(256)), none, List.of()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has 256 characters (must be at most 255)");
    assertThatThrownBy(() -> new SourceListing(List.of("a", "\uD800"), none, List.of()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is not valid Unicode");
    assertThatThrownBy(() -> new SourceListing(List.of("a\nb", "a\nb"), none, List.of()))
        .isInstanceOf(InputException.class)
        .hasMessageEndingWith("[a?b, a?b]");
    assertThat(
            new SourceListing(List.of("\u001b[31m", "x".repeat(255)), none, List.of()).classNames())
        .hasSize(2);
    byte[] tar = tar("x".repeat(256) + "/1.png", image(1), "b/2.png", image(2));
    Files.write(folder.resolve("images.tar"), tar);
    assertThatThrownBy(() -> list("tar", folder.resolve("images.tar")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has 256 characters");
  }

  /** A tar file of names and contents; a name that ends in ->x is a link to x. */
  static byte[] tar(Object... namesAndBytes) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes)) {
      out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      for (int i = 0; i < namesAndBytes.length; i += 2) {
        String name = (String) namesAndBytes[i];
        byte[] content = (byte[]) namesAndBytes[i + 1];
        int link = name.indexOf("->");
        TarArchiveEntry entry =
            link < 0
                ? new TarArchiveEntry(name, true)
                : new TarArchiveEntry(name.substring(0, link), TarConstants.LF_SYMLINK);
        if (link >= 0) {
          entry.setLinkName(name.substring(link + 2));
        }
        entry.setSize(link < 0 ? content.length : 0);
        out.putArchiveEntry(entry);
        if (link < 0) {
          out.write(content);
        }
        out.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] image(int seed) throws IOException {
    return TestImages.file(TestImages.gradient(6, 6, seed), "png");
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void readsWebDatasetPairsPlainAndGzipped() throws IOException {
    byte[] first =
        tar(
            "0001.png",
            image(1),
            "0001.cls",
            text("2\n"),
            "0001.json",
            text("{}"),
            "deep/0002.cls",
            text("0"),
            "deep/0002.png",
            image(2));
    write("set-train-000.tar", first);
    write(
        "set-train-001.tar.gz", TestImages.gzip(tar("0003.png", image(3), "0003.cls", text("1"))));
    write("set-val-000.tar", tar("0004.png", image(4), "0004.cls", text("1")));

    List<Found> found = read("tar", folder);

    assertThat(found)
        .extracting(Found::path, Found::split, Found::label)
        .containsExactly(
            Tuple.tuple("set-train-000.tar/0001.png", "train", "2"),
            Tuple.tuple("set-train-000.tar/deep/0002.png", "train", "0"),
            Tuple.tuple("set-train-001.tar.gz/0003.png", "train", "1"),
            Tuple.tuple("set-val-000.tar/0004.png", "validation", "1"));
    for (int i = 0; i < 4; i++) {
      assertThat(((SourceImage.Encoded) found.get(i).image()).file()).isEqualTo(image(i + 1));
    }
    assertThat(list("tar", folder).ignored()).containsExactly("set-train-000.tar/0001.json");
  }

  @Test
  void takesOneImageOfEachPairOfATarFile() throws IOException {
    write(
        "masks.tar",
        tar(
            "0001.cls",
            text("0"),
            "0001.mask.png",
            image(1),
            "0001.png",
            image(2),
            "0002.depth.png",
            image(3),
            "0002.cls",
            text("1")));

    assertThat(read("tar", folder.resolve("masks.tar")))
        .extracting(Found::path)
        .containsExactlyInAnyOrder("masks.tar/0001.png", "masks.tar/0002.depth.png");
    assertThat(list("tar", folder.resolve("masks.tar")).ignored())
        .containsExactly("masks.tar/0001.mask.png");

    write("twice.tar", tar("1.png", image(1), "1.jpg", image(2), "1.cls", text("1")));
    assertThatThrownBy(() -> read("tar", folder.resolve("twice.tar")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("1.jpg and 1.png have the same .cls file");

    write("three.tar", tar("1.a.png", image(1), "1.b.png", image(2), "1.cls", text("1")));
    assertThatThrownBy(() -> read("tar", folder.resolve("three.tar")))
        .hasMessageContaining("1.a.png and 1.b.png have the same .cls file");
  }

  @Test
  void readsATarFileOfClassTarFiles() throws IOException {
    byte[] outer =
        tar(
            "n01.tar", tar("n01_1.JPEG", image(1), "n01_2.JPEG", image(2)),
            "n02.tar", tar("n02_1.JPEG", image(3)));
    write("images.tar", outer);
    List<Found> found = read("tar", folder.resolve("images.tar"));
    assertThat(found)
        .extracting(Found::path, Found::label)
        .containsExactly(
            Tuple.tuple("images.tar/n01/n01_1.JPEG", "n01"),
            Tuple.tuple("images.tar/n01/n01_2.JPEG", "n01"),
            Tuple.tuple("images.tar/n02/n02_1.JPEG", "n02"));
    assertThat(((SourceImage.Encoded) found.get(2).image()).file()).isEqualTo(image(3));
  }

  /** The same classes and splits as those of the folders that the archive was made of. */
  @Test
  void readsClassFoldersOfATarFileAsThoseOnADisk() throws IOException {
    String[] names = {
      "set-160/train/ant/1.png",
      "set-160/train/ant/old/2.png",
      "set-160/train/bee/3.png",
      "set-160/train/stray.png",
      "set-160/train/.cache/ant/4.png",
      "set-160/val/ant/5.png",
      "set-160/val/bee/6.png"
    };
    List<Object> entries = new ArrayList<>();
    for (String name : names) {
      write("disk/" + name, image(1));
      entries.add(name);
      entries.add(image(1));
    }
    write("archives/set.tar", tar(entries.toArray()));

    List<Found> found = read("tar", folder.resolve("archives"));

    assertThat(found)
        .extracting(Found::path, Found::split, Found::label)
        .containsExactlyInAnyOrder(
            Tuple.tuple("set.tar/set-160/train/ant/1.png", "train", "ant"),
            Tuple.tuple("set.tar/set-160/train/ant/old/2.png", "train", "ant"),
            Tuple.tuple("set.tar/set-160/train/bee/3.png", "train", "bee"),
            Tuple.tuple("set.tar/set-160/val/ant/5.png", "validation", "ant"),
            Tuple.tuple("set.tar/set-160/val/bee/6.png", "validation", "bee"));
    assertThat(found)
        .extracting(each -> each.path().substring("set.tar/set-160/".length()))
        .containsExactlyInAnyOrderElementsOf(
            read("folder", folder.resolve("disk/set-160")).stream().map(Found::path).toList());
    assertThat(list("tar", folder.resolve("archives")).ignored())
        .containsExactlyInAnyOrder(
            "set.tar/set-160/train/stray.png", "set.tar/set-160/train/.cache/ant/4.png");
  }

  @ParameterizedTest
  @CsvSource({
    "data.tar, set/ant/1.png, set/bee/2.png, none, ant, bee",
    "data.tar, ./././ant/1.png, ././bee/2.png, none, ant, bee",
    "data.tar, train/1.png, plane/2.png, none, train, plane",
    "data.tar, set/train/ant/1.png, set/train/bee/2.png, none, ant, bee",
    "set-test.tar, a/b/ant/1.png, a/b/bee/2.png, test, ant, bee",
    "train-data.tar, train/ant/1.png, train/bee/2.png, train, ant, bee",
  })
  void theFolderOfAnImageIsItsClass(
      String archive, String one, String other, String split, String label, String second)
      throws IOException {
    write(archive, tar(one, image(1), other, image(2)));

    assertThat(read("tar", folder.resolve(archive)))
        .extracting(Found::split, Found::label)
        .containsExactlyInAnyOrder(Tuple.tuple(split, label), Tuple.tuple(split, second));
  }

  @Test
  void imagesDeeperInAClassFolderOfATarFileAreOfThatClass() throws IOException {
    byte[] deep =
        tar(
            "set/ant/1.png",
            image(1),
            "set/ant/old/2.png",
            image(2),
            "set/bee/3.png",
            image(3),
            "set/preview.png",
            image(4));
    write("data.tar", deep);

    assertThat(read("tar", folder.resolve("data.tar")))
        .extracting(Found::label)
        .containsExactlyInAnyOrder("ant", "ant", "bee");
    assertThat(list("tar", folder.resolve("data.tar")).ignored())
        .containsExactly("data.tar/set/preview.png");
  }

  /** Each has a folder of its own around those of the classes. */
  @Test
  void classesOfSeveralTarFilesAreTheInnermostFolders() throws IOException {
    write("in/a.tar", tar("a/ant/1.png", image(1), "a/bee/2.png", image(2)));
    write("in/b.tar", tar("b/ant/1.png", image(3), "b/bee/2.png", image(4)));

    assertThat(list("tar", folder.resolve("in")).classNames()).containsExactly("ant", "bee");
  }

  @ParameterizedTest
  @CsvSource({
    "ant/1.png, ant/deep/2.png, it is not clear which of these are classes",
    "train/steam/1.png, plane/2.png, it is not clear which of these are classes",
    "train/ant/images/1.png, val/images/2.png, Class 'images' of split 'validation' is not in",
    "val/ant/1.png, valid/ant/2.png, are one split",
    "ant/1.png, 2.png, 2.png is in no folder",
    ".a/ant/1.png, .b/2.png, it holds no images",
  })
  void refusesTarFilesWhoseClassesAreNotClear(String one, String other, String reason)
      throws IOException {
    write("data.tar", tar(one, image(1), other, image(2)));

    assertThatThrownBy(() -> list("tar", folder.resolve("data.tar")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void passesOverWhatLeadsOutOfATarFile() throws IOException {
    write(
        "images.tar",
        tar(
            "a/1.png",
            image(1),
            "b/2.png",
            image(2),
            "a/../../b/3.png",
            image(3),
            "/a/4.png",
            image(4),
            "a/5.png->/etc/passwd",
            new byte[0],
            "a/.hidden.png",
            image(5)));
    Path file = folder.resolve("images.tar");
    assertThat(read("tar", file))
        .extracting(Found::path)
        .containsExactly("images.tar/a/1.png", "images.tar/b/2.png");
    assertThat(list("tar", file).ignored())
        .containsExactly(
            "images.tar/a/../../b/3.png",
            "images.tar//a/4.png",
            "images.tar/a/5.png",
            "images.tar/a/.hidden.png");
  }

  @Test
  void refusesTarFilesThatAreNone() throws IOException {
    Path file = folder.resolve("images.tar");
    byte[] good = tar("a/1.png", image(1), "b/2.png", image(2));
    for (int length : new int[] {100, 512, 600, 1100, 1700}) {
      Files.write(file, Arrays.copyOf(good, length));
      assertThatThrownBy(() -> read("tar", file))
          .as("%d bytes", length)
          .isInstanceOf(length < 512 ? InputException.class : DamagedException.class)
          .hasMessageContaining("images.tar");
    }
    byte[] zipped = TestImages.gzip(good);
    for (int length : new int[] {5, 60, zipped.length / 2, zipped.length - 1}) {
      Files.write(file, Arrays.copyOf(zipped, length));
      assertThatThrownBy(() -> read("tar", file))
          .as("%d bytes, gzipped", length)
          .isInstanceOf(DamagedException.class);
    }
    byte[] lying = good.clone();
    System.arraycopy(text("77777777777"), 0, lying, 124, 11);
    Files.write(file, lying);
    assertThatThrownBy(() -> read("tar", file)).isInstanceOf(DamagedException.class);
    Files.write(file, text("no archive at all"));
    assertThatThrownBy(() -> read("tar", file)).isInstanceOf(InputException.class);
    Files.write(file, tar("1.png", image(1), "1.cls", text("cat"), "2.png", image(1)));
    assertThatThrownBy(() -> read("tar", file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("1.cls is 'cat'");
    Files.write(file, tar("1.png", image(1), "1.cls", text("1"), "2.png", image(1)));
    assertThatThrownBy(() -> read("tar", file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("2.png has no .cls file");
    Files.write(file, tar("1.png", image(1)));
    assertThatThrownBy(() -> read("tar", file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is in no folder");
    Files.write(file, tar("a/1.png", image(1), "b/2.png", image(2), "a/1.png", image(3)));
    assertThatThrownBy(() -> read("tar", file))
        .isInstanceOf(InputException.class)
        .hasMessageEndingWith("it holds a/1.png twice");
  }
}
