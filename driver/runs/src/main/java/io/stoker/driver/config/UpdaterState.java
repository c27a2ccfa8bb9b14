// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How the workers' momentum is carried to the next round. */
public enum UpdaterState {
  /** It is averaged as the parameters are, and the next round begins with the mean. */
  @JsonProperty("average")
  AVERAGE,
  /** Every round begins with zero; half as many bytes travel. */
  @JsonProperty("reset")
  RESET
}
