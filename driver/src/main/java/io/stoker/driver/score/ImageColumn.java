package io.stoker.driver.score;

import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.ImageFile;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.storage.Storage;
import io.stoker.failure.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/** How a column of a data frame holds images. */
public sealed interface ImageColumn extends Serializable {
  /**
   * Reads the image of a row.
   *
   * @param row of the schema that this was made for
   * @param hadoop how to reach files
   * @throws UnreadableImageException if there is no image, or none that can be read
   */
  Pixels read(Row row, Configuration hadoop) throws UnreadableImageException;

  /**
   * Finds out how a column holds images: as the bytes of image files ({@code binaryFile}'s {@code
   * content}), as the URIs of image files, as Spark's image structure ({@code image}'s {@code
   * image}), or as a shard does, with the columns {@code encoding}, {@code height}, {@code width}
   * and {@code channels} beside it.
   *
   * @param schema of the data frame
   * @param column its name
   * @throws InputException if there is no such column, or it holds something else
   */
  static ImageColumn of(StructType schema, String column) {
    List<String> names = List.of(schema.fieldNames());
    if (!names.contains(column)) {
      throw new InputException("Unknown column: %s (there are %s)".formatted(column, names));
    }
    int index = schema.fieldIndex(column);
    DataType type = schema.fields()[index].dataType();
    if (type instanceof BinaryType) {
      return names.containsAll(ShardRow.BESIDE)
          ? new ShardRow(
              index,
              schema.fieldIndex("encoding"),
              schema.fieldIndex("height"),
              schema.fieldIndex("width"),
              schema.fieldIndex("channels"))
          : new Encoded(index);
    }
    if (type instanceof StringType) {
      return new Located(index);
    }
    if (type instanceof StructType struct
        && List.of(struct.fieldNames()).containsAll(SparkImage.FIELDS)) {
      return SparkImage.of(index, struct);
    }
    throw new InputException(
        "Invalid column %s: it has the type %s (must be binary, the bytes of an image file; string, its URI; or Spark's image structure)"
            .formatted(column, type.simpleString()));
  }

  /** Refuses a null, as joins and lost files leave it. */
  private static void requireValue(Row row, int index) throws UnreadableImageException {
    if (row.isNullAt(index)) {
      throw new UnreadableImageException("there is no image: null");
    }
  }

  /** The bytes of an image file. */
  record Encoded(int index) implements ImageColumn {
    @Override
    public Pixels read(Row row, Configuration hadoop) throws UnreadableImageException {
      requireValue(row, index);
      return ImageCodec.decode(row.<byte[]>getAs(index), ImageCodec.DEFAULT_MAXIMUM_PIXELS);
    }
  }

  /** The URI of an image file. */
  record Located(int index) implements ImageColumn {
    @Override
    public Pixels read(Row row, Configuration hadoop) throws UnreadableImageException {
      requireValue(row, index);
      try {
        return ImageFile.decode(Storage.path(row.getString(index)), hadoop);
      } catch (InputException e) {
        throw new UnreadableImageException(e.getMessage(), e);
      } catch (FileNotFoundException e) {
        throw new UnreadableImageException("missing", e);
      } catch (IOException e) {
        throw new UnreadableImageException("cannot be read: " + e.getMessage(), e);
      }
    }
  }

  /** The image of a shard, and the columns that say what its bytes are. */
  record ShardRow(int index, int encoding, int height, int width, int channels)
      implements ImageColumn {
    static final List<String> BESIDE = List.of("encoding", "height", "width", "channels");

    @Override
    public Pixels read(Row row, Configuration hadoop) throws UnreadableImageException {
      requireValue(row, index);
      byte[] bytes = row.getAs(index);
      try {
        ImageShape shape =
            new ImageShape(row.getInt(height), row.getInt(width), row.getInt(channels));
        byte[] pixels = new byte[shape.bytes()];
        ShardEncoding.parse(row.getString(encoding)).decode(bytes, 0, bytes.length, shape, pixels);
        return new Pixels(shape, pixels);
      } catch (InputException e) { // A row of somebody else's making.
        throw new UnreadableImageException(e.getMessage(), e);
      }
    }
  }

  /**
   * Spark's own structure, with OpenCV's types of pixels: grey, BGR or BGRA of 8 bits, row by row
   * ({@code org.apache.spark.ml.image.ImageSchema}).
   */
  record SparkImage(int index, int height, int width, int channels, int mode, int data)
      implements ImageColumn {
    static final List<String> FIELDS = List.of("height", "width", "nChannels", "mode", "data");

    /** OpenCV's CV_8UC1, CV_8UC3 and CV_8UC4: the depth is in the lower three bits. */
    private static final int EIGHT_BITS = 0;

    static SparkImage of(int index, StructType struct) {
      return new SparkImage(
          index,
          struct.fieldIndex("height"),
          struct.fieldIndex("width"),
          struct.fieldIndex("nChannels"),
          struct.fieldIndex("mode"),
          struct.fieldIndex("data"));
    }

    @Override
    public Pixels read(Row row, Configuration hadoop) throws UnreadableImageException {
      requireValue(row, index);
      Row image = row.getStruct(index);
      requireValue(image, data);
      byte[] bytes = image.getAs(data);
      int values = image.getInt(channels);
      if (image.getInt(mode) < 0 || image.getInt(height) < 1 || image.getInt(width) < 1) {
        throw new UnreadableImageException("Spark could not read it");
      }
      long area = (long) image.getInt(height) * image.getInt(width);
      if ((image.getInt(mode) & 7) != EIGHT_BITS
          || (values != 1 && values != 3 && values != 4)
          || area * values != bytes.length) {
        throw new UnreadableImageException(
            "no image of 8 bits a value: OpenCV type %d, %d channels, %d bytes"
                .formatted(image.getInt(mode), values, bytes.length));
      }
      ImageShape shape =
          new ImageShape(image.getInt(height), image.getInt(width), values == 1 ? 1 : 3);
      return new Pixels(shape, values == 1 ? bytes.clone() : colors(bytes, values, shape));
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
