// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

/** How a batch holds its images. */
public enum ImageForm {
  /** fp32, normalised: {@link ImageBatch#images()}. */
  NORMALIZED,

  /**
   * uint8 with the table of the normalisation: {@link ImageBatch#pixels()}. For networks that
   * normalise where they compute. Mixed images are no bytes, so a batch of them is normalised.
   */
  BYTES
}
