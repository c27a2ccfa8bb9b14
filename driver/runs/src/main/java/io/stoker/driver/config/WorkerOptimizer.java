// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

/** How a worker's step follows from the gradient. */
public enum WorkerOptimizer {
  /** Stochastic gradient descent, with momentum or without. */
  SGD,
  /** Adam with decoupled weight decay; see {@link io.stoker.models.engine.StepSettings.Adam}. */
  ADAMW
}
