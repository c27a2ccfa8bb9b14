// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.stoker.worker", importOptions = ImportOption.DoNotIncludeTests.class)
class ModuleRulesTest {
  @ArchTest
  static final ArchRule SPARK_STAYS_IN_RUNTIME =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.stoker.worker.runtime..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.spark..");

  @ArchTest
  static final ArchRule NO_ENGINE_IS_NAMED =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.nd4j..",
              "org.deeplearning4j..",
              "org.bytedeco..",
              "io.stoker.models.dl4j..",
              "io.stoker.models.onednn..");

  @ArchTest
  static final ArchRule NOTHING_REACHES_FORWARD =
      noClasses().should().dependOnClassesThat().resideInAPackage("io.stoker.driver..");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("io.stoker.worker.(*)..").should().beFreeOfCycles();
}
