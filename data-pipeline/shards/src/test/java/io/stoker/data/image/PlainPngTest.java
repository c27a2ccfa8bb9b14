// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.TestImages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compared with Java's own reader of PNG files. */
class PlainPngTest {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10};
  private static final int CHUNK_BYTES = 700;

  private static Pixels java(byte[] file) throws UnreadableImageException {
    return ImageCodec.readWithJava(ImageFormat.PNG, file, 0, file.length, 1 << 24);
  }

  private static Optional<Pixels> plain(byte[] file) {
    return PlainPng.decode(file, 0, file.length, 1 << 24);
  }

  private static void chunk(ByteArrayOutputStream file, String type, byte[] data)
      throws IOException {
    byte[] body = new byte[4 + data.length];
    System.arraycopy(type.getBytes(StandardCharsets.US_ASCII), 0, body, 0, 4);
    System.arraycopy(data, 0, body, 4, data.length);
    CRC32 crc = new CRC32();
    crc.update(body);
    file.write(ByteBuffer.allocate(4).putInt(data.length).array());
    file.write(body);
    file.write(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }

  private static byte[] random(SplittableRandom random, int length, int bound) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      // Runs, so that something can be compressed.
      bytes[i] = i > 0 && random.nextInt(3) > 0 ? bytes[i - 1] : (byte) random.nextInt(bound);
    }
    return bytes;
  }

  /** A file of random values, each row with a random filter, in chunks of a few hundred bytes. */
  private static byte[] file(int type, int height, int width, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(SIGNATURE);
    chunk(
        file,
        "IHDR",
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put(new byte[] {8, (byte) type, 0, 0, 0})
            .array());
    if (type != 3) {
      chunk(file, "tEXt", "Comment\0of no meaning".getBytes(StandardCharsets.ISO_8859_1));
      chunk(file, "gAMA", ByteBuffer.allocate(4).putInt(45455).array());
    }
    int colors = 1 + random.nextInt(256);
    if (type == 3) {
      chunk(file, "PLTE", random(random, 3 * colors, 256));
      if (random.nextBoolean()) {
        chunk(file, "tRNS", random(random, 1 + random.nextInt(colors), 256));
      }
    }
    int bytes = Map.of(0, 1, 2, 3, 3, 1, 4, 2, 6, 4).get(type);
    ByteArrayOutputStream rows = new ByteArrayOutputStream();
    for (int y = 0; y < height; y++) {
      // Of a palette, a filter would make numbers of colours that it does not have.
      rows.write(type == 3 ? 0 : random.nextInt(5));
      rows.write(random(random, width * bytes, type == 3 ? colors : 256));
    }
    Deflater deflater = new Deflater();
    deflater.setInput(rows.toByteArray());
    deflater.finish();
    byte[] block = new byte[CHUNK_BYTES];
    while (!deflater.finished()) {
      int length = deflater.deflate(block);
      chunk(file, "IDAT", Arrays.copyOf(block, length));
    }
    deflater.end();
    chunk(file, "IEND", new byte[0]);
    return file.toByteArray();
  }

  @ParameterizedTest
  @CsvSource({"0", "2", "3", "4", "6"})
  void readsWhatJavaReads(int type) throws Exception {
    int[][] shapes = {{1, 1}, {1, 300}, {300, 1}, {28, 28}, {33, 65}, {700, 500}, {3, 40_000}};
    long seed = 0;
    for (int[] shape : shapes) {
      for (int i = 0; i < 5; i++) {
        byte[] file = file(type, shape[0], shape[1], seed++);
        Pixels seen = plain(file).orElseThrow();
        Pixels expected = java(file);
        assertThat(seen.shape()).isEqualTo(expected.shape());
        assertThat(seen.values()).isEqualTo(expected.values());
      }
    }
  }

  @Test
  void readsFilesOfOtherProgramsAsJavaDoes() throws Exception {
    int read = 0;
    for (Map.Entry<String, byte[]> each : TestImages.realFiles().entrySet()) {
      Optional<Pixels> seen =
          each.getKey().endsWith(".png") ? plain(each.getValue()) : Optional.empty();
      if (seen.isPresent()) {
        Pixels expected = java(each.getValue());
        assertThat(seen.get().shape()).as(each.getKey()).isEqualTo(expected.shape());
        assertThat(seen.get().values()).as(each.getKey()).isEqualTo(expected.values());
        read++;
      }
    }
    assertThat(read).isGreaterThan(3);
    for (String name :
        new String[] {
          "grey-1-bit.png", "grey-16-bit.png", "grey-interlaced.png", "grey-transparent-key.png"
        }) {
      assertThat(plain(TestImages.realFiles().get(name))).as(name).isEmpty();
    }
  }

  /** Whatever is changed: no other picture than Java's, and nothing that Java refuses. */
  @ParameterizedTest
  @CsvSource({"0", "2", "3", "4", "6"})
  void leavesDamagedFilesToJava(int type) throws Exception {
    SplittableRandom random = new SplittableRandom(type);
    int read = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] file = file(type, 9, 11, i % 7);
      if (i % 5 == 0) {
        file = Arrays.copyOf(file, random.nextInt(file.length));
      } else {
        file[random.nextInt(file.length)] ^= (byte) (1 << random.nextInt(8));
      }
      Optional<Pixels> seen = plain(file);
      if (seen.isPresent()) {
        Pixels expected = java(file);
        assertThat(seen.get().shape()).isEqualTo(expected.shape());
        assertThat(seen.get().values()).isEqualTo(expected.values());
        read++;
      }
    }
    assertThat(read).isBetween(1, 1500);
  }

  @Test
  void decodesNoMorePixelsThanAllowed() throws IOException {
    byte[] file = file(2, 20, 30, 1);
    assertThat(PlainPng.decode(file, 0, file.length, 600)).isPresent();
    assertThat(PlainPng.decode(file, 0, file.length, 599)).isEmpty();
  }
}
