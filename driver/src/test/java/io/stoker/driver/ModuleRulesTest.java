package io.stoker.driver;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.stoker.driver", importOptions = ImportOption.DoNotIncludeTests.class)
class ModuleRulesTest {
  @ArchTest
  static final ArchRule NO_ENGINE_IS_NAMED =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.stoker.driver.cli..", "io.stoker.driver.dl4j..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.stoker.models.dl4j..", "io.stoker.models.onednn..");

  @ArchTest
  static final ArchRule NO_NATIVE_LIBRARY_IS_NAMED =
      noClasses().should().dependOnClassesThat().resideInAnyPackage("org.bytedeco..");

  @ArchTest
  static final ArchRule DEEPLEARNING4J_IS_FOR_PROGRAMS_OF_ITS_USERS =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.stoker.driver.dl4j..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.nd4j..", "org.deeplearning4j..", "org.datavec..");

  @ArchTest
  static final ArchRule THE_COMMAND_LINE_IS_NEEDED_BY_NOTHING =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.stoker.driver.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.stoker.driver.cli..", "picocli..", "me.tongfei..");

  @ArchTest
  static final ArchRule CONFIG_AND_METRICS_KNOW_NO_SPARK =
      noClasses()
          .that()
          .resideInAnyPackage("io.stoker.driver.config..", "io.stoker.driver.metrics..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.spark..");

  @ArchTest
  static final ArchRule SPARK_ML_IS_FOR_PROGRAMS_OF_ONES_OWN =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.stoker.driver.ml..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.spark.ml..", "org.apache.spark.mllib..");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("io.stoker.driver.(*)..").should().beFreeOfCycles();
}
