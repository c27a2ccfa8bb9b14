// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestImages;
import io.stoker.data.image.Decoding;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.failure.InputException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.ml.image.ImageSchema;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageColumnTest {
  private static final StructType SHARD =
      new StructType()
          .add("height", DataTypes.IntegerType)
          .add("width", DataTypes.IntegerType)
          .add("channels", DataTypes.IntegerType)
          .add("encoding", DataTypes.StringType)
          .add("image", DataTypes.BinaryType);

  private static Pixels read(StructType schema, String column, Row row)
      throws UnreadableImageException {
    return ImageColumn.of(schema, column).read(row, new Configuration());
  }

  /** As Spark's data source "image" gives it. */
  private static Pixels readSparks(int height, int width, int channels, int mode, int... bytes)
      throws UnreadableImageException {
    byte[] data = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      data[i] = (byte) bytes[i];
    }
    return read(
        ImageSchema.imageSchema(),
        "image",
        RowFactory.create(RowFactory.create("origin", height, width, channels, mode, data)));
  }

  @Test
  void turnsTheColorsOfOpenCvRound() throws Exception {
    Pixels color = readSparks(1, 2, 3, 16, 1, 2, 3, 4, 5, 6);
    assertThat(color.shape()).isEqualTo(new ImageShape(1, 2, 3));
    assertThat(color.values()).containsExactly(3, 2, 1, 6, 5, 4);

    assertThat(readSparks(2, 1, 1, 0, 7, 8).values()).containsExactly(7, 8);
  }

  @Test
  void laysTransparentPixelsOverWhite() throws Exception {
    // Covered, half covered, clear.
    Pixels color = readSparks(1, 3, 4, 24, 1, 2, 3, 255, 0, 100, 200, 128, 9, 9, 9, 0);
    assertThat(color.values()).containsExactly(3, 2, 1, (byte) 227, (byte) 177, 127, -1, -1, -1);
  }

  @Test
  void saysWhatIsWrongWithAnImage() {
    assertThatThrownBy(() -> readSparks(-1, -1, -1, -1))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("Spark could not read it");
    assertThatThrownBy(() -> readSparks(1, 1, 3, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessageContaining("OpenCV type 21");
    assertThatThrownBy(() -> readSparks(2, 1, 3, 16, 0, 0, 0))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessageContaining("3 bytes");
    assertThatThrownBy(
            () -> read(SHARD, "image", RowFactory.create(2, 2, 1, "raw", new byte[] {1, 2, 3})))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessageContaining("has 4 bytes, this one 3");
    assertThatThrownBy(
            () -> read(SHARD, "image", RowFactory.create(2, 2, 1, "bmp", new byte[] {1, 2, 3, 4})))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessageContaining("Unknown encoding: 'bmp'");
  }

  @Test
  void readsTheRowsOfShards() throws Exception {
    Pixels grey = read(SHARD, "image", RowFactory.create(2, 1, 1, "raw", new byte[] {1, 2}));
    assertThat(grey.shape()).isEqualTo(new ImageShape(2, 1, 1));
    assertThat(grey.values()).containsExactly(1, 2);
  }

  @Test
  void takesBytesForFilesNextToColumnsOfOtherTypes() {
    assertThat(ImageColumn.of(SHARD, "image")).isInstanceOf(ImageColumn.ShardRow.class);
    assertThat(ImageColumn.of(withLongs(SHARD), "image")).isInstanceOf(ImageColumn.Encoded.class);
    StructType sparks = ImageSchema.columnSchema();
    StructType wide = new StructType().add("image", withLongs(sparks));
    assertThatThrownBy(() -> ImageColumn.of(wide, "image"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Invalid column image: it has the type struct<origin:string,heig");
  }

  /** The same fields, each int a bigint. */
  private static StructType withLongs(StructType schema) {
    StructType wide = new StructType();
    for (StructField field : schema.fields()) {
      boolean number = field.dataType().equals(DataTypes.IntegerType);
      wide = wide.add(field.name(), number ? DataTypes.LongType : field.dataType());
    }
    return wide;
  }

  @Test
  void anImageWithoutASizeIsNone() {
    assertThatThrownBy(
            () ->
                read(
                    ImageSchema.imageSchema(),
                    "image",
                    RowFactory.create(RowFactory.create("origin", null, 1, 1, 0, new byte[] {1}))))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("there is no image: null");
  }

  @Test
  void refusesOtherColumns() {
    assertThatThrownBy(() -> ImageColumn.of(SHARD, "img"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Unknown column: img (there are [height, ");
    assertThatThrownBy(() -> ImageColumn.of(SHARD, "height"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Invalid column height: it has the type int");
    StructType twice =
        new StructType().add("img", "binary").add("kind", "int").add("img", "binary");
    assertThatThrownBy(() -> ImageColumn.of(twice, "img"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Ambiguous column: img (there are [img, kind, img])");
  }

  private static final StructType HUGGING_FACE =
      new StructType()
          .add(
              "image",
              new StructType()
                  .add("path", DataTypes.StringType)
                  .add("bytes", DataTypes.BinaryType));

  @Test
  void readsTheStructureOfHuggingFace(@TempDir java.nio.file.Path folder) throws Exception {
    byte[] png = TestImages.file(TestImages.gradient(3, 2, 1), "png");
    java.nio.file.Path file = folder.resolve("1.png");
    java.nio.file.Files.write(file, png);
    Row both = RowFactory.create(RowFactory.create("elsewhere.png", png));
    Row pathAlone = RowFactory.create(RowFactory.create(file.toString(), null));
    assertThat(read(HUGGING_FACE, "image", both).shape()).isEqualTo(new ImageShape(2, 3, 3));
    assertThat(read(HUGGING_FACE, "image", pathAlone).shape()).isEqualTo(new ImageShape(2, 3, 3));
    ImageColumn column = ImageColumn.of(HUGGING_FACE, "image");
    assertThat(column.path(both)).contains("elsewhere.png");
    assertThat(column.path(RowFactory.create((Object) null))).isEmpty();
    for (Row empty :
        new Row[] {
          RowFactory.create((Object) null), RowFactory.create(RowFactory.create(null, null))
        }) {
      assertThatThrownBy(() -> read(HUGGING_FACE, "image", empty))
          .isInstanceOf(UnreadableImageException.class)
          .hasMessage("there is no image: null");
    }
    assertThatThrownBy(
            () -> read(HUGGING_FACE, "image", RowFactory.create(RowFactory.create("/no", null))))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("missing");
  }

  @Test
  void bringsImagesToAShape() throws Exception {
    byte[] png = TestImages.file(TestImages.gradient(30, 20, 1), "png");
    StructType schema = new StructType().add("content", DataTypes.BinaryType);
    ImageShape shape = new ImageShape(8, 8, 1);
    assertThat(
            ImageColumn.of(schema, "content")
                .read(RowFactory.create((Object) png), new Configuration(), shape, Decoding.SCALED)
                .shape())
        .isEqualTo(shape);
  }
}
