// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.base.Sha256;
import io.stoker.data.plan.BlockLabels;
import io.stoker.data.storage.Storage;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;

/**
 * A data set that {@code stoker prepare} made: a manifest, and the shards that it names. A split is
 * a sequence of blocks (row groups), counted over its shards in order.
 *
 * <p>All methods may be called by several threads. The first block that is read of a shard costs a
 * pass over the whole shard: its length and SHA-256 are compared with the manifest's. Keep one
 * instance a process, so that each shard is verified once.
 */
public final class ShardFolder {
  private final Path path;
  private final Configuration hadoop;
  private final ManifestFile.Stored stored;

  /** Where its blocks come from if it is a fold of other data. */
  private final Optional<FoldedShards> fold;

  private final SharedReads<Boolean> verified = new SharedReads<>();
  private final SharedReads<BlockLabels> labels = new SharedReads<>();
  private final FooterCache footers = new FooterCache();

  private ShardFolder(
      Path path, Configuration hadoop, ManifestFile.Stored stored, Optional<FoldedShards> fold) {
    this.path = path;
    this.hadoop = hadoop;
    this.stored = stored;
    this.fold = fold;
  }

  /**
   * Reads the manifest of a folder of shards, or of a fold.
   *
   * @param path the folder, on any Hadoop filesystem
   * @param hadoop how to reach it
   * @throws InputException if there is no manifest
   * @throws DamagedException if the manifest is not valid
   */
  public static ShardFolder open(Path path, Configuration hadoop) {
    return open(path, hadoop, (data, sha256) -> openShards(new Path(data), hadoop));
  }

  /** As {@link #open(Path, Configuration)}, for a folder that has shards of its own. */
  public static ShardFolder openShards(Path path, Configuration hadoop) {
    return new ShardFolder(path, hadoop, ManifestFile.read(path, hadoop), Optional.empty());
  }

  /**
   * As {@link #open(Path, Configuration)}.
   *
   * @param sources opens the data that a fold is of, with {@link #openShards} or from a cache, by
   *     their URI and the SHA-256 of their manifest
   */
  public static ShardFolder open(
      Path path, Configuration hadoop, BiFunction<String, String, ShardFolder> sources) {
    byte[] bytes = ManifestFile.bytes(path, hadoop);
    Optional<FoldManifest> fold = FoldManifest.of(bytes, path);
    if (fold.isEmpty()) {
      return new ShardFolder(
          path, hadoop, ManifestFile.parse(bytes, path, hadoop), Optional.empty());
    }
    FoldedShards shards = FoldedShards.of(fold.get(), path, sources);
    ManifestFile.Stored stored = new ManifestFile.Stored(shards.manifest(), fold.get().identity());
    return new ShardFolder(path, hadoop, stored, Optional.of(shards));
  }

