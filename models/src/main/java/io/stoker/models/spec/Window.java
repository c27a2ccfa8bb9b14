package io.stoker.models.spec;

import io.stoker.failure.Check;

/** The sliding window of convolutions and pooling. */
final class Window {
  private static final int MAXIMUM = 1024;

  private Window() {}

  static void check(int kernel, int stride, int padding) {
    Check.input(
        kernel >= 1 && kernel <= MAXIMUM,
        "Invalid kernel: %d (must be between 1 and %d)",
        kernel,
        MAXIMUM);
    Check.input(
        stride >= 1 && stride <= MAXIMUM,
        "Invalid stride: %d (must be between 1 and %d)",
        stride,
        MAXIMUM);
    Check.input(
        padding >= 0 && padding <= MAXIMUM,
        "Invalid padding: %d (must be between 0 and %d)",
        padding,
        MAXIMUM);
  }

  static int outputSize(String layer, int size, int kernel, int stride, int padding) {
    int padded = size + 2 * padding;
    Check.input(
        padded >= kernel,
        "Invalid input of %s: its %d pixels with padding are fewer than the kernel's %d",
        layer,
        padded,
        kernel);
    return (padded - kernel) / stride + 1;
  }

  static String label(int kernel, int stride, int padding) {
    return kernel
        + "x"
        + kernel
        + (stride == 1 ? "" : " / " + stride)
        + (padding == 0 ? "" : " pad " + padding);
  }
}
