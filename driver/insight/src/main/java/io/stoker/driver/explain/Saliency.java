// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import io.stoker.failure.Check;
import io.stoker.models.engine.Network;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where in an image a network finds a class. Each map is {@code [height, width]} of the model's
 * input, scaled so that its largest value is 1; all zero where nothing speaks for the class.
 *
 * <p>It borrows the network, one thread at a time.
 */
public final class Saliency {
  private final Network network;
  private final ModelSpec model;
  private final Shape input;

  /**
   * @param network with its parameters; of its batch, as many images are covered at a time
   */
  public Saliency(Network network) {
    this.network = network;
    this.model = network.model();
    this.input = model.input();
  }

  /**
   * Grad-CAM (Selvaraju et al., 2017, "Grad-CAM", equations 1 and 2): the feature maps after the
   * last convolution and its activation, each weighted by the mean of the score's gradient over it,
   * added up, cut at 0 and enlarged.
   *
   * @param image normalised, {@code [channels, height, width]}
   * @param label the class
   * @throws io.stoker.failure.InputException if the model has no convolution
   */
  public float[] gradCam(float[] image, int label) {
    int layer = afterLastConvolution();
    Shape shape = model.placed().get(layer).input();
    float[] activations = new float[shape.features()];
    float[] gradients = new float[shape.features()];
    network.inspect(image, 1, new int[] {label}, layer, activations, gradients);
    int area = shape.height() * shape.width();
    double[] sums = new double[area];
    for (int channel = 0; channel < shape.channels(); channel++) {
      double weight = 0;
      for (int i = 0; i < area; i++) {
        weight += gradients[channel * area + i] / area;
      }
      for (int i = 0; i < area; i++) {
        sums[i] += weight * activations[channel * area + i];
      }
    }
    float[] map = new float[area];
    for (int i = 0; i < area; i++) {
      map[i] = (float) Math.max(0, sums[i]);
    }
    return scaled(enlarged(map, shape));
  }

  private int afterLastConvolution() {
    List<LayerSpec> layers = model.placed().stream().map(ModelSpec.Placed::layer).toList();
    int layer = layers.size();
    while (layer > 0 && !convolves(layers.get(layer - 1))) {
      layer--;
    }
    Check.input(
        layer > 0, "Cannot draw a Grad-CAM of model %s: it has no convolution", model.name());
    while (layers.get(layer) instanceof LayerSpec.Activation) {
      layer++;
    }
    return layer;
  }

  /** Whether a layer gives feature maps, as a block with a convolution does as a whole. */
  private static boolean convolves(LayerSpec layer) {
    return layer instanceof LayerSpec.Convolution
        || layer instanceof LayerSpec.DepthwiseConvolution
        || layer.children().stream().anyMatch(Saliency::convolves);
  }

  /** Bilinear, with the centres of the outer pixels as far from the edge as they are. */
  private float[] enlarged(float[] map, Shape from) {
    float[] large = new float[input.height() * input.width()];
    for (int y = 0; y < input.height(); y++) {
      double row = position(y, input.height(), from.height());
      int top = (int) row;
      int bottom = Math.min(top + 1, from.height() - 1);
      for (int x = 0; x < input.width(); x++) {
        double column = position(x, input.width(), from.width());
        int left = (int) column;
        int right = Math.min(left + 1, from.width() - 1);
        double upper =
            between(map[top * from.width() + left], map[top * from.width() + right], column - left);
        double lower =
            between(
                map[bottom * from.width() + left],
                map[bottom * from.width() + right],
                column - left);
        large[y * input.width() + x] = (float) between(upper, lower, row - top);
      }
    }
    return large;
  }

  private static double position(int pixel, int size, int from) {
    return Math.max(0, Math.min(from - 1, (pixel + 0.5) * from / size - 0.5));
  }

  private static double between(double a, double b, double share) {
    return a + (b - a) * share;
  }

