// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShardFolderTest {
  private static final ImageShape SHAPE = new ImageShape(20, 20, 1);

  /** Read once: each new one parses Hadoop's defaults again. */
  private static final Configuration HADOOP = new Configuration();

  @TempDir private Path folder;

  private org.apache.hadoop.fs.Path path() {
    return new org.apache.hadoop.fs.Path(folder.toUri());
  }

  private ShardFolder open() {
    return ShardFolder.open(path(), HADOOP);
  }

  private Path shard(int index) throws IOException {
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("train-0000" + index))
          .findFirst()
          .orElseThrow();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "png"})
  void readsWhatWasWritten(String encoding) throws IOException {
    TestShards.write(path(), SHAPE, ShardEncoding.parse(encoding), 3, 3000, 10);
    ShardFolder shards = open();
    int[] rows = shards.manifest().split("train").blockRows();
    assertThat(rows[0]).isBetween(encoding.equals("raw") ? 2000 : 1, 3000);

    byte[] decoded = new byte[SHAPE.bytes()];
    int index = 0;
    for (int block = 0; block < rows.length; block++) {
      ShardBlock read = shards.readBlock("train", block);
      assertThat(read.rows()).isEqualTo(rows[block]);
      for (int row = 0; row < read.rows(); row++, index++) {
        assertThat(read.sampleId(row)).isEqualTo(1000 + index);
        assertThat(read.label(row)).isEqualTo(index % 3);
        assertThat(read.path(row)).isEqualTo("image-" + index);
        read.decode(row, decoded);
        assertThat(decoded).isEqualTo(TestShards.pixels(SHAPE, index).values());
      }
    }
    assertThat(index).isEqualTo(3010);
  }

  @Test
  void cutsRowGroupsOfAboutOneMegabyte() throws IOException {
    ImageShape shape = new ImageShape(28, 28, 1);
    TestShards.write(path(), shape, new ShardEncoding.Raw(), 3, 10_000);

    int[] rows = open().manifest().split("train").blockRows();
    for (int block = 0; block < rows.length - 1; block++) {
      assertThat(rows[block]).isBetween(1200, 1400);
    }
  }

  @Test
  @Exact
  void keepsManifestsAcrossWritingAndReading() throws IOException {
    ManifestFile.Stored stored =
        TestShards.write(path(), new ImageShape(4, 5, 3), ShardEncoding.parse("jpeg=80"), 2, 4);
    ShardFolder shards = open();

    assertThat(shards.manifest()).isEqualTo(stored.manifest());
    assertThat(shards.manifestHash()).isEqualTo(stored.sha256()).isEqualTo(sha256("manifest.json"));
    assertThat(shards.manifest().split("train").shards().get(0).sha256())
        .isEqualTo(sha256(shard(0).getFileName().toString()));
  }

  private String sha256(String file) throws IOException {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256")
                  .digest(Files.readAllBytes(folder.resolve(file))));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void namesBothHashesOfAnAlteredShard() throws IOException {
    TestShards.write(path(), SHAPE, new ShardEncoding.Raw(), 2, 50, 50);
    Path file = shard(1);
    byte[] bytes = Files.readAllBytes(file);
    String before = sha256(file.getFileName().toString());
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    ShardFolder shards = open();

    assertThat(shards.readBlock("train", 0).rows()).isEqualTo(50);
    assertThatThrownBy(() -> shards.readBlock("train", 1))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("train-00001-of-00002.parquet")
        .hasMessageContaining(before)
        .hasMessageContaining(sha256(file.getFileName().toString()));
  }

  @Test
  void namesBothLengthsOfATruncatedShard() throws IOException {
    TestShards.write(path(), SHAPE, new ShardEncoding.Raw(), 2, 50);
    byte[] bytes = Files.readAllBytes(shard(0));
    Files.write(shard(0), java.util.Arrays.copyOf(bytes, bytes.length - 1));

    assertThatThrownBy(() -> open().readBlock("train", 0))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("has " + (bytes.length - 1) + " bytes")
        .hasMessageContaining("says " + bytes.length);
  }

  @Test
  void namesAMissingShard() throws IOException {
    TestShards.write(path(), SHAPE, new ShardEncoding.Raw(), 2, 50);
    Files.delete(shard(0));

    assertThatThrownBy(() -> open().readBlock("train", 0))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("train-00000-of-00001.parquet")
        .hasMessageContaining("missing");
  }

  @Test
  void saysThatAFolderWithoutManifestIsNone() {
    assertThatThrownBy(this::open)
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot find")
        .hasMessageContaining("stoker prepare");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"formatVersion\" : 1|\"formatVersion\" : 2|its formatVersion is 2, of a newer Stoker",
        "\"rows\" : 50|\"rows\" : 51|51 rows",
        "\"samples\" : 50|\"samples\" : 5|5 samples",
        "train-00000|../train-00000|Invalid shard file name",
        "\"height\" : 20|\"height\" : 2000000000|Invalid image shape",
        "\"height\" : 20|\"height\" : null|height",
        "\"encoding\" : \"raw\"|\"encoding\" : \"webp\"|Unknown encoding",
        "\"ant\"|\"bee\"|twice",
        "\"seed\" : 0|\"sead\" : 0|seed",
        "\"ignored\"|\"x\" : 1, \"ignored\"|the field 'x' is unknown",
        "100.0|-1.0|Invalid mean",
        "100.0|1e999|Invalid mean",
        "\"splits\"|\"splits\" : null, \"splits2\"|splits",
      })
  void refusesManifestsThatContradictThemselves(String from, String to, String message)
      throws IOException {
    TestShards.write(path(), SHAPE, new ShardEncoding.Raw(), 2, 50);
    Path file = folder.resolve("manifest.json");
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.delete(folder.resolve("manifest.sha256"));
    Files.writeString(file, text.replaceFirst(java.util.regex.Pattern.quote(from), to));

    assertThatThrownBy(this::open)
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("manifest.json")
        .hasMessageContaining(message);
  }

  @Tag("slow")
  @Test
  void refusesEveryTruncationOfAManifest() throws IOException {
    TestShards.write(path(), SHAPE, new ShardEncoding.Raw(), 2, 50);
    Path file = folder.resolve("manifest.json");
    byte[] bytes = Files.readString(file).trim().getBytes(StandardCharsets.UTF_8);
    Files.delete(folder.resolve("manifest.sha256"));
    for (int length = 0; length < bytes.length; length++) {
      Files.write(file, java.util.Arrays.copyOf(bytes, length));
      assertThatThrownBy(this::open).isInstanceOf(DamagedException.class);
    }
  }

  @Tag("slow")
  @Test
  @Exact
  void noticesEveryFlippedBitOfAManifest() throws IOException {
    TestShards.write(path(), SHAPE, new ShardEncoding.Raw(), 2, 50);
    for (String name : new String[] {"manifest.json", "manifest.sha256"}) {
      Path file = folder.resolve(name);
      byte[] bytes = Files.readAllBytes(file);
      for (int i = 0; i < bytes.length; i++) {
        byte[] damaged = bytes.clone();
        damaged[i] ^= (byte) (1 << (i % 8));
        Files.write(file, damaged);
        assertThatThrownBy(this::open)
            .isInstanceOf(DamagedException.class)
            .hasMessageContaining("manifest.json")
            .hasMessageContaining("SHA-256");
      }
      Files.write(file, bytes);
    }
    assertThat(open().manifest().hasSplit("train")).isTrue();
  }

  @Tag("slow")
  @Test
  void readsShardsOfAnyDamageAsThemselvesOrNotAtAll() throws IOException {
    TestShards.write(path(), new ImageShape(4, 4, 1), new ShardEncoding.Raw(), 2, 20);
    Path file = shard(0);
    byte[] bytes = Files.readAllBytes(file);
    ShardFile listed = open().manifest().split("train").shards().get(0);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 1000; i++) {
      byte[] damaged = bytes.clone();
      damaged[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, damaged);
      // Behind the hash: the reader itself must not hang, or take memory without end.
      try (ShardReader reader = reader(listed)) {
        assertThat(reader.read(0).rows()).isEqualTo(20);
      } catch (DamagedException e) {
        assertThat(e).hasMessageContaining("train-00000-of-00001.parquet");
      } catch (IOException e) {
        assertThat(e).isNotNull(); // An end of file where none should be.
      }
    }
  }

  private ShardReader reader(ShardFile listed) throws IOException {
    return new ShardReader(
        path(), listed, ShardReader.footer(path(), listed, HADOOP), open().manifest(), HADOOP);
  }

  @Test
  void saysThatAManifestIsOfANewerStoker() throws IOException {
    Path manifest = folder.resolve("manifest.json");
    Files.writeString(
        manifest, "{\"new\": {\"formatVersion\": 9}, \"formatVersion\": 2, \"classNames\": 3}");
    assertThatThrownBy(
            () -> ShardFolder.open(new org.apache.hadoop.fs.Path(folder.toUri()), HADOOP))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("its formatVersion is 2, of a newer Stoker; this one reads 1");
  }
}
