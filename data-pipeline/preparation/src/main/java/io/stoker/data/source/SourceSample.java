// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import java.util.Objects;

/**
 * One sample of a collection.
 *
 * @param path where it is, relative to the input and with {@code /} between names; unique, and the
 *     sample's identity: the same path means the same sample whenever the collection is read
 * @param label index into the class names
 * @param image the image, or why there is none
 */
public record SourceSample(String path, int label, SourceImage image) {
  public SourceSample {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(image, "image");
  }
}