  /**
   * The occlusion map (Zeiler and Fergus, 2014, "Visualizing and Understanding Convolutional
   * Networks", section 4.2): how much of the class's probability goes when a square is covered with
   * the training data's mean colour, averaged over the squares that cover a pixel. A square is a
   * fifth of the image, and they are half a square apart.
   *
   * @param image normalised, {@code [channels, height, width]}
   * @param label the class
   */
  public float[] occlusion(float[] image, int label) {
    int side = Math.max(1, Math.round(Math.min(input.height(), input.width()) / 5f));
    int step = Math.max(1, side / 2);
    List<Square> squares = new ArrayList<>();
    for (int top = 0; top + side < input.height() + step; top += step) {
      for (int left = 0; left + side < input.width() + step; left += step) {
        squares.add(
            new Square(
                top,
                left,
                Math.min(top + side, input.height()),
                Math.min(left + side, input.width())));
      }
    }
    double whole = probabilities(image, List.of(Square.NONE), label)[0];
    double[] sum = new double[input.height() * input.width()];
    int[] covers = new int[sum.length];
    int batch = network.batchCapacity();
    for (int from = 0; from < squares.size(); from += batch) {
      List<Square> some = squares.subList(from, Math.min(squares.size(), from + batch));
      double[] left = probabilities(image, some, label);
      for (int i = 0; i < left.length; i++) {
        some.get(i).add(whole - left[i], sum, covers, input.width());
      }
    }
    float[] map = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      map[i] = (float) Math.max(0, sum[i] / Math.max(1, covers[i]));
    }
    return scaled(map);
  }

  /** Rows {@code [top, bottom)} and columns {@code [left, right)}. */
  private record Square(int top, int left, int bottom, int right) {
    static final Square NONE = new Square(0, 0, 0, 0);

    void add(double drop, double[] sum, int[] covers, int width) {
      for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
          sum[y * width + x] += drop;
          covers[y * width + x]++;
        }
      }
    }
  }

  /**
   * The class's probability in as many copies of an image, each with one of the squares covered.
   */
  private double[] probabilities(float[] image, List<Square> squares, int label) {
    float[] covered = new float[squares.size() * input.features()];
    for (int i = 0; i < squares.size(); i++) {
      int offset = i * input.features();
      System.arraycopy(image, 0, covered, offset, input.features());
      Square square = squares.get(i);
      for (int row = 0; row < input.channels() * input.height(); row++) {
        int y = row % input.height();
        if (y >= square.top() && y < square.bottom()) {
          int at = offset + row * input.width();
          // The mean, once normalised.
          Arrays.fill(covered, at + square.left(), at + square.right(), 0);
        }
      }
    }
    float[] probabilities = new float[squares.size() * model.classes()];
    network.predict(covered, squares.size(), probabilities);
    return IntStream.range(0, squares.size())
        .mapToDouble(i -> probabilities[i * model.classes() + label])
        .toArray();
  }

  /**
   * The input gradient (Simonyan et al., 2014, "Deep Inside Convolutional Networks", section 3.1):
   * the magnitude of the score's derivative by each pixel, of its channels the largest.
   *
   * @param image normalised, {@code [channels, height, width]}
   * @param label the class
   */
  public float[] inputGradient(float[] image, int label) {
    float[] gradients = new float[input.features()];
    network.inspect(image, 1, new int[] {label}, 0, new float[input.features()], gradients);
    float[] map = new float[input.height() * input.width()];
    for (int i = 0; i < gradients.length; i++) {
      map[i % map.length] = Math.max(map[i % map.length], Math.abs(gradients[i]));
    }
    return scaled(map);
  }

  private static float[] scaled(float[] map) {
    float largest = 0;
    for (float value : map) {
      largest = Math.max(largest, value);
    }
    for (int i = 0; i < map.length && largest > 0; i++) {
      map[i] /= largest;
    }
    return map;
  }
}
