// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import java.io.Serializable;
import java.util.Objects;

/**
 * An image with its class, as a row of an RDD.
 *
 * @param path where it came from: the sample's identity, and recorded in the shards; empty if there
 *     is none, and then the image's content is its identity
 * @param className its class; empty if it has none, and then it is rejected
 * @param split such as {@code train}; empty if the rows have no splits
 * @param image the bytes of an image file, pixels, or why there are none
 * @param weight how much it counts in the loss; NaN if it has none although others may, and then it
 *     is rejected
 */
public record LabelledImage(
    String path, String className, String split, SourceImage image, float weight)
    implements Serializable {
  public LabelledImage {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(className, "className");
    Objects.requireNonNull(split, "split");
    Objects.requireNonNull(image, "image");
  }

  /** An image that counts as any other. */
  public LabelledImage(String path, String className, String split, SourceImage image) {
    this(path, className, split, image, 1);
  }

  /**
   * An image file of a collection without splits.
   *
   * @param path where it came from
   * @param className its class
   * @param file its bytes; not copied
   */
  public static LabelledImage of(String path, String className, byte[] file) {
    return new LabelledImage(path, className, "", new SourceImage.Encoded(file));
  }
}
