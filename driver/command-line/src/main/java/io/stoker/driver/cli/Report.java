// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The result of a command, as text and as JSON.
 *
 * @param text lines for people, each ended by a newline
 * @param json one object for scripts
 * @param exitCode 0, unless what was found is a failure
 */
record Report(String text, ObjectNode json, int exitCode) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  /** Of a command that succeeded. */
  Report(String text, ObjectNode json) {
    this(text, json, 0);
  }

  /**
   * A record's components as a JSON object; {@code imagesPerSecond} becomes {@code
   * images_per_second}.
   */
  static ObjectNode object(Object components) {
    return MAPPER.valueToTree(components);
  }

  /** An empty JSON object. */
  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }
}
