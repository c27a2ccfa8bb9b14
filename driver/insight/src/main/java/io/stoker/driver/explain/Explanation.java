// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import io.stoker.data.image.Pixels;
import io.stoker.driver.evaluate.Prediction;

/**
 * Why a network says what it says of an image. The maps are for the most probable class, see {@link
 * Saliency}; they own their arrays.
 *
 * @param prediction the most probable classes
 * @param image as the network takes it
 * @param gradCam {@code [height, width]}
 * @param occlusion {@code [height, width]}
 * @param inputGradient {@code [height, width]}
 */
@SuppressWarnings("ArrayRecordComponent") // No code changes the arrays.
public record Explanation(
    Prediction prediction,
    Pixels image,
    float[] gradCam,
    float[] occlusion,
    float[] inputGradient) {}
