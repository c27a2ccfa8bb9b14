// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.frame;

import io.stoker.data.image.DecodedImage;
import io.stoker.data.image.Decoding;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.LeastSize;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.Resizing;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.source.ImagePaths;
import io.stoker.data.source.SourceImage;
import io.stoker.failure.InputException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** How a column of a data frame holds images. */
public sealed interface ImageColumn extends Serializable {
  /**
   * The image of a row, not yet decoded where it is a file.
   *
   * @param row of the schema that this was made for
   * @param hadoop how to reach files
   * @return {@link SourceImage.Unreadable} if there is no image, or if its file cannot be read
   */
  SourceImage image(Row row, Configuration hadoop);

  /**
   * Where the image of a row came from, if the column says so.
   *
   * @param row of the schema that this was made for
   */
  default Optional<String> path(Row row) {
    return Optional.empty();
  }

  /**
   * What to select to have {@link #path} alone, without the images.
   *
   * @param column the name of this column
   */
  default Optional<Column> pathColumn(String column) {
    return Optional.empty();
  }

  /**
   * Decodes the image of a row.
   *
   * @param row of the schema that this was made for
   * @param hadoop how to reach files
   * @throws UnreadableImageException if there is no image, or none that can be read
   */
  default Pixels read(Row row, Configuration hadoop) throws UnreadableImageException {
    return image(row, hadoop)
        .decode(ImageCodec.DEFAULT_MAXIMUM_PIXELS, LeastSize.ALL, DecodedImage::pixels);
  }

  /**
   * Decodes the image of a row and brings it to a shape, as {@link Resizing#fit} does.
   *
   * @param row of the schema that this was made for
   * @param hadoop how to reach files
   * @param shape of the result
   * @param decoding at which size files are decoded
   * @throws UnreadableImageException if there is no image, or none that can be read
   */
  default Pixels read(Row row, Configuration hadoop, ImageShape shape, Decoding decoding)
      throws UnreadableImageException {
    return image(row, hadoop)
        .decode(
            ImageCodec.DEFAULT_MAXIMUM_PIXELS, decoding.leastFor(shape), image -> image.fit(shape));
  }

  /**
   * Finds out how a column holds images:
   *
   * <ul>
   *   <li>as the bytes of image files ({@code binaryFile}'s {@code content});
   *   <li>as the URIs of image files;
   *   <li>as Hugging Face's image structure, {@code struct<bytes, path>}, of which either may be
   *       null: the bytes of an image file, or where the file is;
   *   <li>as Spark's image structure ({@code image}'s {@code image});
   *   <li>as a shard does, with the columns {@code encoding}, {@code height}, {@code width} and
   *       {@code channels} next to it.
   * </ul>
   *
   * @param schema of the data frame
   * @param column its name
   * @throws InputException if there is no such column or more than one, or it holds something else
   */
  static ImageColumn of(StructType schema, String column) {
    return of(schema, column, ImagePaths.ANYWHERE);
  }

  /**
   * The column of a table whose rows may name files in some folders only.
   *
   * @param paths where URIs and paths of image files may lead
   */
  static ImageColumn of(StructType schema, String column, ImagePaths paths) {
    int index = FrameColumns.index(schema, column);
    DataType type = schema.fields()[index].dataType();
    if (type instanceof BinaryType) {
      return has(schema, ShardRow.NEIGHBOURS)
          ? new ShardRow(
              index,
              schema.fieldIndex("encoding"),
              schema.fieldIndex("height"),
              schema.fieldIndex("width"),
              schema.fieldIndex("channels"))
          : new Encoded(index);
    }
    if (type instanceof StringType) {
      return new Located(index, OptionalInt.empty(), paths);
    }
    if (type instanceof StructType struct) {
      if (has(struct, SparkImage.FIELDS)) {
        return SparkImage.of(index, struct);
      }
      if (has(struct, HuggingFaceImage.FIELDS)) {
        return HuggingFaceImage.of(index, struct, paths);
      }
    }
    throw new InputException(
        "Invalid column "
            + column
            + ": it has the type "
            + type.simpleString()
            + " (must be binary, the bytes of an image file; string, its URI;"
            + " struct<bytes:binary,path:string>, as Hugging Face has it; or Spark's image"
            + " structure)");
  }

