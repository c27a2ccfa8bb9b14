// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SupportedRuntimeTest {
  @Test
  void theBuildRunsOnWhatItsTestsRunOn() {
    assertThatCode(SupportedRuntime::check).doesNotThrowAnyException();
  }

  @Test
  void vendorsAddToTheVersionOfTheirSpark() {
    boolean old = SparkLine.SCALA.equals("2.12");

    assertThatCode(
            () ->
                SupportedRuntime.check(
                    21, old ? "3.5.6-amzn-1" : "4.1.0.dev", old ? "2.12.17" : "2.13.16"))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "3.4.4, 2.12.17",
    "3.5.9, 2.13.8",
    "4.0.1, 2.13.16",
    "4.2.0, 2.12.18",
    "4.4.0, 2.13.18",
    "4.10.0, 2.13.18",
    "5.0.0, 3.3.1"
  })
  void otherLinesOfSparkAndScalaAreRefusedByName(String spark, String scala) {
    assertThatThrownBy(() -> SupportedRuntime.check(17, spark, scala))
        .isInstanceOf(ResourceException.class)
        .hasMessageStartingWith("This is Spark " + spark + " with Scala " + scala + ", and this")
        .hasMessageContaining("runs on Spark " + SparkLine.SPARK + " with Scala " + SparkLine.SCALA)
        .hasMessageContainingAll("stoker_3.5_2.12", "stoker_4_2.13");
  }

  @ParameterizedTest
  @CsvSource({"8", "11", "20", "25"})
  void otherVersionsOfJavaAreRefusedByName(int java) {
    assertThatThrownBy(() -> SupportedRuntime.check(java, "3.5.9", "2.12.18"))
        .isInstanceOf(ResourceException.class)
        .hasMessage(
            "This is Java %d, and Stoker runs on Java 17 and 21; set JAVA_HOME to one of them",
            java);
  }
}
