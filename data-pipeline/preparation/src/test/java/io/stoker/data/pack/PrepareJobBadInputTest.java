// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.Fifo;
import io.stoker.data.RawNames;
import io.stoker.data.TestImages;
import io.stoker.data.TestSpark;
import io.stoker.data.image.ExtremeImages;
import io.stoker.data.shard.RejectedInput;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.source.ImageSources;
import io.stoker.data.storage.Storage;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.apache.spark.api.java.JavaSparkContext;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("slow")
class PrepareJobBadInputTest {
  private static JavaSparkContext spark;

  @TempDir private Path folder;
  private Path in;
  private Path out;

  @BeforeAll
  static void start() {
    spark = TestSpark.local(2);
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  @BeforeEach
  void name() {
    in = folder.resolve("in");
    out = folder.resolve("out");
  }

  private PrepareOptions.Builder options(String format) {
    return PrepareOptions.builder()
        .source(ImageSources.named(format))
        .input(hadoop(in))
        .output(hadoop(out));
  }

  private static org.apache.hadoop.fs.Path hadoop(Path path) {
    return new org.apache.hadoop.fs.Path(path.toUri());
  }

  private static ShardManifest run(PrepareOptions.Builder options) {
    return new PrepareJob(spark, options.build()).run().manifest();
  }

  private static AbstractThrowableAssert<?, ?> assertRefused(PrepareOptions.Builder options) {
    return assertThatThrownBy(() -> run(options)).isInstanceOf(InputException.class);
  }

  private static AbstractThrowableAssert<?, ?> assertDamaged(PrepareOptions.Builder options) {
    return assertThatThrownBy(() -> run(options)).isInstanceOf(DamagedException.class);
  }

  private void writeText(String name, String text) throws IOException {
    TestImages.write(in.resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void namesAMissingOrEmptyOrWrongInput() throws IOException {
    assertRefused(options("folder")).hasMessageContaining("Cannot find input " + hadoop(in));
    Files.createDirectories(in);
    assertRefused(options("folder")).hasMessageContaining("has no folders");
    assertRefused(options("idx")).hasMessageContaining("has no idx files");
    Files.delete(in);
    Files.writeString(in, "a file");
    assertRefused(options("folder")).hasMessageContaining("is a file (must be a folder)");
    assertRefused(options("idx")).hasMessageContaining("is a file (must be a folder)");
    assertRefused(options("idx").input(new org.apache.hadoop.fs.Path("nosuch://x/y")))
        .hasMessageContaining("nosuch");
    assertThat(out).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "train-images-idx3-ubyte.gz, idx",
    "t10k-labels.IDX1-ubyte, idx",
    "data_batch_3.bin, cifar",
    "train-00000-of-00001.parquet, parquet",
    "images.tar.gz, tar",
    "list.CSV, csv"
  })
  void namesTheFormatThatTheInputProbablyHas(String file, String format) throws IOException {
    String hint = "; for " + file + " say --format " + format;
    writeText(file, "content");
    assertRefused(options("folder"))
        .hasMessageContaining("has no folders")
        .hasMessageEndingWith(hint);
    assertRefused(options("folder").input(hadoop(in.resolve(file)))).hasMessageEndingWith(hint);

    writeText("data/" + file, "content");
    assertRefused(options("folder"))
        .hasMessageContaining("Class 'data' has no images")
        .hasMessageContaining(hint);
  }

  @Test
  void refusesFoldersThatAreNoClasses() throws IOException {
    TestImages.writeFolders(in, 4, 2, "one");
    assertRefused(options("folder")).hasMessageContaining("Found 1 class [one]");
    Files.createDirectories(in.resolve("two"));
    assertRefused(options("folder")).hasMessageContaining("Class 'two' has no images");
    writeText("two/notes.txt", "no image");
    assertRefused(options("folder")).hasMessageContaining("Class 'two' has no images");
    TestImages.writeFolders(in, 4, 2, "two");
    run(options("folder").splits(SplitFractions.parse("train=1")));
  }

  @Test
  void refusesAClassThatIsNotTrained() throws IOException {
    TestImages.writeFolders(in.resolve("train"), 4, 2, "a", "b");
    TestImages.writeFolders(in.resolve("test"), 4, 2, "a", "c");
    assertRefused(options("folder"))
        .hasMessageContaining("Class 'c' of split 'test' is not in split 'train'");
  }

  /** Splits that are not whole would else be two classes, called train and test. */
  @Test
  void refusesFoldersOfSplitsThatAreNotWhole() throws IOException {
    TestImages.writeFolders(in.resolve("test"), 4, 2, "a", "b");
    assertRefused(options("folder"))
        .hasMessageContaining("has folders of the splits [test], and none called 'train'");
    TestImages.writeFolders(in.resolve("val"), 4, 2, "a", "b");
    assertRefused(options("folder"))
        .hasMessageContaining("has folders of the splits [test, validation], and none called");
    TestImages.writeFolders(in.resolve("train"), 4, 2, "a", "b");
    TestImages.writeFolders(in, 4, 2, "samples");
    assertRefused(options("folder"))
        .hasMessageContaining("has folders of splits, and 'samples', which is none (move");
    Files.move(in.resolve("samples"), folder.resolve("samples"));
    Files.move(in.resolve("test"), folder.resolve("test"));
    TestImages.writeFolders(in, 4, 2, "test");
    assertRefused(options("folder"))
        .hasMessageContaining("split 'test' has no folders of classes: file:" + in.resolve("test"));
  }

  /** Flat folders with names of splits are classes, unless these are all there is. */
  @Test
  void flatFoldersNamedAfterSplitsAreClassesBesideOthers() throws IOException {
    TestImages.writeFolders(in, 4, 2, "train", "test");
    assertRefused(options("folder")).hasMessageContaining("split 'test' has no folders of classes");
    TestImages.writeFolders(in, 4, 2, "val", "valid", "word");
    ShardManifest manifest = run(options("folder").splits(SplitFractions.parse("train=1")));
    assertThat(manifest.classNames()).containsExactly("test", "train", "val", "valid", "word");
  }

  /** Such as the trains among vehicles. */
  @Test
  void aSingleFolderNamedAfterASplitIsAClass() throws IOException {
    TestImages.writeFolders(in, 4, 2, "bus", "car");
    TestImages.writeFolders(in.resolve("train"), 4, 2, "steam", "tram");
    ShardManifest manifest = run(options("folder").splits(SplitFractions.parse("train=1")));
    assertThat(manifest.classNames()).containsExactly("bus", "car", "train");
    assertThat(manifest.split("train").samples()).isEqualTo(8);
  }

  @Test
  void refusesAnInputWithoutTrain() throws IOException {
    TestImages.writeIdx(in, "t10k-", 100, 4, 5);
    assertRefused(options("idx")).hasMessageContaining("has no split 'train', only [test]");
    assertRefused(options("idx").trainSplits(SplitFractions.parseOfTrain("val=0.1")))
        .hasMessageContaining("has no split 'train', only [test]");
  }

  @Test
  void shortNamesOfSplitsAreThoseOfFolders() {
    assertThat(SplitFractions.parse("train=0.8,val=0.1,test=0.1").names())
        .containsExactly("train", "validation", "test");
    assertThat(SplitFractions.parseOfTrain("valid=0.1").names())
        .containsExactly("validation", "train");
    assertThatThrownBy(() -> SplitFractions.parse("train=0.8,val=0.1,validation=0.1"))
        .hasMessage("Split 'validation' appears twice");
  }

  @Test
  void ignoresAndListsWhatIsNoImageByName() throws IOException {
    TestImages.writeFolders(in, 4, 10, "a", "b");
    writeText("a/notes.txt", "no image");
    writeText("b/.DS_Store", "hidden");
    writeText("a/.hidden/x.png", "hidden");
    writeText("b/deep/Thumbs.db", "no image");
    TestImages.write(
        in.resolve("b/deep/er/image.PNG"), TestImages.file(TestImages.gradient(4, 4, 0), "png"));

    ShardManifest manifest = run(options("folder"));

    assertThat(manifest.ignored())
        .containsExactly("a/.hidden/", "a/notes.txt", "b/.DS_Store", "b/deep/Thumbs.db");
    assertThat(manifest.read()).isEqualTo(21);
    assertThat(manifest.found()).isEqualTo(25);
    assertThat(manifest.rejected()).isEmpty();
    assertThat(manifest.splits().values().stream().mapToLong(s -> s.samples()).sum()).isEqualTo(21);
  }

  @Test
  void carriesNamesOfAllKindsUnharmed() throws IOException {
    List<String> names = List.of("Äpfel", "esc\u001b[31m", "line\nbreak", "日本", "a:b", "İ %41");
    TestImages.writeFolders(in, 4, 3, names.toArray(String[]::new));
    ShardManifest manifest = run(options("folder").splits(SplitFractions.parse("train=1")));
    assertThat(manifest.classNames()).containsExactlyElementsOf(names.stream().sorted().toList());
    assertThat(manifest.samples()).isEqualTo(18);
    ShardFolder shards = ShardFolder.open(hadoop(out), spark.hadoopConfiguration());
    assertThat(shards.manifest()).isEqualTo(manifest);
    ShardBlock block = shards.readBlock("train", 0);
    for (int row = 0; row < block.rows(); row++) {
      assertThat(block.path(row))
          .startsWith(manifest.classNames().get(block.label(row)) + "/image-");
    }
  }

  /** 0.58 * 50 is a little below 29 in binary. */
  @Test
  void takesExactlyTheShareThatMayBeRejected() throws IOException {
    TestImages.writeFolders(in, 4, 7, "a", "b", "c");
    for (int i = 0; i < 29; i++) {
      Files.writeString(in.resolve("a/broken-" + i + ".png"), "no image");
    }
    assertRefused(options("folder").maximumRejected(0.57)).hasMessageContaining("29 of 50 images");
    assertThat(run(options("folder").maximumRejected(0.58)).rejected()).hasSize(29);
  }

  @Test
  void rejectsImagesWhoseNamesAreNotUtf8() throws IOException {
    TestImages.writeFolders(in, 4, 10, "a", "b");
    byte[] png = Files.readAllBytes(in.resolve("a/image-000.png"));
    Files.write(RawNames.in(in.resolve("a"), "caf%E9.png"), png);
    Path unnameable = Files.createDirectory(RawNames.in(in, "%C4pfel"));
    for (int i = 0; i < 4; i++) {
      Files.write(unnameable.resolve(i + ".png"), png);
    }
    assertRefused(options("folder")).hasMessageContaining("5 of 25 images are rejected");
    ShardManifest manifest = run(options("folder").maximumRejected(0.3));
    assertThat(manifest.classNames()).containsExactly("a", "b");
    assertThat(manifest.rejected())
        .extracting(RejectedInput::path)
        .containsExactly(
            "\\xC4pfel/0.png",
            "\\xC4pfel/1.png",
            "\\xC4pfel/2.png",
            "\\xC4pfel/3.png",
            "a/caf\\xE9.png");
    assertThat(manifest.found()).isEqualTo(25);
  }

  @Test
  @Timeout(60)
  void ignoresPipes() throws IOException {
    TestImages.writeFolders(in, 4, 10, "a", "b");
    Fifo.make(in.resolve("a/pipe.png"));
    ShardManifest manifest = run(options("folder"));
    assertThat(manifest.ignored()).containsExactly("a/pipe.png");
    assertThat(manifest.samples()).isEqualTo(20);
    Path list = Fifo.make(folder.resolve("list.csv"));
    for (String format : List.of("csv", "tar", "idx", "cifar", "folder")) {
      assertRefused(options(format).input(hadoop(list)).output(hadoop(folder.resolve("other"))))
          .hasMessageContaining("list.csv is a");
    }
  }

  /** Small files whose pixels, or whose intermediate sizes, are not small. */
  @Test
  @Timeout(300)
  void rejectsImagesThatAreLinesOrMakesThemSmall() throws IOException {
    TestImages.writeFolders(in, 8, 10, "a", "b");
    TestImages.write(in.resolve("a/tall.png"), ExtremeImages.png(1, 6_000_000));
    TestImages.write(in.resolve("a/taller.png"), ExtremeImages.png(1, 20_000_000));
    TestImages.write(in.resolve("b/wide.png"), ExtremeImages.png(20_000_000, 1));
    TestImages.write(in.resolve("b/too-tall.png"), ExtremeImages.png(1, Integer.MAX_VALUE));
    for (int size : new int[] {8, 256, 4096}) {
      ShardManifest manifest =
          run(
              options("folder")
                  .size(size)
                  .encoding(ShardEncoding.parse("jpeg"))
                  .output(hadoop(folder.resolve("out-" + size)))
                  .maximumRejected(0.3));
      assertThat(manifest.rejected()).extracting(RejectedInput::path).contains("b/too-tall.png");
      assertThat(manifest.found()).isEqualTo(24);
    }
    ShardManifest asTheyAre =
        run(options("folder").maximumRejected(0.3).encoding(ShardEncoding.parse("jpeg")));
    assertThat(asTheyAre.rejected())
        .extracting(RejectedInput::path, RejectedInput::reason)
        .contains(
            Tuple.tuple("a/tall.png", "too long for jpeg: 6000000 x 1 x 3 pixels"),
            Tuple.tuple("b/wide.png", "too long for jpeg: 1 x 20000000 x 3 pixels"));
  }

  @Test
  void findsThatNothingCanBeWrittenBeforeItReadsImages() throws IOException {
    TestImages.writeFolders(in, 4, 2, "a", "b");
    Files.writeString(out, "a file");
    assertRefused(options("folder")).hasMessageContaining("is a file");
    assertRefused(options("folder").output(hadoop(out.resolve("deep/er"))))
        .hasMessageMatching(
            "Cannot write --output .*/out/deep/er: a part of this path is a file, not a folder");
    assertThat(out).hasContent("a file");
  }

  @Test
  void doesNotFollowLinksOutOfTheTree() throws IOException {
    TestImages.writeFolders(in, 4, 10, "a", "b");
    TestImages.writeFolders(folder, 4, 3, "secret");
    Files.createSymbolicLink(in.resolve("a/out.png"), folder.resolve("secret/image-000.png"));
    Files.createSymbolicLink(in.resolve("a/in.png"), in.resolve("b/image-000.png"));
    Files.createSymbolicLink(in.resolve("b/loop"), in);
    Files.createSymbolicLink(in.resolve("c"), folder.resolve("secret"));

    ShardManifest manifest = run(options("folder"));

    assertThat(manifest.classNames()).containsExactly("a", "b");
    assertThat(manifest.ignored()).containsExactly("a/out.png", "b/loop/", "c/");
    assertThat(manifest.splits().values().stream().mapToLong(s -> s.samples()).sum()).isEqualTo(21);
  }

  @Test
  void takesAnyNameOfClassAndFile() throws IOException {
    String[] names = {
      "<b onclick='x'>&amp;",
      "Cat",
      "Größe, 1:2 #3 %20",
      "cat",
      "größe",
      "two\nlines\"quoted\"",
      "犬 🐕"
    };
    TestImages.writeFolders(in, 4, 10, names);
    ShardManifest manifest = run(options("folder"));
    assertThat(manifest.classNames()).containsExactly(names);
    assertThat(manifest.splits().values().stream().mapToLong(s -> s.samples()).sum()).isEqualTo(70);
  }

  @Test
  @Exact
  void countsAndNamesBrokenImages() throws IOException {
    TestImages.writeFolders(in, 8, 60, "a", "b");
    byte[] good = TestImages.file(TestImages.gradient(30, 20, 0), "jpeg");
    TestImages.write(in.resolve("b/cut.jpg"), Arrays.copyOf(good, good.length / 2));
    writeText("a/page.png", "<html>");
    TestImages.write(in.resolve("a/empty.gif"), new byte[0]);

    assertRefused(options("folder"))
        .hasMessageContaining("3 of 123 images are rejected")
        .hasMessageContaining("--max-rejected")
        .hasMessageContaining("b/cut.jpg (truncated)");
    assertThat(out).doesNotExist();

    ShardManifest manifest = run(options("folder").maximumRejected(0.03));
    assertThat(manifest.rejected())
        .containsExactly(
            new RejectedInput("a/empty.gif", "empty file"),
            new RejectedInput(
                "a/page.png",
                "not an image that is read: an HTML page (JPEG, PNG, GIF, BMP and WebP are read)"),
            new RejectedInput("b/cut.jpg", "truncated"));
    assertThat(manifest.splits().values().stream().mapToLong(s -> s.samples()).sum())
        .isEqualTo(120);
  }

  @Test
  void rejectsImagesThatAreTooLarge() throws IOException {
    TestImages.writeFolders(in, 8, 10, "a", "b");
    TestImages.write(
        in.resolve("a/large.png"), TestImages.file(TestImages.gradient(40, 40, 0), "png"));
    ShardManifest manifest = run(options("folder").maximumPixels(1000).maximumRejected(0.1));
    assertThat(manifest.rejected())
        .containsExactly(
            new RejectedInput("a/large.png", "too large: 40 x 40 pixels, the limit is 1000"));
    assertThat(out.resolve("rejected.jsonl"))
        .hasContent(
            "{\"path\":\"a/large.png\",\"reason\":\"too large: 40 x 40 pixels, the limit is"
                + " 1000\"}");

    Files.delete(in.resolve("a/large.png"));
    run(options("folder").existingOutput(PrepareOptions.ExistingOutput.OVERWRITE));
    assertThat(out.resolve("rejected.jsonl")).doesNotExist();
  }

  @Test
  void asksForAnEncodingWhereOneSuitsNotAllSizes() throws IOException {
    TestImages.writeFolders(in, 8, 10, "a", "b");
    TestImages.write(
        in.resolve("a/large.png"), TestImages.file(TestImages.gradient(100, 90, 0), "png"));
    assertRefused(options("folder"))
        .hasMessageContaining("192 to 27000 bytes of pixels")
        .hasMessageContaining("--encoding");
    assertThat(run(options("folder").encoding(ShardEncoding.parse("png"))).images())
        .hasToString("8 to 90 x 8 to 100 x 3");
    run(options("folder").size(100).existingOutput(PrepareOptions.ExistingOutput.OVERWRITE));
  }

  @Test
  void refusesIdxFilesThatAreNone() throws IOException {
    TestImages.writeIdx(in, "train-", 100, 4, 5);
    Path images = in.resolve("train-images-idx3-ubyte");
    Path labels = in.resolve("train-labels-idx1-ubyte");
    byte[] imageBytes = Files.readAllBytes(images);
    byte[] labelBytes = Files.readAllBytes(labels);

    Files.write(images, labelBytes);
    assertRefused(options("idx"))
        .hasMessageContaining("magic number is 0x00000801, that of idx images is 0x00000803");
    Files.write(images, Arrays.copyOf(imageBytes, imageBytes.length - 1));
    assertDamaged(options("idx"))
        .hasMessageContaining("train-images-idx3-ubyte: truncated")
        .hasMessageContaining("100 items");
    Files.write(images, Arrays.copyOf(imageBytes, imageBytes.length + 1));
    assertDamaged(options("idx")).hasMessageContaining("longer than the 100 items");
    Files.write(images, Arrays.copyOf(imageBytes, 7));
    assertDamaged(options("idx")).hasMessageContaining("truncated");
    byte[] lying = imageBytes.clone();
    lying[4] = 0x7F;
    Files.write(images, lying);
    assertDamaged(options("idx")).hasMessageContaining("train-images-idx3-ubyte");
    Files.write(images, TestImages.gzip(imageBytes));
    run(options("idx"));
    byte[] zipped = TestImages.gzip(imageBytes);
    for (int length : new int[] {1, 5, 30, zipped.length / 2, zipped.length - 1}) {
      Files.write(images, Arrays.copyOf(zipped, length));
      assertDamaged(options("idx").output(hadoop(folder.resolve("zipped"))))
          .hasMessageContaining("train-images-idx3-ubyte");
    }
    Files.write(images, imageBytes);
    TestImages.write(labels, TestImages.idxLabels(99, new byte[99]));
    assertRefused(options("idx").output(hadoop(folder.resolve("other"))))
        .hasMessageContaining("100 images, and its labels are 99");
    TestImages.write(labels, TestImages.idxLabels(100, new byte[100]));
    assertRefused(options("idx").output(hadoop(folder.resolve("other"))))
        .hasMessageContaining("Found 1 class [0]");
    byte[] lyingLabels = labelBytes.clone();
    lyingLabels[4] = 0x7F;
    Files.write(labels, lyingLabels);
    assertDamaged(options("idx").output(hadoop(folder.resolve("other"))))
        .hasMessageContaining("train-labels-idx1-ubyte");
    Files.delete(labels);
    assertRefused(options("idx").output(hadoop(folder.resolve("other"))))
        .hasMessageContaining("Cannot find train-labels-idx1-ubyte");
  }

  @Test
  void splitsASingleIdxPairByFraction() throws IOException {
    TestImages.writeIdx(in, "", 1000, 4, 5);
    ShardManifest manifest = run(options("idx"));
    assertThat(manifest.split("train").samples()).isBetween(860L, 940L);
    assertThat(manifest.split("test").samples())
        .isEqualTo(1000 - manifest.split("train").samples());
  }

  /** As a job does that is killed before its first shard. */
  @Test
  void aProbeThatWasLeftIsNoContent() throws IOException {
    TestImages.writeFolders(in, 4, 10, "a", "b");
    TestImages.write(out.resolve(".stoker-probe-" + UUID.randomUUID()), new byte[0]);

    assertThat(run(options("folder")).samples()).isEqualTo(20);
  }

  @Test
  void leavesAnExistingOutputAlone() throws IOException {
    TestImages.writeFolders(in, 4, 10, "a", "b");
    Path foreign = out.resolve("thesis.doc");
    TestImages.write(foreign, new byte[] {1});
    assertRefused(options("folder")).hasMessageContaining("is not empty");
    PrepareOptions.Builder overwrite =
        options("folder").existingOutput(PrepareOptions.ExistingOutput.OVERWRITE);
    assertRefused(overwrite).hasMessageContaining("did not write: [thesis.doc]");
    assertThat(foreign).exists();
    Files.delete(foreign);

    run(options("folder"));
    assertRefused(options("folder")).hasMessageContaining("--overwrite");
    TestImages.write(foreign, new byte[] {1});
    assertRefused(overwrite).hasMessageContaining("thesis.doc");
    Files.delete(foreign);
    assertRefused(options("folder").output(hadoop(in.resolve("shards"))))
        .hasMessageContaining("inside it");
    assertRefused(options("folder").output(hadoop(in))).hasMessageContaining("is the input");
  }

  @ParameterizedTest
  @CsvSource({
    "a:b, a scheme: write './a:b'",
    "s3a:b, after a scheme a path begins with a slash",
    "file://tmp/x, it names the host tmp: file:/// and then the path",
  })
  void saysHowALocationIsWritten(String uri, String how) {
    assertThatThrownBy(() -> Storage.path(uri))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(how);
  }

  @Test
  void replacesShardsOfItsOwn() throws IOException {
    TestImages.writeFolders(in, 40, 300, "a", "b");
    run(options("folder").shardMegabytes(1).encoding(ShardEncoding.parse("raw")));
    assertThat(names()).contains("train-00001-of-00003.parquet").hasSize(7);
    // What is left of a job that was killed.
    Files.delete(out.resolve("manifest.json"));
    TestImages.write(
        out.resolve(ShardOutput.UNFINISHED),
        String.join("\n", names()).getBytes(StandardCharsets.UTF_8));
    TestImages.write(out.resolve("manifest.json"), new byte[0]);
    TestImages.write(out.resolve(".manifest.json.new"), new byte[1]);
    assertRefused(options("folder"))
        .hasMessageContaining("what is left of a preparation that was stopped");

    run(
        options("folder")
            .encoding(ShardEncoding.parse("raw"))
            .existingOutput(PrepareOptions.ExistingOutput.OVERWRITE));

    assertThat(names())
        .containsExactlyInAnyOrder(
            "manifest.json",
            "manifest.sha256",
            "duplicates.jsonl",
            "test-00000-of-00001.parquet",
            "train-00000-of-00001.parquet");
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(out)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Test
  void refusesOptionsOutOfRange() {
    assertThatThrownBy(() -> options("folder").size(-1).build())
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid size: -1");
    assertThatThrownBy(() -> options("folder").channels(2).build())
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid channels: 2");
    assertThatThrownBy(() -> options("foldre"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("did you mean 'folder'?");
    for (String splits :
        new String[] {
          "train",
          "train=x",
          "test=1",
          "train=0.5",
          "train=2,test=-1",
          "train=0.5,train=0.5",
          "train=0.5,../x=0.5",
          ""
        }) {
      assertThatThrownBy(() -> SplitFractions.parse(splits)).isInstanceOf(InputException.class);
    }
    assertThatThrownBy(() -> ShardEncoding.parse("jpg"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("did you mean 'jpeg'?");
    assertThatThrownBy(() -> ShardEncoding.parse("jpeg=101"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("101");
  }
}
