// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

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

  private final ImageSource source;
  private final Path input;
  private final String rowsName;
  private final Path output;
  private final int size;
  private final Integer channels;
  private final ShardEncoding encoding;
  private final int shardMegabytes;
  private final SplitFractions splits;
  private final SplitFractions trainSplits;
  private final long seed;
  private final double maximumRejected;
  private final long maximumPixels;
  private final ExistingOutput existingOutput;
  private final Duplicates duplicates;
  private final InputRecord record;

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
    source = builder.source;
    input = builder.input;
    rowsName = builder.rowsName;
    output = Objects.requireNonNull(builder.output, "output");
    size = builder.size;
    channels = builder.channels;
    encoding = builder.encoding;
    shardMegabytes = builder.shardMegabytes;
    splits = builder.splits;
    trainSplits = builder.trainSplits;
    seed = builder.seed;
    maximumRejected = builder.maximumRejected;
    maximumPixels = builder.maximumPixels;
    existingOutput = builder.existingOutput;
    duplicates = builder.duplicates;
    record = builder.record;
    Check.input(
        size >= 0 && size <= 4096,
        "Invalid size: %d (must be 1 to 4096 pixels, or 0 to keep that of the images)",
        size);
    Check.input(
        channels == null || channels == 1 || channels == 3,
        "Invalid channels: %s (must be 1 or 3)",
        channels);
    Check.input(
        shardMegabytes >= 1 && shardMegabytes <= 1024,
        "Invalid shard size: %d MB (must be 1 to 1024)",
        shardMegabytes);
    Check.input(
        maximumRejected >= 0 && maximumRejected <= 1,
        "Invalid share of rejected images: %s (must be 0 to 1, such as 0.01)",
        maximumRejected);
    Check.input(maximumPixels >= 1, "Invalid limit of pixels: %d (must be >= 1)", maximumPixels);
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * How to read the input.
   *
   * @throws NullPointerException if none was set, since the images are rows
   */
  public ImageSource source() {
    return Objects.requireNonNull(source, "source");
  }

  /**
   * Where the images are.
   *
   * @throws NullPointerException if none was set, since the images are rows
   */
  public Path input() {
    return Objects.requireNonNull(input, "input");
  }

  /** Whether it is known where the images are. */
  boolean hasInput() {
    return input != null;
  }

  /** What messages call the input. */
  String inputName() {
    return input == null ? rowsName : input.toString();
  }

  /** The folder that the shards go to. */
  public Path output() {
    return output;
  }

  /** Height and width of every image; empty to keep what the images have. */
  public OptionalInt size() {
    return size == 0 ? OptionalInt.empty() : OptionalInt.of(size);
  }

  /** Channels of every image: 1 or 3. */
  public int channels() {
    if (channels != null) {
      return channels;
    }
    return source == null ? COLOR_CHANNELS : source.defaultChannels();
  }

  /** How the shards hold an image; empty for raw where images are small, else JPEG. */
  public Optional<ShardEncoding> encoding() {
    return Optional.ofNullable(encoding);
  }

  /** About how many bytes a shard has. */
  public long shardBytes() {
    return (long) shardMegabytes << 20;
  }

  /** The splits of an input that has none. */
  public SplitFractions splits() {
    return splits == null ? SplitFractions.DEFAULT : splits;
  }

  /** The splits that the samples of {@code train} are divided into. */
  public SplitFractions trainSplits() {
    return trainSplits;
  }

  /**
   * The names of all splits.
   *
   * @param own those of the input; none if it has none
   * @throws InputException if it has some and others are asked for, or some of the same name
   */
  List<String> splitNames(List<String> own) {
    Check.input(
        own.isEmpty() || splits == null,
        "Cannot use --split: %s has splits of its own, %s (leave it out; --split-train"
            + " validation=0.1 takes a split out of train)",
        inputName(),
        own.stream().sorted().toList());
    List<String> names = new ArrayList<>(own.isEmpty() ? splits().names() : own);
    for (String name : trainSplits.names()) {
      Check.input(
          name.equals("train") || !names.contains(name),
          "Cannot use --split-train: there is a split '%s' already (choose another name)",
          name);
    }
    trainSplits.names().stream().filter(name -> !name.equals("train")).forEach(names::add);
    return names;
  }

  /** Of the order of samples, and of the splits. */
  public long seed() {
    return seed;
  }

  /** The share of images that may be broken before the job fails, 0 to 1. */
  public double maximumRejected() {
    return maximumRejected;
  }

  /** The most pixels of an image; larger ones are rejected before memory is taken. */
  public long maximumPixels() {
    return maximumPixels;
  }

  /** How shards that are at the output already are treated. */
  public ExistingOutput existingOutput() {
    return existingOutput;
  }

  /** How samples whose image is that of another one are treated. */
  public Duplicates duplicates() {
    return duplicates;
  }

  /** What is to be recorded of the input next to the shards, if anything. */
  Optional<InputRecord> record() {
    return Optional.ofNullable(record);
  }

  /** The values that decide what the shards hold, by the names of the command's options. */
  public Map<String, String> describe() {
    return Map.ofEntries(
        Map.entry("format", source == null ? "" : source.name()),
        Map.entry("size", Integer.toString(size)),
        Map.entry("channels", Integer.toString(channels())),
        Map.entry("encoding", encoding == null ? "" : encoding.toString()),
        Map.entry("shard-mb", Integer.toString(shardMegabytes)),
        Map.entry("split", splits == null ? "" : splits.toString()),
        Map.entry("split-train", trainSplits.toString()),
        Map.entry("seed", Long.toString(seed)),
        Map.entry("max-rejected", Double.toString(maximumRejected)),
        Map.entry("max-pixels", Long.toString(maximumPixels)),
        Map.entry("drop-duplicates", Boolean.toString(duplicates == Duplicates.DROP)));
  }

  /** A builder with these values. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.source = source;
    builder.input = input;
    builder.rowsName = rowsName;
    builder.output = output;
    builder.size = size;
    builder.channels = channels;
    builder.encoding = encoding;
    builder.shardMegabytes = shardMegabytes;
    builder.splits = splits;
    builder.trainSplits = trainSplits;
    builder.seed = seed;
    builder.maximumRejected = maximumRejected;
    builder.maximumPixels = maximumPixels;
    builder.existingOutput = existingOutput;
    builder.duplicates = duplicates;
    builder.record = record;
    return builder;
  }

  /**
   * Collects options; {@link #output} must be set, and for images in files {@link #source} and
   * {@link #input}.
   */
  public static final class Builder {
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
    private ExistingOutput existingOutput = ExistingOutput.REFUSE;
    private Duplicates duplicates = Duplicates.KEEP;
    private InputRecord record;

    private Builder() {}

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
