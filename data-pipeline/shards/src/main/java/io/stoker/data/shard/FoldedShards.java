// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.data.plan.BlockLabels;
import io.stoker.failure.Check;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;

/**
 * The two splits of a fold, each with some of the rows of the blocks of other data. Blocks of which
 * a split has no row are left out.
 */
final class FoldedShards {
  private static final String SOURCE = "train";

  /** Some rows of the source: those of each of its blocks, and which blocks have any. */
  private record Part(BlockLabels labels, List<int[]> rows, List<Integer> blocks) {
    static Part of(BlockLabels labels, List<int[]> rows) {
      List<Integer> blocks =
          IntStream.range(0, rows.size()).filter(i -> rows.get(i).length > 0).boxed().toList();
      return new Part(labels.select(rows), rows, blocks);
    }

    ShardSplit split(ShardSplit source, String prefix) {
      List<ShardFile> shards = new ArrayList<>();
      int block = 0;
      for (ShardFile shard : source.shards()) {
        int end = block + shard.rowGroups().size();
        List<Integer> groups =
            rows.subList(block, end).stream().map(each -> each.length).filter(n -> n > 0).toList();
        if (!groups.isEmpty()) {
          long sum = groups.stream().mapToLong(Integer::longValue).sum();
          shards.add(
              new ShardFile(prefix + shard.file(), sum, groups, shard.bytes(), shard.sha256()));
        }
        block = end;
      }
      List<Long> perClass = Arrays.stream(labels.samplesPerClass()).boxed().toList();
      long samples = perClass.stream().mapToLong(Long::longValue).sum();
      return new ShardSplit(samples, perClass, shards);
    }
  }

  private final ShardFolder source;
  private final Map<String, Part> parts = new LinkedHashMap<>();
  private final ShardManifest manifest;

  private FoldedShards(ShardFolder source, Part train, Part validation) {
    this.source = source;
    parts.put(SOURCE, train);
    parts.put("validation", validation);
    Map<String, ShardSplit> splits = new LinkedHashMap<>();
    ShardSplit all = source.manifest().split(SOURCE);
    parts.forEach(
        (name, part) -> splits.put(name, part.split(all, name.equals(SOURCE) ? "" : name + "-")));
    ShardManifest base = source.manifest();
    // What was rejected when the data were prepared was in no fold.
    this.manifest =
        new ShardManifest(
            base.formatVersion(),
            base.classNames(),
            base.images(),
            base.encoding(),
            base.exactPixels(),
            base.seed(),
            base.statistics(),
            splits,
            DuplicateCounts.NONE,
            List.of(),
            List.of(),
            base.tables());
  }

  /**
   * Opens the data that a fold is of.
   *
   * @param folder where the fold is
   * @param sources gives the data, by their URI and the SHA-256 of their manifest
   * @throws io.stoker.failure.DamagedException if they are others than they were
   */
  static FoldedShards of(
      FoldManifest fold, Path folder, BiFunction<String, String, ShardFolder> sources) {
    ShardFolder source = sources.apply(fold.data(), fold.dataSha256());
    Check.undamaged(
        source.manifestHash().equals(fold.dataSha256()),
        "Cannot read fold %s: the manifest of %s changed (SHA-256 is %s, was %s)",
        folder,
        fold.data(),
        source.manifestHash(),
        fold.dataSha256());
    try {
      BlockLabels labels = source.labels(SOURCE);
      return new FoldedShards(
          source,
          Part.of(labels, fold.fold().others(labels)),
          Part.of(labels, fold.fold().held(labels)));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the labels of " + fold.data(), e);
    }
  }

  ShardManifest manifest() {
    return manifest;
  }

  /** The labels of the blocks that a split has. */
  BlockLabels labels(String split) {
    manifest.split(split);
    return parts.get(split).labels();
  }

  ShardBlock readBlock(String split, int index) throws IOException {
    manifest.split(split);
    Part part = parts.get(split);
    int block = part.blocks().get(index);
    return source.readBlock(SOURCE, block).select(part.rows().get(block));
  }
}
