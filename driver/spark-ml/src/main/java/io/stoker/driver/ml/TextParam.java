// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.driver.spark.Scala;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import scala.Function1;

/**
 * A param whose value is text. Spark Connect converts the values that a client sends to the class
 * that a param names, which a {@code Param} that is made in Java does not.
 */
public final class TextParam extends Param<String> {
  private static final long serialVersionUID = 1L;

  TextParam(Params parent, String name, String doc) {
    this(parent, name, doc, Scala.predicate(value -> true));
  }

  TextParam(Params parent, String name, String doc, Function1<String, Object> isValid) {
    super(parent, name, doc, isValid);
  }

  /** The class of the values; Spark has this method from Spark 4 on. */
  @SuppressWarnings("MissingOverride")
  public Class<String> dataClass() {
    return String.class;
  }
}
