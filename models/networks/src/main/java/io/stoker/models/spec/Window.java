// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.base.Division;
import io.stoker.failure.Check;
import java.io.Serializable;

/**
 * The sliding window of convolutions and pooling.
 *
 * @param kernel the number of rows and columns that the window reads
 * @param stride the pixels from one place of the window to the next, down and to the right
 * @param dilation the pixels from one row (column) that the window reads to the next
 * @param padding the zeros around the image
 */
public record Window(int kernel, int stride, int dilation, Padding padding)
    implements Serializable {
  private static final int MAXIMUM = 1024;

  public Window {
    check("kernel", kernel);
    check("stride", stride);
    check("dilation", dilation);
  }

  private static void check(String name, int value) {
    Check.input(
        value >= 1 && value <= MAXIMUM,
        "Invalid %s: %d (must be between 1 and %d)",
        name,
        value,
        MAXIMUM);
  }

  /** A window of stride 1 over an image without padding. */
  public static Window of(int kernel) {
    return new Window(kernel, 1, 1, Padding.NONE);
  }

  /** This window with another stride. */
  public Window by(int stride) {
    return new Window(kernel, stride, dilation, padding);
  }

  /** This window with equal padding on all sides. */
  public Window padded(int side) {
    return new Window(kernel, stride, dilation, Padding.of(side));
  }

  /** This window with the least padding that covers the image; see {@link #paddingToCover}. */
  public Window covering(Shape input) {
    return new Window(kernel, stride, dilation, paddingToCover(input));
  }

  /** The rows and columns of the image from the first to the last that the window reads. */
  public int span() {
    return (kernel - 1) * dilation + 1;
  }

  /**
   * The shape of an output with one value (of each channel) for each place of the window.
   *
   * @param layer the layer's label, for the error
   * @param input the image
   * @param channels the output's channels
   */
  Shape over(String layer, Shape input, int channels) {
    return new Shape(
        places(layer, input.height() + padding.top() + padding.bottom()),
        places(layer, input.width() + padding.left() + padding.right()),
        channels);
  }

  /**
   * The least padding with which the window has {@code size / stride} places along each side,
   * rounded up.
   */
  Padding paddingToCover(Shape input) {
    int rows = missing(input.height());
    int columns = missing(input.width());
    return new Padding(rows / 2, columns / 2, rows - rows / 2, columns - columns / 2);
  }

  private int missing(int size) {
    int places = Division.ceiling(size, stride);
    return Math.max(0, (places - 1) * stride + span() - size);
  }

  private int places(String layer, int padded) {
    Check.input(
        padded >= span(),
        "Invalid input of %s: its %d pixels with padding are fewer than the %d of the kernel",
        layer,
        padded,
        span());
    return (padded - span()) / stride + 1;
  }

  @Override
  public String toString() {
    return kernel
        + "x"
        + kernel
        + (stride == 1 ? "" : " / " + stride)
        + (dilation == 1 ? "" : " dilated " + dilation)
        + (padding.equals(Padding.NONE) ? "" : " pad " + padding);
  }
}
