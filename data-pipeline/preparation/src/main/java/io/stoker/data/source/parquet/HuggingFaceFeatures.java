// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What Hugging Face's {@code datasets} writes about the columns of a Parquet file, in the key
 * {@code huggingface} of its metadata: {@code {"info": {"features": {NAME: {"_type": ...}}}}}.
 *
 * @param images the columns of the type {@code Image}
 * @param classNames of the columns of the type {@code ClassLabel}, the names of their classes
 */
record HuggingFaceFeatures(List<String> images, Map<String, List<String>> classNames) {
  private static final String KEY = "huggingface";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** The features of a file; none if it says nothing about them, or nothing that is understood. */
  static HuggingFaceFeatures of(Map<String, String> metadata) {
    List<String> images = new ArrayList<>();
    Map<String, List<String>> classNames = new LinkedHashMap<>();
    try {
      JsonNode features = JSON.readTree(metadata.getOrDefault(KEY, "{}")).at("/info/features");
      features
          .properties()
          .forEach(
              feature -> {
                String type = feature.getValue().path("_type").asText();
                if (type.equals("Image")) {
                  images.add(feature.getKey());
                } else if (type.equals("ClassLabel")) {
                  List<String> names = new ArrayList<>();
                  feature.getValue().path("names").forEach(name -> names.add(name.asText()));
                  classNames.put(feature.getKey(), List.copyOf(names));
                }
              });
    } catch (JsonProcessingException e) { // Then the columns speak for themselves.
      return new HuggingFaceFeatures(List.of(), Map.of());
    }
    return new HuggingFaceFeatures(List.copyOf(images), classNames);
  }
}
