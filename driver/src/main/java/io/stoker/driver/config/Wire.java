package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a worker's values travel as to where they are averaged. */
public enum Wire {
  /** As they are: four bytes a value. */
  @JsonProperty("fp32")
  FP32,
  /** As what has changed in the round, in half precision: two bytes a value. */
  @JsonProperty("fp16")
  FP16,
  /** As what has changed in the round, in a byte a value and a scale for each 256. */
  @JsonProperty("int8")
  INT8
}
