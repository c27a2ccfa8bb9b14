// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.synth;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Draws labelled colour images: a textured shape, turned, stretched, slanted and moved, before a
 * background of another colour, under noise. An image is a function of seed, class and index alone,
 * and of arithmetic that is exact everywhere.
 *
 * <p>Classes differ in shape; beyond six in texture too, and beyond thirty in the shape's hue.
 *
 * @param seed of all random choices
 * @param classes how many, 2 to 10,000
 * @param size height and width in pixels, 8 to 4096
 */
record SyntheticImages(long seed, int classes, int size) implements Serializable {
  private static final long USE = 8;
  private static final int NOISE = 12;
  private static final List<String> SHAPES =
      List.of("disc", "triangle", "square", "cross", "ring", "hexagon");
  private static final List<String> TEXTURES =
      List.of("plain", "stripes", "checks", "dots", "shade");
  private static final int WITHOUT_HUE = SHAPES.size() * TEXTURES.size();

  SyntheticImages {
    Check.input(
        classes >= 2 && classes <= 10_000,
        "Invalid number of classes: %d (must be 2 to 10000)",
        classes);
    Check.input(size >= 8 && size <= 4096, "Invalid size: %d pixels (must be 8 to 4096)", size);
  }

  /** The names of the classes. */
  List<String> classNames() {
    return IntStream.range(0, classes).mapToObj(this::className).toList();
  }

  private String className(int label) {
    StringBuilder name = new StringBuilder(SHAPES.get(label % SHAPES.size()));
    if (classes > SHAPES.size()) {
      name.append('-').append(TEXTURES.get(label / SHAPES.size() % TEXTURES.size()));
    }
    if (classes > WITHOUT_HUE) {
      name.append(String.format(Locale.ROOT, "-hue%03d", label / WITHOUT_HUE));
    }
    return name.toString();
  }

  /**
   * Draws one image.
   *
   * @param label its class
   * @param index which of the class's
   */
  Pixels draw(int label, long index) {
    long key = SplitMix64.mix(SplitMix64.mix(seed, label, index), USE);
    Placing placing = new Placing(key);
    int shape = label % SHAPES.size();
    int texture =
        classes > SHAPES.size()
            ? label / SHAPES.size() % TEXTURES.size()
            : SplitMix64.below(SplitMix64.mix(key, 20), TEXTURES.size());
    int hues = (classes - 1) / WITHOUT_HUE + 1;
    int hueIndex = label / WITHOUT_HUE;
    double hue = hues > 1 ? (double) hueIndex / hues : unit(key, 21);
    double[] light = color(hue, 0.75 + 0.25 * unit(key, 22));
    double[] dark = color(hue, 0.3 + 0.2 * unit(key, 23));
    double[] background = color(hue + 0.25 + 0.5 * unit(key, 24), 0.3 + 0.7 * unit(key, 25));
    byte[] values = new byte[size * size * 3];
    int out = 0;
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        double u = placing.u(x, y);
        double v = placing.v(x, y);
        // One pixel is the width of an edge, so that edges are smooth.
        double cover = clamp(0.5 + (1 - distance(shape, u, v)) * placing.pixels());
        double tone = tone(texture, u, v);
        double shade = 0.8 + 0.4 * (x + y) / (2.0 * size);
        long noise = SplitMix64.mix(key, out);
        for (int channel = 0; channel < 3; channel++) {
          double front = tone * light[channel] + (1 - tone) * dark[channel];
          double value = cover * front + (1 - cover) * background[channel] * shade;
          values[out++] = pixel(255 * value + noise(noise >>> (16 * channel)));
        }
      }
    }
    return new Pixels(new ImageShape(size, size, 3), values);
  }

  /** How the shape lies in the image: from pixels to coordinates in which it reaches to 1. */
  private final class Placing {
    private final double radius;
    private final double xu;
    private final double yu;
    private final double xv;
    private final double yv;
    private final double centreX;
    private final double centreY;

    Placing(long key) {
      radius = size * (0.22 + 0.16 * unit(key, 0));
      double angle = StrictMath.PI * (2 * unit(key, 1) - 1);
      double stretch = 1 + 0.3 * (2 * unit(key, 2) - 1);
      double slant = 0.4 * (unit(key, 3) - 0.5);
      double cos = StrictMath.cos(angle);
      double sin = StrictMath.sin(angle);
      xu = (cos + slant * sin) / radius * stretch;
      yu = (sin - slant * cos) / radius * stretch;
      xv = -sin / radius;
      yv = cos / radius;
      centreX = size * (0.35 + 0.3 * unit(key, 4));
      centreY = size * (0.35 + 0.3 * unit(key, 5));
    }

    double u(int x, int y) {
      return (x - centreX) * xu + (y - centreY) * yu;
    }

    double v(int x, int y) {
      return (x - centreX) * xv + (y - centreY) * yv;
    }

    double pixels() {
      return radius;
    }
  }

  /** Below 1 inside a shape, 1 on its edge, growing with the distance from it. */
  private static double distance(int shape, double u, double v) {
    double absU = Math.abs(u);
    double absV = Math.abs(v);
    return switch (shape) {
      case 0 -> Math.sqrt(u * u + v * v);
      case 1 -> 2 * Math.max(v, 0.8660254037844386 * absU - 0.5 * v);
      case 2 -> 1.25 * Math.max(absU, absV);
      case 3 -> Math.min(Math.max(absU, 3 * absV), Math.max(3 * absU, absV));
      case 4 -> 1 + Math.abs(Math.sqrt(u * u + v * v) - 0.75) - 0.25;
      default -> 1.15 * Math.max(absV, 0.8660254037844386 * absU + 0.5 * absV);
    };
  }

  /** How light a texture is at a place, 0 to 1. */
  private static double tone(int texture, double u, double v) {
    return switch (texture) {
      case 0 -> 1;
      case 1 -> Math.floor(4 * u) % 2 == 0 ? 1 : 0;
      case 2 -> (Math.floor(3 * u) + Math.floor(3 * v)) % 2 == 0 ? 1 : 0;
      case 3 -> {
        double fromU = 3 * u - Math.rint(3 * u);
        double fromV = 3 * v - Math.rint(3 * v);
        yield fromU * fromU + fromV * fromV < 0.08 ? 0 : 1;
      }
      default -> clamp(0.5 + 0.5 * u);
    };
  }

  /** Red, green and blue, 0 to 1, of a hue (1 is once around) at a brightness. */
  private static double[] color(double hue, double brightness) {
    double[] result = new double[3];
    for (int channel = 0; channel < 3; channel++) {
      double at = hue + channel / 3.0;
      double away = Math.abs(at - Math.floor(at) - 0.5);
      result[channel] = brightness * (0.25 + 0.75 * clamp(6 * away - 1));
    }
    return result;
  }

  private static double unit(long key, int use) {
    return SplitMix64.unit(SplitMix64.mix(key, -1 - use));
  }

  private static double clamp(double value) {
    return Math.max(0, Math.min(1, value));
  }

  /** From a triangular distribution, of 16 random bits. */
  private static double noise(long bits) {
    return ((bits & 0xFF) - (bits >>> 8 & 0xFF)) * (NOISE / 128.0);
  }

  private static byte pixel(double value) {
    return (byte) (int) Math.max(0, Math.min(255, Math.rint(value)));
  }
}
