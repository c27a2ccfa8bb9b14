// SPDX-License-Identifier: Apache-2.0
package io.stoker.models;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * Who may know whom among the packages of models and engines, and of the libraries beneath them.
 */
@AnalyzeClasses(
    packages = "io.stoker.models",
    importOptions = {DoNotIncludeTests.class, ArchitectureTest.DoNotIncludeTestJars.class})
class ArchitectureTest {
  /** The tests of other modules, which Maven packages before these rules are checked. */
  static final class DoNotIncludeTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  private static final String BASE = "io.stoker.base..";
  private static final String FAILURE = "io.stoker.failure..";
  private static final String SPEC = "io.stoker.models.spec..";
  private static final String ZOO = "io.stoker.models.zoo..";
  private static final String ENGINE = "io.stoker.models.engine..";
  private static final String DL4J = "io.stoker.models.dl4j..";
  private static final String ONEDNN = "io.stoker.models.onednn..";
  private static final String FILE = "io.stoker.models.file..";
  private static final String INTERCHANGE = "io.stoker.models.interchange..";
  private static final String ONNX = "io.stoker.models.onnx..";
  private static final String SAFETENSORS = "io.stoker.models.safetensors..";

  @ArchTest
  static final ArchRule deeplearning4jIsKnownToItsEngineAndTheFileOnly =
      noClasses()
          .that(resideOutsideOfPackages(DL4J, FILE, ONNX))
          .should()
          .dependOnClassesThat(resideInAnyPackage("org.deeplearning4j..", "org.nd4j.."));

  /** ND4J's jar has ONNX's messages, and the protobuf that they were generated for. */
  @ArchTest
  static final ArchRule onnxUsesTheProtobufOfNd4jAndNothingElseOfIt =
      noClasses()
          .that(resideInAnyPackage(ONNX))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("org.deeplearning4j..", "org.nd4j..")
                  .and(resideOutsideOfPackages("org.nd4j.shade.protobuf..")));

  @ArchTest
  static final ArchRule onnxMessagesAreKnownToTheirFormatOnly =
      noClasses()
          .that(resideOutsideOfPackages(ONNX))
          .should()
          .dependOnClassesThat(resideInAnyPackage("onnx.."));

  @ArchTest
  static final ArchRule nativePointersAreKnownToTheEnginesOnly =
      noClasses()
          .that(resideOutsideOfPackages(DL4J, ONEDNN))
          .should()
          .dependOnClassesThat(resideInAnyPackage("org.bytedeco.."));

  @ArchTest
  static final ArchRule oneDnnIsKnownToItsEngineOnly =
      noClasses()
          .that(resideOutsideOfPackages(ONEDNN))
          .should()
          .dependOnClassesThat(resideInAnyPackage("org.bytedeco.dnnl.."));

  @ArchTest
  static final ArchRule thereIsNoSparkAndNoHadoop =
      noClasses()
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "scala.."));

  @ArchTest
  static final ArchRule specDependsOnTheBaseOnly = dependsOnNothingOfOursBut(SPEC, BASE, FAILURE);

  @ArchTest
  static final ArchRule theZooIsMadeOfSpecs = dependsOnNothingOfOursBut(ZOO, SPEC, BASE, FAILURE);

  @ArchTest
  static final ArchRule theEngineInterfaceKnowsNoEngine =
      dependsOnNothingOfOursBut(ENGINE, SPEC, BASE, FAILURE);

  @ArchTest
  static final ArchRule enginesDoNotKnowEachOther =
      dependsOnNothingOfOursBut(DL4J, ENGINE, SPEC, BASE, FAILURE);

  @ArchTest
  static final ArchRule theCpuEngineKnowsNoOther =
      dependsOnNothingOfOursBut(ONEDNN, ENGINE, SPEC, BASE, FAILURE);

  @ArchTest
  static final ArchRule memoryPrimitivesRulesAndLayersOfTheCpuEngineUseEachOtherOneWay =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("engine")
          .definedBy("io.stoker.models.onednn")
          .layer("layers")
          .definedBy("io.stoker.models.onednn.layers")
          .layer("rules")
          .definedBy("io.stoker.models.onednn.rules")
          .layer("primitives")
          .definedBy("io.stoker.models.onednn.primitives")
          .layer("memory")
          .definedBy("io.stoker.models.onednn.memory")
          .whereLayer("engine")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("layers")
          .mayOnlyBeAccessedByLayers("engine")
          .whereLayer("rules")
          .mayOnlyBeAccessedByLayers("engine", "layers")
          .whereLayer("primitives")
          .mayOnlyBeAccessedByLayers("engine", "layers");

  @ArchTest
  static final ArchRule modelFilesNeedNoEngineButTheConfiguration =
      dependsOnNothingOfOursBut(FILE, DL4J, ENGINE, SPEC, BASE, FAILURE);

  @ArchTest
  static final ArchRule formatsOfOtherProgramsAreMappedToSpecs =
      dependsOnNothingOfOursBut(INTERCHANGE, FILE, ZOO, SPEC, BASE, FAILURE);

  @ArchTest
  static final ArchRule onnxKnowsNoEngine =
      dependsOnNothingOfOursBut(ONNX, INTERCHANGE, FILE, SPEC, BASE, FAILURE);

  @ArchTest
  static final ArchRule safetensorsKnowNoEngine =
      dependsOnNothingOfOursBut(SAFETENSORS, INTERCHANGE, FILE, SPEC, BASE, FAILURE);

  @ArchTest
  static final ArchRule nothingDeserializesJavaObjects =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.io.ObjectInputStream");

  private static ArchRule dependsOnNothingOfOursBut(String own, String... others) {
    String[] allowed = new String[others.length + 1];
    System.arraycopy(others, 0, allowed, 0, others.length);
    allowed[others.length] = own;
    return classes()
        .that(resideInAnyPackage(own))
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(allowed).or(resideOutsideOfPackages("io.stoker..")));
  }
}
