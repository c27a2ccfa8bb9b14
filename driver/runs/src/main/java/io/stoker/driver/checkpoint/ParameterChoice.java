// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

/** Which parameters of a model file are used to predict. */
public enum ParameterChoice {
  /** The moving average over the steps of training where the file has one, else the last ones. */
  BEST,
  /** The moving average over the steps of training ({@code train --ema}). */
  EMA,
  /** The parameters after the last step, with which training goes on. */
  LAST
}