  /**
   * Whether a column holds images by its type alone. Text does not: it may be anything.
   *
   * @param schema of the data frame
   * @param field the column
   */
  static boolean holdsImages(StructType schema, StructField field) {
    if (field.dataType() instanceof StringType) {
      return false;
    }
    try {
      of(schema, field.name());
      return true;
    } catch (InputException e) {
      return false;
    }
  }

  /**
   * A column of URIs in a listing, some of whose images are known to be unreadable.
   *
   * @param schema of the listing
   * @param column the URIs
   * @param problem the column that says why an image cannot be read; null where it can
   */
  static ImageColumn listed(StructType schema, String column, String problem) {
    return new Located(
        schema.fieldIndex(column), OptionalInt.of(schema.fieldIndex(problem)), ImagePaths.ANYWHERE);
  }

  /** Whether a structure has fields of these types, whatever others it has. */
  private static boolean has(StructType struct, Map<String, DataType> types) {
    return Arrays.stream(struct.fields())
            .filter(field -> types.containsKey(field.name()))
            .filter(field -> is(field.dataType(), types.get(field.name())))
            .count()
        == types.size();
  }

  /** Text may have any collation. */
  private static boolean is(DataType type, DataType wanted) {
    return wanted instanceof StringType ? type instanceof StringType : type.equals(wanted);
  }

  /** The bytes of an image file. */
  record Encoded(int index) implements ImageColumn {
    @Override
    public SourceImage image(Row row, Configuration hadoop) {
      return row.isNullAt(index)
          ? SourceImage.Unreadable.NULL
          : new SourceImage.Encoded(row.<byte[]>getAs(index));
    }
  }

  /** The URI of an image file, and perhaps the column that says why it cannot be read. */
  record Located(int index, int problem, ImagePaths paths) implements ImageColumn {
    private static final int NONE = -1;

    Located(int index, OptionalInt problem, ImagePaths paths) {
      this(index, problem.orElse(NONE), paths);
    }

    @Override
    public SourceImage image(Row row, Configuration hadoop) {
      if (problem != NONE && !row.isNullAt(problem)) {
        return new SourceImage.Unreadable(row.getString(problem));
      }
      return row.isNullAt(index)
          ? SourceImage.Unreadable.NULL
          : paths.read(row.getString(index), hadoop);
    }

    @Override
    public Optional<String> path(Row row) {
      return Optional.ofNullable(row.getString(index));
    }

    @Override
    public Optional<Column> pathColumn(String column) {
      return Optional.of(FrameColumns.quoted(column));
    }
  }

  /**
   * Hugging Face's {@code datasets.Image}: the bytes of an image file, its path, or both.
   *
   * @param index of the column
   * @param bytes field of the structure
   * @param path field of the structure
   * @param paths where it may lead
   */
  record HuggingFaceImage(int index, int bytes, int path, ImagePaths paths) implements ImageColumn {
    static final Map<String, DataType> FIELDS =
        Map.of("bytes", DataTypes.BinaryType, "path", DataTypes.StringType);

    static HuggingFaceImage of(int index, StructType struct, ImagePaths paths) {
      return new HuggingFaceImage(
          index, struct.fieldIndex("bytes"), struct.fieldIndex("path"), paths);
    }

    @Override
    public SourceImage image(Row row, Configuration hadoop) {
      if (row.isNullAt(index)) {
        return SourceImage.Unreadable.NULL;
      }
      Row image = row.getStruct(index);
      if (!image.isNullAt(bytes)) {
        return new SourceImage.Encoded(image.<byte[]>getAs(bytes));
      }
      return image.isNullAt(path)
          ? SourceImage.Unreadable.NULL
          : paths.read(image.getString(path), hadoop);
    }

    @Override
    public Optional<String> path(Row row) {
      return row.isNullAt(index)
          ? Optional.empty()
          : Optional.ofNullable(row.getStruct(index).getString(path));
    }

    @Override
    public Optional<Column> pathColumn(String column) {
      return Optional.of(FrameColumns.quoted(column).getField("path"));
    }
  }

