// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The number format in which a worker's values travel to where they are averaged. */
public enum Wire {
  /** The values themselves, in single precision: four bytes a value. */
  @JsonProperty("fp32")
  FP32,
  /** The change of each value in the round, in half precision: two bytes a value. */
  @JsonProperty("fp16")
  FP16,
  /** The change of each value in the round: a byte a value, and a scale for each 256 values. */
  @JsonProperty("int8")
  INT8
}
