// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.driver.spark.Scala;
import io.stoker.failure.Check;
import java.util.Arrays;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import scala.Function1;

/** Rules for values of params that Spark ML's own validators do not have. */
final class ParamRules {
  /** As Spark's classifiers have it: none is below 0, and at most one is 0. */
  static final Function1<double[], Object> THRESHOLDS =
      Scala.predicate(
          values ->
              Arrays.stream(values).allMatch(value -> value >= 0)
                  && Arrays.stream(values).filter(value -> value == 0).count() <= 1);

  private ParamRules() {}

  /** Whether a param that names something was given a name. */
  static boolean isGiven(Params params, Param<String> param) {
    return params.isDefined(param) && !params.getOrDefault(param).isBlank();
  }

  /**
   * The value of a param that has another name too.
   *
   * @param main has a default
   * @param other has none
   * @throws io.stoker.failure.InputException if both are set, to different values
   */
  static String either(Params params, Param<String> main, Param<String> other) {
    if (!params.isSet(other)) {
      return params.getOrDefault(main);
    }
    String value = params.getOrDefault(other);
    Check.input(
        !params.isSet(main) || params.getOrDefault(main).equals(value),
        "Invalid columns: %s is '%s', and %s, which is the same, is '%s' (set one of them)",
        main.name(),
        params.getOrDefault(main),
        other.name(),
        value);
    return value;
  }
}
