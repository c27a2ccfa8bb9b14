// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.augment.Distortion;
import io.stoker.data.augment.PixelChange;
import io.stoker.data.image.ImageShape;
import java.io.Serializable;

/**
 * Images as a distortion makes them.
 *
 * @param distortion which
 * @param level how strong, in its units
 * @param seed of what is left to chance
 */
public record Distorted(Distortion distortion, double level, long seed) implements Serializable {
  PixelChange of(ImageShape images) {
    return distortion.at(level, images, seed);
  }
}
