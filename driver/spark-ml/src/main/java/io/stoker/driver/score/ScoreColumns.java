// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.types.StructField;

/** What scoring adds to a row. */
public interface ScoreColumns extends Serializable {
  /** The columns. */
  List<StructField> fields();

  /**
   * Their values for an image.
   *
   * @param probabilities holds those of the image's classes
   * @param offset where they start
   */
  Object[] values(float[] probabilities, int offset);

  /**
   * Their values for an image that could not be read.
   *
   * @param reason what is wrong with it
   */
  Object[] unreadable(String reason);
}
