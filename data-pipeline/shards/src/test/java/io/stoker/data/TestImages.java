// SPDX-License-Identifier: Apache-2.0
package io.stoker.data;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;

/** Makes images and collections of them. */
public final class TestImages {
  private TestImages() {}

  /** Where the image files of other programs are; README.md there says of which. */
  public static Path realFolder() {
    try {
      return Path.of(TestImages.class.getResource("/images/README.md").toURI()).getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The image files of other programs by name, without what is expected of them. */
  public static SortedMap<String, byte[]> realFiles() throws IOException {
    SortedMap<String, byte[]> files = new TreeMap<>();
    try (DirectoryStream<Path> all =
        Files.newDirectoryStream(realFolder(), "*.{jpg,png,gif,bmp,webp}")) {
      for (Path file : all) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  /** One of the image files of other programs. */
  public static byte[] realFile(String name) throws IOException {
    try (InputStream in = TestImages.class.getResourceAsStream("/images/" + name)) {
      return in.readAllBytes();
    }
  }

  /** Random pixels. */
  public static Pixels noise(int height, int width, int channels, long seed) {
    ImageShape shape = new ImageShape(height, width, channels);
    byte[] values = new byte[shape.bytes()];
    new SplittableRandom(seed).nextBytes(values);
    return new Pixels(shape, values);
  }

  /** A smooth colour image, which JPEG keeps well. */
  public static BufferedImage gradient(int width, int height, int seed) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int red = 255 * x / width;
        int green = 255 * y / height;
        int blue = (seed * 37 + x + y) & 0xFF;
        image.setRGB(x, y, red << 16 | green << 8 | blue);
      }
    }
    return image;
  }

  /** An image file of a format that Java writes. */
  public static byte[] file(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (!ImageIO.write(image, format, out)) {
      throw new IOException("no writer of " + format);
    }
    return out.toByteArray();
  }

  /** A JPEG file with an EXIF segment that has nothing but an orientation. */
  public static byte[] withOrientation(byte[] jpeg, int orientation) {
    ByteBuffer segment = ByteBuffer.allocate(36);
    segment.putShort((short) 0xFFE1).putShort((short) 34);
    segment.put("Exif\0\0MM".getBytes(StandardCharsets.US_ASCII));
    segment.putShort((short) 42).putInt(8).putShort((short) 1);
    segment.putShort((short) 0x0112).putShort((short) 3).putInt(1);
    segment.putShort((short) orientation).putShort((short) 0).putInt(0);
    byte[] file = new byte[jpeg.length + 36];
    System.arraycopy(jpeg, 0, file, 0, 2);
    System.arraycopy(segment.array(), 0, file, 2, 36);
    System.arraycopy(jpeg, 2, file, 38, jpeg.length - 2);
    return file;
  }

  /** A profile of the colours that telephones record: sRGB's curve with wider primaries. */
  public static byte[] displayP3() {
    ICC_Profile profile =
        ICC_Profile.getInstance(ICC_Profile.getInstance(ColorSpace.CS_sRGB).getData());
    profile.setData(ICC_Profile.icSigRedColorantTag, xyz(0.51512, 0.24120, -0.00105));
    profile.setData(ICC_Profile.icSigGreenColorantTag, xyz(0.29198, 0.69225, 0.04189));
    profile.setData(ICC_Profile.icSigBlueColorantTag, xyz(0.15710, 0.06657, 0.78407));
    return profile.getData();
  }

  /**
   * A profile whose damage shows only when colours are converted from it: one of its texts is where
   * a table for that should be.
   */
  public static byte[] profileWithoutConversion() {
    byte[] profile = displayP3();
    int description = new String(profile, StandardCharsets.ISO_8859_1).indexOf("desc");
    ByteBuffer.wrap(profile).put(description, "A2B0".getBytes(StandardCharsets.US_ASCII));
    return profile;
  }

  private static byte[] xyz(double... values) {
    ByteBuffer tag = ByteBuffer.allocate(20);
    tag.put("XYZ ".getBytes(StandardCharsets.US_ASCII)).putInt(0);
    for (double value : values) {
      tag.putInt((int) Math.round(value * (1 << 16)));
    }
    return tag.array();
  }

  /** The same JPEG with a colour profile, split into {@code segments} segments. */
  public static byte[] withProfile(byte[] jpeg, byte[] profile, int segments) {
    ByteBuffer file = ByteBuffer.allocate(jpeg.length + profile.length + 18 * segments);
    file.put(jpeg, 0, 2);
    for (int i = 0; i < segments; i++) {
      int start = profile.length * i / segments;
      int length = profile.length * (i + 1) / segments - start;
      file.putShort((short) 0xFFE2).putShort((short) (16 + length));
      file.put("ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII));
      file.put((byte) (i + 1)).put((byte) segments).put(profile, start, length);
    }
    return file.put(jpeg, 2, jpeg.length - 2).array();
  }

  /** Writes a file, and the folders above it. */
  public static void write(Path file, byte[] bytes) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  /** A folder a class, with so many PNG files each. */
  public static void writeFolders(Path root, int size, int images, String... classes)
      throws IOException {
    int seed = 0;
    for (String name : classes) {
      for (int i = 0; i < images; i++) {
        write(
            root.resolve(name).resolve(String.format(Locale.ROOT, "image-%03d.png", i)),
            file(gradient(size, size, seed++), "png"));
      }
    }
  }

  /** The bytes of an idx file of images. */
  public static byte[] idxImages(int count, int height, int width, byte[] pixels)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(0x803);
    out.writeInt(count);
    out.writeInt(height);
    out.writeInt(width);
    out.write(pixels);
    return bytes.toByteArray();
  }

  /** The bytes of an idx file of labels. */
  public static byte[] idxLabels(int count, byte[] labels) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(0x801);
    out.writeInt(count);
    out.write(labels);
    return bytes.toByteArray();
  }

  /** A pair of idx files of random images, and labels 0, 1, 2 and so on in turn. */
  public static void writeIdx(Path folder, String prefix, int count, int size, int classes)
      throws IOException {
    byte[] pixels = new byte[count * size * size];
    new SplittableRandom(count).nextBytes(pixels);
    byte[] labels = new byte[count];
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) (i % classes);
    }
    write(folder.resolve(prefix + "images-idx3-ubyte"), idxImages(count, size, size, pixels));
    write(folder.resolve(prefix + "labels-idx1-ubyte"), idxLabels(count, labels));
  }

  /** The same, gzipped. */
  public static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }
}
