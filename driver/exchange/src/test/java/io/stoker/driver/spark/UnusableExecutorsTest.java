// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What users read of executors none of which can start. */
class UnusableExecutorsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Unable to register with external shuffle server due to : Failed to connect to /10.0.0.7:7337"
            + "|server: Failed to connect to /10.0.0.7:7337; start Spark's external shuffle service",
        "Java heap space|Java heap space; the executors' logs say more"
      })
  void theLineHasSparksReasonAndARemedy(String why, String said) {
    assertThat(UnusableExecutors.explain(why + "\nat org.apache.spark.Some.method"))
        .startsWith("Executors cannot start: ")
        .contains(said)
        .doesNotContain("\n");
  }
}
