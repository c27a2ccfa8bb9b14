// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

/**
 * Where and how one network computes.
 *
 * @param gpu the number of the GPU, or {@link #PROCESSOR}
 * @param products the number format of products
 * @param rowMajorPooling whether the gradient of maximum pooling is computed with channels that lie
 *     one after the other. On a GPU, libtorch's gradient of maximum pooling adds in an order that
 *     changes from run to run if the channels of a pixel are next to each other, and not in this
 *     order
 * @param copiesAhead whether images are copied to where the network computes, through two buffers
 *     that take turns. On a GPU, the images of a step are copied while the step before computes
 */
record Settings(int gpu, Products products, boolean rowMajorPooling, boolean copiesAhead) {
  /** The number of the processor, in place of a GPU's. */
  static final int PROCESSOR = -1;

  /** Settings for a place, with the same bits in each run. */
  static Settings on(int gpu, Products products) {
    return new Settings(gpu, products, gpu != PROCESSOR, gpu != PROCESSOR);
  }

  boolean onGpu() {
    return gpu != PROCESSOR;
  }
}
