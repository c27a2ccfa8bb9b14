// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SupportedRuntimeTest {
  private static final Runtime.Version JAVA_17 = Runtime.Version.parse("17.0.15");

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
                    Runtime.Version.parse("21"),
                    old ? "3.5.6-amzn-1" : "4.1.0.dev",
                    old ? "2.12.17" : "2.13.16"))
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
    assertThatThrownBy(() -> SupportedRuntime.check(JAVA_17, spark, scala))
        .isInstanceOf(ResourceException.class)
        .hasMessageStartingWith("This is Spark " + spark + " with Scala " + scala + ", and this")
        .hasMessageContaining("runs on Spark " + SparkLine.SPARK + " with Scala " + SparkLine.SCALA)
        .hasMessageContainingAll("stoker_3.5_2.12", "stoker_4_2.13");
  }

  @ParameterizedTest
  @CsvSource({"8", "11", "20", "22.0.1", "25", "25.0.2+10-LTS", "26"})
  void otherVersionsOfJavaAreRefusedByName(String version) {
    Runtime.Version java = Runtime.Version.parse(version);

    assertThatThrownBy(() -> SupportedRuntime.check(java, "3.5.9", "2.12.18"))
        .isInstanceOf(ResourceException.class)
        .hasMessage(
            "This is Java %s, and Stoker for Spark %s runs on Java %s; set JAVA_HOME to one of"
                + " them",
            version.replaceAll("[+].*", ""), SparkLine.NAME, SparkLine.JAVA);
  }

  @ParameterizedTest
  @CsvSource({
    "17, true, true",
    "17.0.15+6-Debian-1deb12u1, true, true",
    "21.0.8+9-LTS, true, true",
    "25.0.3+9-LTS, false, true",
    "25.1, false, true"
  })
  void eachLineOfSparkHasItsVersionsOfJava(String version, boolean on35, boolean on4) {
    assertThat(SupportedRuntime.runsOn(Runtime.Version.parse(version)))
        .isEqualTo(SparkLine.NAME.equals("3.5") ? on35 : on4);
  }
}
