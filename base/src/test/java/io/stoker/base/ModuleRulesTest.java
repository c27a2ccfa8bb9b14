// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = {"io.stoker.base", "io.stoker.failure"},
    importOptions = ImportOption.DoNotIncludeTests.class)
class ModuleRulesTest {
  @ArchTest
  static final ArchRule theBaseNeedsJavaOnly =
      classes()
          .that()
          .resideOutsideOfPackages(
              "io.stoker.base.json..", "io.stoker.base.yaml..", "io.stoker.base.library..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "io.stoker.base..",
              "io.stoker.failure..",
              "com.google.errorprone.annotations..");

  @ArchTest
  static final ArchRule itsJsonNeedsJacksonToo =
      classes()
          .that()
          .resideInAPackage("io.stoker.base.json..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..", "io.stoker.base..", "io.stoker.failure..", "com.fasterxml.jackson..");

  @ArchTest
  static final ArchRule itsYamlNeedsJacksonAndSnakeYamlToo =
      classes()
          .that()
          .resideInAPackage("io.stoker.base.yaml..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "io.stoker.base..",
              "io.stoker.failure..",
              "com.fasterxml.jackson..",
              "org.yaml.snakeyaml..");

  @ArchTest
  static final ArchRule itsNativeLibrariesNeedALogToo =
      classes()
          .that()
          .resideInAPackage("io.stoker.base.library..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("java..", "io.stoker.base..", "io.stoker.failure..", "org.slf4j..");

  @ArchTest
  static final ArchRule failuresNeedNothingOfTheBase =
      noClasses()
          .that()
          .resideInAPackage("io.stoker.failure..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.stoker.base..");
}
