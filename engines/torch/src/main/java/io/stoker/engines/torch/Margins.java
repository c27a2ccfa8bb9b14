// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Window;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The padding of a sliding window. libtorch's operations pad both sides alike, and those of pooling
 * at most half of the kernel; other padding is a copy of the image with margins.
 */
final class Margins {
  private final long[] inside;
  private final Padding around;

  private Margins(long[] inside, Padding around) {
    this.inside = inside;
    this.around = around;
  }

  /**
   * The padding of a window.
   *
   * @param largest the largest padding that the operation takes
   */
  static Margins of(Window window, int largest) {
    Padding padding = window.padding();
    boolean taken =
        padding.top() == padding.bottom()
            && padding.left() == padding.right()
            && padding.largest() <= largest;
    return taken
        ? new Margins(new long[] {padding.top(), padding.left()}, Padding.NONE)
        : new Margins(new long[2], padding);
  }

  /** The padding that the operation itself adds: rows, columns. */
  long[] inside() {
    return inside;
  }

  /** The image with its margins. */
  Tensor add(Tensor image, double value) {
    if (around.equals(Padding.NONE)) {
      return image;
    }
    long[] sides = {around.left(), around.right(), around.top(), around.bottom()};
    return NetworkMemory.channelsLast(torch.constant_pad_nd(image, sides, new Scalar(value)));
  }

  /** Cuts off the margins. */
  Tensor remove(Tensor image) {
    if (around.equals(Padding.NONE)) {
      return image;
    }
    long height = image.size(2) - around.top() - around.bottom();
    long width = image.size(3) - around.left() - around.right();
    return NetworkMemory.channelsLast(
        image.narrow(2, around.top(), height).narrow(3, around.left(), width));
  }
}
