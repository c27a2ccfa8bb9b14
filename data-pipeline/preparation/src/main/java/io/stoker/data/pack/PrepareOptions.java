// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.image.Decoding;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.source.ImageSource;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.hadoop.fs.Path;

/** What {@link PrepareJob} is to do. */
public final class PrepareOptions {
  private static final int COLOR_CHANNELS = 3;

  /** A copy, which no method changes. */
  private final Builder values;

  /** How shards that are at the output already are treated. */
  public enum ExistingOutput {
    /** The job is refused. */
    REFUSE,
    /** What Stoker wrote is replaced; a folder with anything else is still refused. */
    OVERWRITE
  }

  /** How samples whose image is that of another one are treated. */
  public enum Duplicates {
    /** They are counted and listed. */
    KEEP,
    /** They are counted and listed, and are not in the shards. */
    DROP
  }

  private PrepareOptions(Builder builder) {
    values = builder.copy();
    Objects.requireNonNull(values.output, "output");
    Check.input(
        values.size >= 0 && values.size <= 4096,
        "Invalid size: %d (must be 1 to 4096 pixels, or 0 to keep that of the images)",
        values.size);
    Check.input(
        values.channels == null || values.channels == 1 || values.channels == 3,
        "Invalid channels: %s (must be 1 or 3)",
        values.channels);
    Check.input(
        values.shardMegabytes >= 1 && values.shardMegabytes <= 1024,
        "Invalid shard size: %d MB (must be 1 to 1024)",
        values.shardMegabytes);
    Check.input(
        values.maximumRejected >= 0 && values.maximumRejected <= 1,
        "Invalid share of rejected images: %s (must be 0 to 1, such as 0.01)",
        values.maximumRejected);
    Check.input(
        values.maximumPixels >= 1,
        "Invalid limit of pixels: %d (must be >= 1)",
        values.maximumPixels);
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * How to read the input.
   *
   * @throws NullPointerException if none was set, because the images are rows
   */
  public ImageSource source() {
    return Objects.requireNonNull(values.source, "source");
  }

  /**
   * Where the images are.
   *
   * @throws NullPointerException if none was set, because the images are rows
   */
  public Path input() {
    return Objects.requireNonNull(values.input, "input");
  }

  /** Whether it is known where the images are. */
  boolean hasInput() {
    return values.input != null;
  }

  /** What messages call the input. */
  String inputName() {
    return values.input == null ? values.rowsName : values.input.toString();
  }

  /** The folder that the shards go to. */
  public Path output() {
    return values.output;
  }

  /** Height and width of every image; empty to keep what the images have. */
  public OptionalInt size() {
    return values.size == 0 ? OptionalInt.empty() : OptionalInt.of(values.size);
  }

  /** Channels of every image: 1 or 3. */
  public int channels() {
    if (values.channels != null) {
      return values.channels;
    }
    return values.source == null ? COLOR_CHANNELS : values.source.defaultChannels();
  }

  /** How the shards hold an image; empty for raw where images are small, else JPEG. */
  public Optional<ShardEncoding> encoding() {
    return Optional.ofNullable(values.encoding);
  }

  /** About how many bytes a shard has. */
  public long shardBytes() {
    return (long) values.shardMegabytes << 20;
  }

  /** The splits of an input that has none. */
  public SplitFractions splits() {
    return values.splits == null ? SplitFractions.DEFAULT : values.splits;
  }

  /** The splits that the samples of {@code train} are divided into. */
  public SplitFractions trainSplits() {
    return values.trainSplits;
  }

  /**
   * The names of all splits.
   *
   * @param own those of the input; none if it has none
   * @throws InputException if it has some and others are asked for, or some of the same name, or
   *     some without train
   */
  List<String> splitNames(List<String> own) {
    Check.input(
        own.isEmpty() || values.splits == null,
        "Cannot use --split: %s has splits of its own, %s (leave it out; --split-train"
            + " validation=0.1 takes a split out of train)",
        inputName(),
        own.stream().sorted().toList());
    List<String> names = new ArrayList<>(own.isEmpty() ? splits().names() : own);
    Check.input(
        names.contains("train"),
        "Input %s has no split 'train', only %s (splits come from the names of files and folders,"
            + " or from a column)",
        inputName(),
        names.stream().sorted().toList());
    for (String name : values.trainSplits.names()) {
      Check.input(
          name.equals("train") || !names.contains(name),
          "Cannot use --split-train: there is a split '%s' already (choose another name)",
          name);
    }
    values.trainSplits.names().stream().filter(name -> !name.equals("train")).forEach(names::add);
    return names;
  }

  /** Of the order of samples, and of the splits. */
  public long seed() {
    return values.seed;
  }

  /** The share of images that may be broken before the job fails, 0 to 1. */
  public double maximumRejected() {
    return values.maximumRejected;
  }

  /** The most pixels of an image; larger ones are rejected before memory is taken. */
  public long maximumPixels() {
    return values.maximumPixels;
  }

  /** At which size image files are decoded. */
  public Decoding decoding() {
    return values.decoding;
  }

  /** How shards that are at the output already are treated. */
  public ExistingOutput existingOutput() {
    return values.existingOutput;
  }

  /** How samples whose image is that of another one are treated. */
  public Duplicates duplicates() {
    return values.duplicates;
  }

  /** What is to be recorded of the input next to the shards, if anything. */
  public Optional<InputRecord> record() {
    return Optional.ofNullable(values.record);
  }

  /** The values that decide what the shards hold, by the names of the command's options. */
  public Map<String, String> describe() {
    return Map.ofEntries(
        Map.entry("format", values.source == null ? "" : values.source.name()),
        Map.entry("size", Integer.toString(values.size)),
        Map.entry("channels", Integer.toString(channels())),
        Map.entry("encoding", values.encoding == null ? "" : values.encoding.toString()),
        Map.entry("shard-mb", Integer.toString(values.shardMegabytes)),
        Map.entry("split", values.splits == null ? "" : values.splits.toString()),
        Map.entry("split-train", values.trainSplits.toString()),
        Map.entry("seed", Long.toString(values.seed)),
        Map.entry("max-rejected", Double.toString(values.maximumRejected)),
        Map.entry("max-pixels", Long.toString(values.maximumPixels)),
        Map.entry("exact-pixels", values.decoding.rule()),
        Map.entry("drop-duplicates", Boolean.toString(values.duplicates == Duplicates.DROP)));
  }

  /** A builder with these values. */
  public Builder toBuilder() {
    return values.copy();
  }

  /**
   * Collects options; {@link #output} must be set, and for images in files {@link #source} and
   * {@link #input}.
   */
  public static final class Builder implements Cloneable {
    private ImageSource source;
    private Path input;
    private String rowsName = "(rows)";
    private Path output;
    private int size;
    private Integer channels;
    private ShardEncoding encoding;
    private int shardMegabytes = 32;
    private SplitFractions splits;
    private SplitFractions trainSplits = SplitFractions.TRAIN_ALONE;
    private long seed;
    private double maximumRejected = 0.01;
    private long maximumPixels = ImageCodec.DEFAULT_MAXIMUM_PIXELS;
    private Decoding decoding = Decoding.SCALED;
    private ExistingOutput existingOutput = ExistingOutput.REFUSE;
    private Duplicates duplicates = Duplicates.KEEP;
    private InputRecord record;

    private Builder() {}

    private Builder copy() {
      try {
        return (Builder) clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }

    /** How to read the input. */
    public Builder source(ImageSource value) {
      source = value;
      return this;
    }

    /** Where the images are. */
    public Builder input(Path value) {
      input = value;
      return this;
    }

    /** What messages call an input of rows that is not at a path, such as the name of a table. */
    public Builder rowsName(String value) {
      rowsName = value;
      return this;
    }

    /** The folder that the shards go to. */
    public Builder output(Path value) {
      output = value;
      return this;
    }

    /** Height and width of every image; 0, the default, keeps what the images have. */
    public Builder size(int value) {
      size = value;
      return this;
    }

    /** Channels of every image, 1 or 3; by default what is usual for the source. */
    public Builder channels(int value) {
      channels = value;
      return this;
    }

    /** How the shards hold an image; by default raw where images are small, else JPEG. */
    public Builder encoding(ShardEncoding value) {
      encoding = value;
      return this;
    }

    /** About how many MB a shard has; 32 by default. */
    public Builder shardMegabytes(int value) {
      shardMegabytes = value;
      return this;
    }

    /**
     * The splits of an input that has none; one that has some is then refused. By default {@link
     * SplitFractions#DEFAULT}.
     */
    public Builder splits(SplitFractions value) {
      splits = value;
      return this;
    }

    /**
     * The splits that the samples of {@code train} are divided into, train itself among them;
     * whether train is a split of the input or not.
     */
    public Builder trainSplits(SplitFractions value) {
      trainSplits = value;
      return this;
    }

    /** Of the order of samples, and of the splits; 0 by default. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** The share of images that may be broken before the job fails; 0.01 by default. */
    public Builder maximumRejected(double value) {
      maximumRejected = value;
      return this;
    }

    /** The most pixels of an image. */
    public Builder maximumPixels(long value) {
      maximumPixels = value;
      return this;
    }

    /**
     * At which size image files are decoded; by default at a fraction of theirs if that suffices.
     */
    public Builder decoding(Decoding value) {
      decoding = value;
      return this;
    }

    /** How shards that are at the output already are treated. */
    public Builder existingOutput(ExistingOutput value) {
      existingOutput = value;
      return this;
    }

    /** How samples whose image is that of another one are treated; they are kept by default. */
    public Builder duplicates(Duplicates value) {
      duplicates = value;
      return this;
    }

    /** What is recorded of the input next to the shards; nothing by default. */
    public Builder record(InputRecord value) {
      record = value;
      return this;
    }

    /**
     * The options.
     *
     * @throws InputException if one is out of range
     */
    public PrepareOptions build() {
      return new PrepareOptions(this);
    }
  }
}