  /** The image of a shard, and the columns that say what its bytes are. */
  record ShardRow(int index, int encoding, int height, int width, int channels)
      implements ImageColumn {
    /** The columns next to it; a binary column without them has files. */
    static final Map<String, DataType> NEIGHBOURS =
        Map.of(
            "encoding", DataTypes.StringType,
            "height", DataTypes.IntegerType,
            "width", DataTypes.IntegerType,
            "channels", DataTypes.IntegerType);

    @Override
    public SourceImage image(Row row, Configuration hadoop) {
      for (int each : new int[] {index, encoding, height, width, channels}) {
        if (row.isNullAt(each)) {
          return SourceImage.Unreadable.NULL;
        }
      }
      byte[] bytes = row.getAs(index);
      try {
        ImageShape shape =
            new ImageShape(row.getInt(height), row.getInt(width), row.getInt(channels));
        byte[] pixels = new byte[shape.bytes()];
        ShardEncoding.parse(row.getString(encoding)).decode(bytes, 0, bytes.length, shape, pixels);
        return new SourceImage.Decoded(new Pixels(shape, pixels));
      } catch (InputException | UnreadableImageException e) { // A row that Stoker did not write.
        return new SourceImage.Unreadable(e.getMessage());
      }
    }
  }

  /**
   * Spark's own structure, with OpenCV's types of pixels: grey, BGR or BGRA of 8 bits, row by row
   * ({@code org.apache.spark.ml.image.ImageSchema}).
   */
  record SparkImage(int index, int origin, int height, int width, int channels, int mode, int data)
      implements ImageColumn {
    static final Map<String, DataType> FIELDS =
        Map.of(
            "height", DataTypes.IntegerType,
            "width", DataTypes.IntegerType,
            "nChannels", DataTypes.IntegerType,
            "mode", DataTypes.IntegerType,
            "data", DataTypes.BinaryType);

    private static final String ORIGIN = "origin";
    private static final int NONE = -1;

    /** OpenCV's CV_8UC1, CV_8UC3 and CV_8UC4: the depth is in the lower three bits. */
    private static final int EIGHT_BITS = 0;

    static SparkImage of(int index, StructType struct) {
      return new SparkImage(
          index,
          List.of(struct.fieldNames()).contains(ORIGIN) ? struct.fieldIndex(ORIGIN) : NONE,
          struct.fieldIndex("height"),
          struct.fieldIndex("width"),
          struct.fieldIndex("nChannels"),
          struct.fieldIndex("mode"),
          struct.fieldIndex("data"));
    }

    @Override
    public SourceImage image(Row row, Configuration hadoop) {
      Row image = row.isNullAt(index) ? null : row.getStruct(index);
      if (image == null
          || IntStream.of(height, width, channels, mode, data).anyMatch(image::isNullAt)) {
        return SourceImage.Unreadable.NULL;
      }
      byte[] bytes = image.getAs(data);
      int values = image.getInt(channels);
      if (image.getInt(mode) < 0 || image.getInt(height) < 1 || image.getInt(width) < 1) {
        return new SourceImage.Unreadable("Spark could not read it");
      }
      long area = (long) image.getInt(height) * image.getInt(width);
      if ((image.getInt(mode) & 7) != EIGHT_BITS
          || (values != 1 && values != 3 && values != 4)
          || area != bytes.length / values
          || bytes.length % values != 0) {
        return new SourceImage.Unreadable(
            String.format(
                Locale.ROOT,
                "not an image of 8 bits a value: OpenCV type %d, %d channels, %d bytes",
                image.getInt(mode),
                values,
                bytes.length));
      }
      try {
        ImageShape shape =
            new ImageShape(image.getInt(height), image.getInt(width), values == 1 ? 1 : 3);
        return new SourceImage.Decoded(
            new Pixels(shape, values == 1 ? bytes.clone() : colors(bytes, values, shape)));
      } catch (InputException e) {
        return new SourceImage.Unreadable(e.getMessage());
      }
    }

    @Override
    public Optional<String> path(Row row) {
      return origin == NONE || row.isNullAt(index)
          ? Optional.empty()
          : Optional.ofNullable(row.getStruct(index).getString(origin));
    }

    @Override
    public Optional<Column> pathColumn(String column) {
      return origin == NONE
          ? Optional.empty()
          : Optional.of(FrameColumns.quoted(column).getField(ORIGIN));
    }

    /** Red, green and blue, laid over white where there is a fourth value. */
    private static byte[] colors(byte[] bytes, int values, ImageShape shape) {
      byte[] pixels = new byte[shape.bytes()];
      for (int i = 0; i < shape.area(); i++) {
        int alpha = values == 4 ? bytes[4 * i + 3] & 0xFF : 255;
        for (int color = 0; color < 3; color++) {
          int value = bytes[values * i + 2 - color] & 0xFF;
          pixels[3 * i + color] = (byte) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
        }
      }
      return pixels;
    }
  }
}
