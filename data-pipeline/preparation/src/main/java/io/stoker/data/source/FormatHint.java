// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Finds the format that a user probably meant, by the names of files. */
final class FormatHint {
  private static final Map<String, Pattern> FORMATS = new LinkedHashMap<>();

  static {
    put("idx", ".+[-.]idx[13]-ubyte(\\.gz)?");
    put("cifar", "(data_batch_\\d+|train)\\.bin");
    put(ImageSources.PARQUET, ".+\\.parquet");
    put("tar", ".+\\.(tar|tgz|tar\\.gz)");
    put("csv", ".+\\.(csv|tsv)");
  }

  private FormatHint() {}

  private static void put(String format, String names) {
    FORMATS.put(format, Pattern.compile(names, Pattern.CASE_INSENSITIVE));
  }

  /**
   * The end of a message about an input that is not of the format that was asked for.
   *
   * @param names of the files that are there
   * @return empty if no format is known by these names
   */
  static String of(Collection<String> names) {
    return FORMATS.entrySet().stream()
        .flatMap(
            format ->
                names.stream()
                    .filter(name -> format.getValue().matcher(name).matches())
                    .map(
                        name ->
                            "; for %s say --format %s"
                                .formatted(Inputs.shown(name), format.getKey())))
        .findFirst()
        .orElse("");
  }
}
