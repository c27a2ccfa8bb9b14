// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import java.io.Serializable;
import java.util.List;

/**
 * The result of classifying many images. Each entry of the input is in exactly one of three counts:
 * classified, unreadable, ignored.
 *
 * @param output the folder of Parquet files
 * @param images how many rows it has
 * @param unreadable how many of them are of images that could not be read
 * @param examples the first few of these
 * @param ignored how many entries of the input are no images by their names, hidden, or no regular
 *     files
 * @param parametersSha256 of the network
 * @param seconds the wall clock of the whole job
 */
public record BulkPredictResult(
    String output,
    long images,
    long unreadable,
    List<Unreadable> examples,
    long ignored,
    String parametersSha256,
    double seconds) {
  /** An image that could not be read, and why. */
  public record Unreadable(String path, String error) implements Serializable {}

  public BulkPredictResult {
    examples = List.copyOf(examples);
  }

  /** How many entries the input has, in folders at any depth; of shards, how many samples. */
  public long found() {
    return images + ignored;
  }

  /** Images by the wall clock. */
  public double imagesPerSecond() {
    return images / seconds;
  }
}
