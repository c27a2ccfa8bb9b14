// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.TestImages;
import io.stoker.data.TestSpark;
import io.stoker.data.frame.ImageColumn;
import io.stoker.data.image.Decoding;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.ImageFile;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.Resizing;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFile;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.source.ImageSources;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrepareJobTest {
  private static JavaSparkContext spark;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    spark = TestSpark.local(2);
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  private PrepareOptions.Builder options(String format) {
    return PrepareOptions.builder()
        .source(ImageSources.named(format))
        .input(hadoop(folder.resolve("in")))
        .output(hadoop(folder.resolve("out")));
  }

  private static org.apache.hadoop.fs.Path hadoop(Path path) {
    return new org.apache.hadoop.fs.Path(path.toUri());
  }

  private static Map<String, byte[]> files(Path folder) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> list = Files.list(folder)) {
      for (Path file : list.toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  @Test
  @Exact
  void keepsEveryIdxImageWithItsLabelInItsSplit() throws IOException {
    TestImages.writeIdx(folder.resolve("in"), "train-", 25_000, 8, 5);
    TestImages.writeIdx(folder.resolve("in"), "t10k-", 30, 8, 5);

    PrepareResult result = new PrepareJob(spark, options("idx").build()).run();

    assertThat(result.samples()).isEqualTo(25_030);
    ShardManifest manifest = result.manifest();
    assertThat(manifest.classNames()).containsExactly("0", "1", "2", "3", "4");
    assertThat(manifest.split("train").samplesPerClass()).containsOnly(5_000L);
    assertThat(manifest.split("test").samples()).isEqualTo(30);
    assertThat(manifest.encoding().name()).isEqualTo("raw");
    byte[] source = Files.readAllBytes(folder.resolve("in/train-images-idx3-ubyte"));
    ShardFolder shards = ShardFolder.open(hadoop(folder.resolve("out")), new Configuration());
    assertThat(shards.manifest()).isEqualTo(manifest);
    assertThat(shards.manifestHash()).isEqualTo(result.manifestHash());
    byte[] decoded = new byte[64];
    Set<Integer> seen = new HashSet<>();
    int blocks = manifest.split("train").blockRows().length;
    assertThat(blocks).isGreaterThan(1);
    for (int block = 0; block < blocks; block++) {
      ShardBlock rows = shards.readBlock("train", block);
      for (int row = 0; row < rows.rows(); row++) {
        int index = Integer.parseInt(rows.path(row).substring(rows.path(row).indexOf("#") + 1));
        rows.decode(row, decoded);
        assertThat(decoded)
            .isEqualTo(java.util.Arrays.copyOfRange(source, 16 + index * 64, 80 + index * 64));
        assertThat(rows.label(row)).isEqualTo(index % 5);
        assertThat(seen.add(index)).isTrue();
      }
    }
    assertThat(seen).hasSize(25_000);
  }

  /** What predict, explain and data frames decode and resize has the pixels of the shards. */
  @ParameterizedTest
  @EnumSource(Decoding.class)
  void photosInShardsAreAsTheyAreReadOneByOne(Decoding decoding) throws Exception {
    byte[] photo = TestImages.file(TestImages.gradient(403, 301, 1), "jpeg");
    ImageShape shape = new ImageShape(32, 32, 3);
    for (int orientation = 1; orientation <= 8; orientation++) {
      TestImages.write(
          folder.resolve((orientation < 5 ? "in/ant/" : "in/bee/") + orientation + ".jpg"),
          TestImages.withOrientation(photo, orientation));
    }
    PrepareOptions.Builder options =
        options("folder").size(32).decoding(decoding).splits(SplitFractions.parse("train=1"));

    PrepareResult result = new PrepareJob(spark, options.build()).run();

    assertThat(result.manifest().exactPixels()).isEqualTo(decoding == Decoding.EXACT);
    Configuration hadoop = new Configuration();
    ImageColumn column =
        ImageColumn.of(new StructType().add("content", DataTypes.BinaryType), "content");
    ShardFolder shards = ShardFolder.open(hadoop(folder.resolve("out")), hadoop);
    assertThat(shards.manifest()).isEqualTo(result.manifest());
    ShardBlock block = shards.readBlock("train", 0);
    assertThat(block.rows()).isEqualTo(8);
    for (int row = 0; row < 8; row++) {
      Path file = folder.resolve("in").resolve(block.path(row));
      byte[] pixels = block.pixels(row).values();
      assertThat(
              ImageFile.decode(hadoop(file), decoding.leastFor(shape), hadoop).fit(shape).values())
          .isEqualTo(pixels);
      Row image = RowFactory.create((Object) Files.readAllBytes(file));
      assertThat(column.read(image, hadoop, shape, decoding).values()).isEqualTo(pixels);
      Pixels full = ImageCodec.decode(Files.readAllBytes(file), 1_000_000);
      assertThat(Arrays.equals(Resizing.fit(full, shape).values(), pixels))
          .isEqualTo(decoding == Decoding.EXACT);
    }
  }

  @Test
  void theWayOfDecodingIsPartOfWhatShardsAreFoundBy() {
    assertThat(options("folder").build().describe())
        .containsEntry("exact-pixels", "false, by rule 2");
    assertThat(options("folder").decoding(Decoding.EXACT).build().describe())
        .containsEntry("exact-pixels", "true, and recorded");
  }

  /** A standing and a lying white picture have the same bytes, and are no copies. */
  @Test
  void keepsTheSizesOfImagesThatDiffer() throws IOException {
    Map<String, Pixels> images = new TreeMap<>();
    images.put("ant/standing.png", white(6, 4));
    images.put("ant/lying.png", white(4, 6));
    images.put("bee/large.png", TestImages.noise(30, 40, 3, 1));
    images.put("bee/small.png", TestImages.noise(6, 5, 3, 2));
    for (Map.Entry<String, Pixels> image : images.entrySet()) {
      TestImages.write(
          folder.resolve("in").resolve(image.getKey()), ImageCodec.encodePng(image.getValue()));
    }
    PrepareOptions.Builder options = options("folder").splits(SplitFractions.parse("train=1"));

    ShardManifest manifest = new PrepareJob(spark, options.build()).run().manifest();

    assertThat(manifest.duplicates().copies()).isZero();
    assertThat(Files.readString(folder.resolve("out/manifest.json")))
        .containsPattern("\"height\" : \\[ 4, 30 \\],\\s+\"width\" : \\[ 4, 40 \\]");
    double sum = 0;
    long pixels = 0;
    for (Pixels image : images.values()) {
      for (int i = 0; i < image.values().length; i += 3) {
        sum += image.values()[i] & 0xFF;
        pixels++;
      }
    }
    assertThat(manifest.statistics().mean().get(0)).isCloseTo(sum / pixels, within(1e-9));
    ShardFolder shards = ShardFolder.open(hadoop(folder.resolve("out")), new Configuration());
    assertThat(shards.manifest()).isEqualTo(manifest);
    ShardBlock block = shards.readBlock("train", 0);
    assertThat(block.rows()).isEqualTo(images.size());
    for (int row = 0; row < block.rows(); row++) {
      Pixels expected = images.get(block.path(row));
      assertThat(block.pixels(row).shape()).isEqualTo(expected.shape());
      assertThat(block.pixels(row).values()).isEqualTo(expected.values());
    }
    assertThat(
            SparkSession.builder()
                .sparkContext(spark.sc())
                .getOrCreate()
                .read()
                .parquet(folder.resolve("out").toString() + "/*.parquet")
                .selectExpr("max(height * width * channels - length(image))")
                .head()
                .getInt(0))
        .isZero();
    assertThatThrownBy(manifest::image)
        .isInstanceOf(InputException.class)
        .hasMessageContaining("4 to 30 x 4 to 40 x 3 (prepare them with --size N");
  }

  private static Pixels white(int height, int width) {
    ImageShape shape = new ImageShape(height, width, 3);
    byte[] values = new byte[shape.bytes()];
    Arrays.fill(values, (byte) 255);
    return new Pixels(shape, values);
  }

  @Test
  @Exact
  void writesTheSameBytesOnAnyNumberOfSlotsAndFromGzippedFiles() throws IOException {
    Path in = folder.resolve("in");
    TestImages.writeIdx(in, "train-", 25_000, 10, 4);
    PrepareOptions.Builder options = options("idx").shardMegabytes(1).seed(7);
    new PrepareJob(spark, options.build()).run();
    Map<String, byte[]> two = files(folder.resolve("out"));
    assertThat(two).hasSize(5).containsKey("train-00002-of-00003.parquet");

    for (String name : new String[] {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"}) {
      Path plain = in.resolve(name);
      Files.write(in.resolve(name + ".gz"), TestImages.gzip(Files.readAllBytes(plain)));
      Files.delete(plain);
    }
    stop();
    try (JavaSparkContext one = TestSpark.local(1)) {
      new PrepareJob(one, options.output(hadoop(folder.resolve("one"))).build()).run();
    } finally {
      start();
    }

    assertThat(files(folder.resolve("one"))).containsExactlyEntriesOf(two);
  }

  @Test
  void cutsShardsOfEvenSizeInAnOrderThatMixesTheClasses() throws IOException {
    TestImages.writeIdx(folder.resolve("in"), "train-", 40_000, 10, 4);

    ShardManifest manifest =
        new PrepareJob(spark, options("idx").shardMegabytes(1).build()).run().manifest();

    assertThat(manifest.split("train").shards()).hasSize(4);
    for (ShardFile shard : manifest.split("train").shards()) {
      assertThat(shard.rows()).isBetween(9_990L, 10_010L);
    }
    ShardFolder shards = ShardFolder.open(hadoop(folder.resolve("out")), new Configuration());
    ShardBlock block = shards.readBlock("train", 0);
    int[] counts = new int[4];
    for (int row = 0; row < block.rows(); row++) {
      counts[block.label(row)]++;
    }
    for (int count : counts) {
      assertThat((double) count / block.rows()).isCloseTo(0.25, within(0.03));
    }
  }

  @Test
  void computesTheMomentsOfTheTrainPixels() throws IOException {
    TestImages.writeFolders(folder.resolve("in/train"), 6, 3, "a", "b");
    TestImages.writeFolders(folder.resolve("in/val"), 6, 2, "a", "b");
    ShardManifest manifest = new PrepareJob(spark, options("folder").build()).run().manifest();

    assertThat(manifest.splits().keySet()).containsExactly("train", "validation");
    double[] sums = new double[3];
    double[][] products = new double[3][3];
    for (int seed = 0; seed < 6; seed++) {
      java.awt.image.BufferedImage image = TestImages.gradient(6, 6, seed);
      for (int i = 0; i < 36; i++) {
        int rgb = image.getRGB(i % 6, i / 6);
        int[] color = {rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255};
        for (int a = 0; a < 3; a++) {
          sums[a] += color[a];
          for (int b = 0; b < 3; b++) {
            products[a][b] += (double) color[a] * color[b];
          }
        }
      }
    }
    double count = 6 * 36;
    for (int a = 0; a < 3; a++) {
      double mean = sums[a] / count;
      double variance = products[a][a] / count - mean * mean;
      assertThat(manifest.statistics().mean().get(a)).isCloseTo(mean, within(1e-9));
      assertThat(manifest.statistics().standardDeviation().get(a))
          .isCloseTo(Math.sqrt(variance), within(1e-9));
    }
    // C v = lambda v, for each pair.
    for (int k = 0; k < 3; k++) {
      for (int a = 0; a < 3; a++) {
        double product = 0;
        for (int b = 0; b < 3; b++) {
          double covariance = products[a][b] / count - sums[a] / count * (sums[b] / count);
          product += covariance * manifest.statistics().eigenvectors().get(k).get(b);
        }
        assertThat(product)
            .isCloseTo(
                manifest.statistics().eigenvalues().get(k)
                    * manifest.statistics().eigenvectors().get(k).get(a),
                within(1e-6));
      }
    }
  }

  @Test
  @Exact
  void splitsByAHashThatLaterSamplesDoNotChange() throws IOException {
    TestImages.writeFolders(folder.resolve("in"), 4, 40, "a", "b");
    PrepareOptions.Builder options =
        options("folder").splits(SplitFractions.parse("train=0.7,validation=0.2,test=0.1"));
    new PrepareJob(spark, options.build()).run();
    Map<String, String> before = splitByPath(folder.resolve("out"));

    TestImages.writeFolders(folder.resolve("in"), 4, 60, "a", "b");
    new PrepareJob(spark, options.output(hadoop(folder.resolve("more"))).build()).run();
    Map<String, String> after = splitByPath(folder.resolve("more"));

    assertThat(before).hasSize(80);
    assertThat(after).hasSize(120).containsAllEntriesOf(before);
    assertThat(after.values().stream().filter("train"::equals).count()).isBetween(65L, 100L);
  }

  /** Of an input with splits and of one without, of files and of records. */
  @ParameterizedTest
  @ValueSource(strings = {"folder", "folder with splits", "idx", "csv"})
  void takesASplitOutOfTrainOfEverySource(String source) throws IOException {
    Path in = folder.resolve("in");
    switch (source) {
      case "folder" -> TestImages.writeFolders(in, 4, 100, "a", "b");
      case "idx" -> {
        TestImages.writeIdx(in, "train-", 200, 8, 2);
        TestImages.writeIdx(in, "t10k-", 30, 8, 2);
      }
      default -> {
        TestImages.writeFolders(in.resolve("train"), 4, 100, "a", "b");
        TestImages.writeFolders(in.resolve("test"), 4, 15, "a", "b");
      }
    }
    PrepareOptions.Builder options = options(source.split(" ", -1)[0]);
    if (source.equals("csv")) {
      StringBuilder list = new StringBuilder("path,label,split\n");
      try (Stream<Path> files = Files.walk(in)) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          Path relative = in.relativize(file);
          list.append("%s,%s,%s%n".formatted(relative, relative.getName(1), relative.getName(0)));
        }
      }
      options.input(hadoop(Files.writeString(in.resolve("list.csv"), list)));
    }
    new PrepareJob(spark, options.build()).run();
    Map<String, String> whole = splitByPath(folder.resolve("out"));

    options.output(hadoop(folder.resolve("more")));
    options.trainSplits(SplitFractions.parseOfTrain("validation=0.2,probe=0.1"));
    new PrepareJob(spark, options.build()).run();
    Map<String, String> divided = splitByPath(folder.resolve("more"));

    assertThat(divided.keySet()).isEqualTo(whole.keySet());
    Map<String, Integer> counts = new TreeMap<>();
    divided.forEach(
        (path, split) -> {
          assertThat(whole.get(path)).isEqualTo(split.equals("test") ? "test" : "train");
          counts.merge(split, 1, Integer::sum);
        });
    assertThat(counts).containsOnlyKeys("probe", "test", "train", "validation");
    assertThat(counts.get("validation")).isBetween(20, 60);
    assertThat(counts.get("probe")).isBetween(8, 40);
    options.output(hadoop(folder.resolve("third")));
    options.trainSplits(SplitFractions.parseOfTrain("test=0.2"));
    assertRefused(options, "there is a split 'test' already");
    if (!source.equals("folder")) {
      options.trainSplits(SplitFractions.TRAIN_ALONE);
      options.splits(SplitFractions.parse("train=0.8,test=0.2"));
      assertRefused(options, "has splits of its own, [test, train] (leave it out;");
    }
  }

  private static void assertRefused(PrepareOptions.Builder options, String message) {
    assertThatThrownBy(() -> new PrepareJob(spark, options.build()).run())
        .isInstanceOf(InputException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"train=0.5", "validation=1", "validation=0", "a=0.5,b=0.6", "x", "A=0.1"})
  void splitsOfTrainThatCannotBeAreRefused(String splits) {
    assertThatThrownBy(() -> SplitFractions.parseOfTrain(splits))
        .isInstanceOf(InputException.class);
  }

  private static Map<String, String> splitByPath(Path folder) throws IOException {
    ShardFolder shards = ShardFolder.open(hadoop(folder), new Configuration());
    Map<String, String> result = new HashMap<>();
    for (String split : shards.manifest().splits().keySet()) {
      for (int i = 0; i < shards.manifest().split(split).blockRows().length; i++) {
        ShardBlock block = shards.readBlock(split, i);
        for (int row = 0; row < block.rows(); row++) {
          result.put(block.path(row), split);
        }
      }
    }
    return result;
  }

  @Test
  void writesTablesThatSparkSqlReads() throws IOException {
    TestImages.writeFolders(folder.resolve("in"), 5, 30, "a", "b");
    ShardManifest manifest =
        new PrepareJob(spark, options("folder").size(4).channels(1).build()).run().manifest();

    SparkSession session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
    Row[] rows =
        (Row[])
            session
                .read()
                .parquet(folder.resolve("out").toUri() + "train-*.parquet")
                .selectExpr(
                    "typeof(sample_id)",
                    "typeof(label)",
                    "typeof(path)",
                    "typeof(image)",
                    "length(image)",
                    "height",
                    "width",
                    "channels",
                    "encoding",
                    "label")
                .collect();

    assertThat((long) rows.length).isEqualTo(manifest.split("train").samples());
    for (Row row : rows) {
      assertThat(row.mkString(",")).startsWith("bigint,int,string,binary,16,4,4,1,raw,");
    }
  }
}
