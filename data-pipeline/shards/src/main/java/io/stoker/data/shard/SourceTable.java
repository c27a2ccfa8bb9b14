// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.failure.Check;

/**
 * The table that a data set was made of, at one of its versions.
 *
 * @param name of the table, in a catalog of Spark's, or the URI of its folder
 * @param format such as {@code delta}, {@code iceberg} or {@code parquet}
 * @param version Delta's version, or Iceberg's snapshot; empty for a format that has none
 */
public record SourceTable(String name, String format, String version) {
  public SourceTable {
    Check.undamaged(name != null && format != null && version != null, "A table has a null field");
  }

  @Override
  public String toString() {
    return "%s (%s%s)".formatted(name, format, version.isEmpty() ? "" : " version " + version);
  }
}
