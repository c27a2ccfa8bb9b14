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
 */
@SuppressWarnings("ArrayRecordComponent") // It is written once and dropped.
public record ShardSample(long sampleId, int label, String path, ImageShape shape, byte[] image) {}
