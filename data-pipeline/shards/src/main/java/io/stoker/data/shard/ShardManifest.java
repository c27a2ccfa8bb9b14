// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import com.fasterxml.jackson.annotation.JacksonInject;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.OptBoolean;
import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a folder of shards holds: the contents of its {@code manifest.json}, described in
 * docs/shard-format.md. It says everything about the data and nothing about when, where or by how
 * many executors it was made.
 *
 * @param formatVersion {@value #FORMAT_VERSION}
 * @param classNames the classes; a label is an index into them
 * @param images their shapes: one for all, or within limits
 * @param encoding how the shards hold an image
 * @param exactPixels whether JPEG files were decoded in full ({@code --exact-pixels}); not in the
 *     file if they were not
 * @param seed of the order of samples, and of the splits where they are fractions
 * @param statistics of the train split's pixels
 * @param splits by name, in the order train, validation, test, others
 * @param duplicates how many samples are copies of others
 * @param rejected inputs that should have been samples and could not be read
 * @param ignored inputs that are not images, relative to the input
 * @param tables that the images come from, with their versions; empty, and not in the file, for
 *     images in files
 */
@JsonPropertyOrder({
  "formatVersion",
  "classNames",
  "image",
  "encoding",
  "exactPixels",
  "seed",
  "statistics",
  "splits",
  "duplicates",
  "rejected",
  "ignored",
  "tables"
})
public record ShardManifest(
    int formatVersion,
    List<String> classNames,
    @JsonProperty("image") ImageShapes images,
    ShardEncoding encoding,
    @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean exactPixels,
    long seed,
    ChannelStatistics statistics,
    Map<String, ShardSplit> splits,
    DuplicateCounts duplicates,
    List<RejectedInput> rejected,
    List<String> ignored,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<SourceTable> tables) {
  /** The version of the format that this code writes and reads. */
  public static final int FORMAT_VERSION = 1;

  /** The names of what takes the place of fields that a file may be without. */
  static final String NO_TABLES = "no-tables";

  static final String NOT_EXACT = "not-exact";

  /** The manifest's file name. */
  public static final String FILE = "manifest.json";

  // Not a compact constructor, because what Jackson injects is a matter of the parameter alone.
  public ShardManifest(
      int formatVersion,
      List<String> classNames,
      ImageShapes images,
      ShardEncoding encoding,
      @JacksonInject(value = NOT_EXACT, useInput = OptBoolean.TRUE) boolean exactPixels,
      long seed,
      ChannelStatistics statistics,
      Map<String, ShardSplit> splits,
      DuplicateCounts duplicates,
      List<RejectedInput> rejected,
      List<String> ignored,
      @JacksonInject(value = NO_TABLES, useInput = OptBoolean.TRUE) List<SourceTable> tables) {
    Check.undamaged(
        formatVersion == FORMAT_VERSION,
        "Invalid format version: %d (this Stoker reads version %d)",
        formatVersion,
        FORMAT_VERSION);
    this.formatVersion = formatVersion;
    this.classNames = List.copyOf(present(classNames, "classNames"));
    this.images = present(images, "image");
    this.encoding = present(encoding, "encoding");
    this.exactPixels = exactPixels;
    this.seed = seed;
    this.statistics = present(statistics, "statistics");
    this.splits = Collections.unmodifiableMap(new LinkedHashMap<>(present(splits, "splits")));
    this.duplicates = present(duplicates, "duplicates");
    this.rejected = List.copyOf(present(rejected, "rejected"));
    this.ignored = List.copyOf(present(ignored, "ignored"));
    this.tables = List.copyOf(present(tables, "tables"));
    Check.undamaged(!classNames.isEmpty(), "No class names");
    Check.undamaged(
        new HashSet<>(classNames).size() == classNames.size(), "A class name appears twice");
    Check.undamaged(
        statistics.channels() == images.channels(),
        "Statistics of %d channels for images of %d",
        statistics.channels(),
        images.channels());
    Set<String> files = new HashSet<>();
    for (Map.Entry<String, ShardSplit> split : splits.entrySet()) {
      Check.undamaged(split.getValue() != null, "Split %s is empty", split.getKey());
      Check.undamaged(
          split.getValue().samplesPerClass().size() == classNames.size(),
          "Split %s counts %d classes, there are %d",
          split.getKey(),
          split.getValue().samplesPerClass().size(),
          classNames.size());
      for (ShardFile shard : split.getValue().shards()) {
        Check.undamaged(files.add(shard.file()), "Shard %s appears twice", shard.file());
      }
    }
  }

  private static <T> T present(T value, String field) {
    Check.undamaged(value != null, "The field %s is null", field);
    return value;
  }

  /**
   * The shape of every image.
   *
   * @throws InputException if they have not all the same
   */
  public ImageShape image() {
    return images.one();
  }

  /** How many samples there are in all splits. */
  public long samples() {
    return splits.values().stream().mapToLong(ShardSplit::samples).sum();
  }

  /** How many images were read: the samples, and duplicates that were dropped. */
  public long read() {
    return samples() + duplicates.dropped();
  }

  /** How many entries the input had: those that were read, rejected or ignored. */
  public long found() {
    return read() + rejected.size() + ignored.size();
  }

  /** How many classes there are. */
  public int classes() {
    return classNames.size();
  }

  /** Whether there is a split of this name with at least one sample. */
  public boolean hasSplit(String name) {
    return splits.containsKey(name) && splits.get(name).samples() > 0;
  }

  /**
   * A split by name.
   *
   * @throws InputException if there is none of this name, or if it has no samples
   */
  public ShardSplit split(String name) {
    List<String> present = new ArrayList<>();
    splits.keySet().stream().filter(this::hasSplit).forEach(present::add);
    if (!splits.containsKey(name)) {
      throw new InputException("No split '" + name + "'; " + Suggestion.among(name, present));
    }
    Check.input(hasSplit(name), "Split '%s' has no samples; Known: %s", name, present);
    return splits.get(name);
  }
}