  /** Whether a folder holds a whole data set: the manifest is written last. */
  public static boolean isComplete(Path folder, Configuration hadoop) {
    return Storage.isThere(new Path(folder, ShardManifest.FILE), hadoop);
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** What it holds. */
  public ShardManifest manifest() {
    return stored.manifest();
  }

  /**
   * The SHA-256 of the manifest file: the identity of the data set. That of a fold does not depend
   * on where the data are.
   */
  public String manifestHash() {
    return stored.sha256();
  }

  /**
   * Reads one block of a split.
   *
   * @param split its name
   * @param block the block's index over all shards of the split, as in {@link
   *     ShardSplit#blockRows()}
   * @throws DamagedException if the shard is missing or is not what the manifest says
   * @throws IOException if the storage fails
   */
  public ShardBlock readBlock(String split, int block) throws IOException {
    if (fold.isPresent()) {
      return fold.get().readBlock(split, block);
    }
    int rowGroup = block;
    for (ShardFile shard : manifest().split(split).shards()) {
      if (rowGroup < shard.rowGroups().size()) {
        return read(shard, rowGroup);
      }
      rowGroup -= shard.rowGroups().size();
    }
    throw new IndexOutOfBoundsException("Block " + block + " of split " + split);
  }

  /**
   * The labels of a split, which are read once from the label columns of its shards, and kept. The
   * shards' hashes are not compared for that; the numbers of samples of each class are.
   *
   * @param split its name
   * @throws DamagedException if the labels are not those that the manifest counts
   * @throws IOException if the storage fails
   */
  public BlockLabels labels(String split) throws IOException {
    if (fold.isPresent()) {
      return fold.get().labels(split);
    }
    try {
      return labels.of(split, () -> readLabels(split));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private BlockLabels readLabels(String split) {
    ShardSplit described = manifest().split(split);
    // Shards are read at the same time: on an object store it is waiting that takes the time.
    List<int[]> ofBlocks =
        described.shards().parallelStream().map(this::readLabels).flatMap(List::stream).toList();
    BlockLabels read = BlockLabels.of(manifest().classes(), ofBlocks);
    List<Long> counted = Arrays.stream(read.samplesPerClass()).boxed().toList();
    if (!counted.equals(described.samplesPerClass())) {
      throw new DamagedException(
          "Cannot read split '%s' of %s: its shards do not have the labels that the manifest counts; prepare the data again"
              .formatted(split, path));
    }
    return read;
  }

  private List<int[]> readLabels(ShardFile shard) {
    Path file = new Path(path, shard.file());
    try {
      ParquetMetadata footer =
          footers.of(shard.file(), () -> ShardReader.footer(path, shard, hadoop));
      try (ShardReader reader = new ShardReader(path, shard, footer, manifest(), hadoop)) {
        return reader.labels();
      }
    } catch (FileNotFoundException e) {
      throw new DamagedException("Cannot read shard " + file + ": it is missing", e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read shard " + file, e);
    }
  }

  private ShardBlock read(ShardFile shard, int rowGroup) throws IOException {
    try {
      verifyOnce(shard);
      ParquetMetadata footer =
          footers.of(shard.file(), () -> ShardReader.footer(path, shard, hadoop));
      try (ShardReader reader = new ShardReader(path, shard, footer, manifest(), hadoop)) {
        return reader.read(rowGroup);
      }
    } catch (FileNotFoundException e) {
      throw new DamagedException(
          "Cannot read shard " + new Path(path, shard.file()) + ": it is missing", e);
    } catch (EOFException e) {
      checkLength(shard);
      throw new IOException(
          "Cannot read shard " + new Path(path, shard.file()) + ": its stream ended early", e);
    }
  }

  /** Tells a shard that is cut from storage that stumbles. */
  private void checkLength(ShardFile shard) throws IOException {
    Path file = new Path(path, shard.file());
    long bytes = Storage.of(file, hadoop).getFileStatus(file).getLen();
    if (bytes != shard.bytes()) {
      throw new DamagedException(
          String.format(
              Locale.ROOT,
              "Cannot read shard %s: it has %d bytes, the manifest says %d; prepare the data again",
              file,
              bytes,
              shard.bytes()));
    }
  }

  /** Of two threads that meet here, the second waits for the first. */
  private void verifyOnce(ShardFile shard) throws IOException {
    verified.of(shard.file(), () -> verify(shard));
  }

  /** Compares a shard's length and SHA-256 with the manifest's. */
  private boolean verify(ShardFile shard) throws IOException {
    Path file = new Path(path, shard.file());
    checkLength(shard);
    MessageDigest digest = Sha256.digest();
    byte[] buffer = new byte[1 << 16];
    long bytes = 0;
    try (FSDataInputStream in = Storage.of(file, hadoop).open(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
        bytes += read;
      }
    }
    if (bytes < shard.bytes()) {
      throw new EOFException("the stream ended after " + bytes + " bytes");
    }
    String sha256 = Sha256.hex(digest);
    if (!sha256.equals(shard.sha256())) {
      throw new DamagedException(
          "Cannot read shard %s: its SHA-256 is %s, the manifest says %s; prepare the data again"
              .formatted(file, sha256, shard.sha256()));
    }
    return true;
  }
}
