// SPDX-License-Identifier: Apache-2.0
package io.stoker.data;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.apache.spark.broadcast.Broadcast;

@AnalyzeClasses(
    packages = "io.stoker.data",
    importOptions = {
      ImportOption.DoNotIncludeTests.class,
      ModuleRulesTest.DoNotIncludeTestJars.class
    })
class ModuleRulesTest {
  /** The tests of other modules, which Maven packages before these rules are checked. */
  static final class DoNotIncludeTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  @ArchTest
  static final ArchRule sparkOnlyWhereImagesAreRowsOrJobsRun =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.stoker.data.pack..", "io.stoker.data.frame..")
          .should()
          .dependOnClassesThat(resideInAnyPackage("org.apache.spark..", "scala.."));

  /** See {@link io.stoker.data.pack.Broadcasts}. */
  @ArchTest
  static final ArchRule noJobEndsWhileSparkStillDeletesWhatItSent =
      noClasses().should().callMethod(Broadcast.class, "destroy");

  @ArchTest
  static final ArchRule onlyTheBaseOfOtherModules =
      noClasses()
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.stoker..")
                  .and(
                      not(
                          resideInAnyPackage(
                              "io.stoker.data..", "io.stoker.base..", "io.stoker.failure.."))));

  @ArchTest
  static final ArchRule noTensors =
      noClasses()
          .should()
          .dependOnClassesThat(resideInAnyPackage("org.nd4j..", "org.deeplearning4j.."));

  @ArchTest
  static final ArchRule nativeLibrariesInOneClass =
      noClasses()
          .that()
          .haveNameNotMatching("io\\.stoker\\.data\\.image\\.JpegTurbo(\\$.*)?")
          .should()
          .dependOnClassesThat(resideInAnyPackage("org.bytedeco.."));

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("io.stoker.data.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule followTheDatasWay =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("image")
          .definedBy("io.stoker.data.image..")
          .layer("source")
          .definedBy("io.stoker.data.source..")
          .layer("shard")
          .definedBy("io.stoker.data.shard..")
          .layer("frame")
          .definedBy("io.stoker.data.frame..")
          .layer("pack")
          .definedBy("io.stoker.data.pack..")
          .layer("plan")
          .definedBy("io.stoker.data.plan..")
          .layer("block")
          .definedBy("io.stoker.data.block..")
          .layer("augment")
          .definedBy("io.stoker.data.augment..")
          .layer("batch")
          .definedBy("io.stoker.data.batch..")
          .whereLayer("source")
          .mayOnlyBeAccessedByLayers("frame", "pack")
          .whereLayer("shard")
          .mayOnlyBeAccessedByLayers("frame", "pack", "block", "batch", "augment")
          .whereLayer("frame")
          .mayOnlyBeAccessedByLayers("pack")
          .whereLayer("pack")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("block")
          .mayOnlyBeAccessedByLayers("batch")
          .whereLayer("augment")
          .mayOnlyBeAccessedByLayers("batch")
          .whereLayer("batch")
          .mayNotBeAccessedByAnyLayer();
}
