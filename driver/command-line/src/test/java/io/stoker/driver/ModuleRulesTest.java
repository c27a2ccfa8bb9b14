// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.File;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.Timer;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.storage.StorageLevel;
import scala.Function1;
import scala.Option;
import scala.Tuple2;

@AnalyzeClasses(
    packages = "io.stoker.driver",
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

  private static final String[] FOUND_BY_SERVICE_LOADER = {
    "io.stoker.driver.bench..", "io.stoker.driver.tensorboard..", "io.stoker.driver.mlflow.."
  };

  @ArchTest
  static final ArchRule NO_ENGINE_IS_NAMED =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.stoker.driver.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.stoker.models.dl4j..", "io.stoker.models.onednn..");

  @ArchTest
  static final ArchRule NO_NATIVE_LIBRARY_IS_NAMED =
      noClasses().should().dependOnClassesThat().resideInAnyPackage("org.bytedeco..");

  @ArchTest
  static final ArchRule NO_TYPE_OF_DEEPLEARNING4J_IS_NAMED =
      noClasses()
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
          .resideInAnyPackage("io.stoker.driver.cli..", "me.tongfei..");

  @ArchTest
  static final ArchRule ONLY_COMMANDS_READ_ARGUMENTS =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "io.stoker.driver.cli..",
              "io.stoker.driver.command..",
              "io.stoker.driver.bench.command..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("picocli..");

  /** {@link java.util.ServiceLoader} finds them. */
  @ArchTest
  static final ArchRule BENCHMARKS_AND_TRACKERS_ARE_NEEDED_BY_NOTHING =
      noClasses()
          .that()
          .resideOutsideOfPackages(FOUND_BY_SERVICE_LOADER)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(FOUND_BY_SERVICE_LOADER);

  /** See {@link io.stoker.data.pack.Broadcasts}. */
  @ArchTest
  static final ArchRule NO_JOB_ENDS_WHILE_SPARK_STILL_DELETES_WHAT_IT_SENT =
      noClasses()
          .should()
          .callMethod(Broadcast.class, "destroy")
          .orShould()
          .callMethod(Broadcast.class, "unpersist")
          .orShould()
          .callMethod(RDD.class, "unpersist")
          .orShould()
          .callMethod(JavaRDD.class, "unpersist");

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

  /**
   * Spark's internals differ between its lines, and Scala's library between its versions: one
   * package holds what must be compiled, and looked at, for each line.
   */
  @ArchTest
  static final ArchRule SPARKS_INTERNALS_AND_SCALA_ARE_NAMED_IN_ONE_PACKAGE =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.stoker.driver.spark..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                      "org.apache.spark.network..",
                      "org.apache.spark.rpc..",
                      "org.apache.spark.scheduler..",
                      "org.apache.spark.serializer..",
                      "org.apache.spark.shuffle..",
                      "org.apache.spark.status..",
                      "org.apache.spark.storage..",
                      "org.apache.spark.util.io..",
                      "scala..")
                  .and(not(assignableTo(StorageLevel.class)))
                  // They are part of Spark's interface to Java: pairs, and parameters of Spark ML.
                  .and(not(assignableTo(Tuple2.class)))
                  .and(not(assignableTo(Option.class)))
                  .and(not(equivalentTo(Function1.class))));

  /** {@link io.stoker.data.storage.OwnFolder} deletes, and follows no link. */
  @ArchTest
  static final ArchRule NOTHING_IS_DELETED_UNGUARDED =
      noClasses()
          .should()
          .callMethodWhere(
              describe(
                  "a file is deleted",
                  call ->
                      call.getName().matches("delete|deleteIfExists|deleteOnExit")
                          && Stream.of(FileSystem.class, Files.class, File.class)
                              .anyMatch(call.getTargetOwner()::isAssignableTo)));

  /** {@link io.stoker.base.PeriodicTask} goes on after an exception. */
  @ArchTest
  static final ArchRule NOTHING_RUNS_REGULARLY_UNTIL_IT_FAILS =
      noClasses()
          .should()
          .callMethodWhere(
              describe(
                  "a timer ends at the first exception",
                  call ->
                      call.getTargetOwner().isAssignableTo(Timer.class)
                          || call.getName().matches("scheduleAtFixedRate|scheduleWithFixedDelay")));

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("io.stoker.driver.(*)..").should().beFreeOfCycles();

  /**
   * The packages from the bottom to the top: each may use those of the lines before its own, and
   * none of its own line.
   */
  private static final List<Set<String>> LAYERS =
      List.of(
          Set.of("spark"),
          Set.of("cluster", "slice"),
          Set.of("averaging"),
          Set.of("config"),
          Set.of("metrics"),
          Set.of("checkpoint"),
          Set.of("run", "transfer", "order", "command"),
          Set.of("evaluate"),
          Set.of("explain", "probe", "score", "interchange", "whitening"),
          Set.of("job"),
          Set.of("round", "report", "drawing"),
          Set.of("bench", "tensorboard", "mlflow", "search"),
          Set.of("ml"),
          Set.of("cli"));

  @ArchTest
  static void packagesUseOnlyPackagesOfTheLayersBelow(JavaClasses classes) {
    Set<String> forbidden = new TreeSet<>();
    for (int layer = LAYERS.size() - 1; layer >= 0; layer--) {
      forbidden.addAll(LAYERS.get(layer));
      for (String each : LAYERS.get(layer)) {
        noClasses()
            .that()
            .resideInAPackage(name(each))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                forbidden.stream()
                    .filter(other -> !other.equals(each))
                    .map(ModuleRulesTest::name)
                    .toArray(String[]::new))
            .allowEmptyShould(true)
            .check(classes);
      }
    }
  }

  @ArchTest
  static final ArchRule EACH_PACKAGE_HAS_A_LAYER =
      classes()
          .should()
          .resideInAnyPackage(
              LAYERS.stream()
                  .flatMap(Set::stream)
                  .map(ModuleRulesTest::name)
                  .toArray(String[]::new))
          .because("a new package gets its place in LAYERS");

  private static String name(String each) {
    return "io.stoker.driver." + each + "..";
  }
}
