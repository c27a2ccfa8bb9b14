// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.data.image.ImageShape;

/**
 * One row of a shard.
 *
 * @param sampleId stable identity: equal for the same input whatever else the input holds
 * @param label index into the class names
 * @param path where the image came from, relative to the input
 * @param shape of the image
 * @param image the encoded image; owned by this record
 * @param weight how much it counts in the loss; written to shards that have the column
 */
@SuppressWarnings("ArrayRecordComponent") // It is written once and dropped.
public record ShardSample(
    long sampleId, int label, String path, ImageShape shape, byte[] image, float weight) {
  /** A sample that counts as any other. */
  public ShardSample(long sampleId, int label, String path, ImageShape shape, byte[] image) {
    this(sampleId, label, path, shape, image, 1);
  }
}
