// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import java.util.Collection;
import java.util.Optional;

/**
 * The columns of a Parquet table that the user names.
 *
 * @param image holds the image; empty to find it
 * @param label holds the class; empty to find it
 * @param split holds the split; empty for none: then the names of the files say it, or nothing does
 * @param weight says how much a sample counts in the loss; empty if all count the same
 */
public record TableColumns(String image, String label, String split, String weight) {
  /** Columns that are all to be found. */
  public static final TableColumns FOUND = new TableColumns("", "", "");

  /**
   * What to warn of: a column that seems to hold splits, and is not used because none is named.
   *
   * @param names of the table's columns
   */
  public Optional<String> unusedSplit(Collection<String> names) {
    return split.isEmpty() && names.contains("split")
        ? Optional.of("The column split is not used (--split-column split takes splits from it)")
        : Optional.empty();
  }

  /** Columns of samples that count the same. */
  public TableColumns(String image, String label, String split) {
    this(image, label, split, "");
  }
}
