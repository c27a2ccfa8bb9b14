package io.stoker.models.spec;

import io.stoker.base.Division;
import io.stoker.failure.Check;

/**
 * The sliding window of convolutions and pooling.
 *
 * @param kernel rows and columns that it takes
 * @param stride pixels that it moves on, down and to the right
 * @param dilation pixels between one row (column) that it takes and the next
 * @param padding zeros around the image
 */
public record Window(int kernel, int stride, int dilation, Padding padding) {
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

  /** A window that moves on by one pixel over an image without padding. */
  public static Window of(int kernel) {
    return new Window(kernel, 1, 1, Padding.NONE);
  }

  /** The same window, moved on by so many pixels. */
  public Window by(int stride) {
    return new Window(kernel, stride, dilation, padding);
  }

  /** The same window over an image with so many zeros on each side. */
  public Window padded(int side) {
    return new Window(kernel, stride, dilation, Padding.of(side));
  }

  /** The same window over an image with the least zeros that give it a place for every stride. */
  public Window covering(Shape input) {
    return new Window(kernel, stride, dilation, paddingToCover(input));
  }

  /** How many rows and columns of the image the window spans. */
  public int span() {
    return (kernel - 1) * dilation + 1;
  }

  /**
   * The shape of what one window a place makes of an image.
   *
   * @param layer who asks, for the error
   * @param input the image
   * @param channels channels behind it
   */
  Shape over(String layer, Shape input, int channels) {
    return new Shape(
        places(layer, input.height() + padding.top() + padding.bottom()),
        places(layer, input.width() + padding.left() + padding.right()),
        channels);
  }

  /** The least padding with which the window has a place for every stride of the image. */
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
