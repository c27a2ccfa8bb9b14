// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.apache.spark.broadcast.Broadcast;

@AnalyzeClasses(
    packages = "io.stoker.integrations.dl4jspark",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ModuleRulesTest {
  /** See {@link io.stoker.data.pack.Broadcasts}. */
  @ArchTest
  static final ArchRule noRoundEndsWhileSparkStillDeletesWhatItSent =
      noClasses().should().callMethod(Broadcast.class, "destroy");

  @ArchTest
  static final ArchRule ofTheDriverOnlyWhatAveragesAndTheBaselinesInterface =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.stoker.driver.checkpoint..",
              "io.stoker.driver.cli..",
              "io.stoker.driver.evaluate..",
              "io.stoker.driver.order..",
              "io.stoker.driver.report..",
              "io.stoker.driver.round..",
              "io.stoker.driver.run..",
              "io.stoker.driver.transfer..",
              "picocli..");
}
