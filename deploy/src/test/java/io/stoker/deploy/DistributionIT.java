// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.deploy.Stoker.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DistributionIT {
  @TempDir private Path folder;

  @Test
  void holdsNoClassTwice() throws IOException {
    Set<String> ofSpark = new HashSet<>();
    for (Path jar : sparkJars()) {
      ofSpark.addAll(classes(jar));
    }

    Set<String> twice = classes(Stoker.distribution().resolve("stoker.jar"));
    twice.retainAll(ofSpark);

    assertThat(twice).isEmpty();
  }

  @Test
  void holdsNativeCodeForOnePlatformOnly() throws IOException {
    try (JarFile jar = new JarFile(Stoker.distribution().resolve("stoker.jar").toFile())) {
      assertThat(jar.stream().map(ZipEntry::getName))
          .filteredOn(name -> name.matches(".*\\.(so(\\.\\d+)*|dll|dylib|jnilib)"))
          .isNotEmpty()
          .allMatch(name -> name.matches(".*[Ll]inux[-/]x86[-_]64.*"))
          .noneMatch(name -> name.contains("opencv") || name.contains("ffmpeg"))
          .filteredOn(name -> name.endsWith("/libnd4jcpu.so"))
          .hasSizeLessThanOrEqualTo(1);
    }
  }

  @Test
  void mergesTheServicesOfItsParts() throws IOException {
    try (JarFile jar = new JarFile(Stoker.distribution().resolve("stoker.jar").toFile())) {
      ZipEntry services = jar.getEntry("META-INF/services/io.stoker.models.engine.Engine");
      assertThat(
              new String(
                      jar.getInputStream(services).readAllBytes(),
                      java.nio.charset.StandardCharsets.UTF_8)
                  .lines())
          .hasSizeGreaterThanOrEqualTo(2);
    }
  }

  /** Stoker and Spark need no Guava of this name; the reader of Delta tables takes Spark's. */
  @Test
  void hasWhatReadersOfTablesTakeFromSpark() throws IOException {
    assertThat(sparkJars())
        .extracting(jar -> jar.getFileName().toString())
        .anyMatch(name -> name.startsWith("guava-"));
  }

  @Test
  void hasALinkThatDoesNotNameTheLine() throws IOException {
    Path link = Stoker.distribution().resolveSibling("stoker");

    assertThat(link).isSymbolicLink();
    assertThat(link.toRealPath()).isEqualTo(Stoker.distribution().toRealPath());
  }

  @Test
  void isASparkHome() {
    assertThat(Stoker.distribution().resolve("RELEASE")).isEmptyFile();
    assertThat(Stoker.distribution().resolve("bin/spark-submit")).isExecutable();
    assertThat(Stoker.distribution().resolve("logging/log4j2.properties")).isRegularFile();
  }

  @Test
  void startsFromAnArchiveOfClasses() throws IOException {
    Path log = folder.resolve("classes.log");

    Outcome outcome =
        Stoker.in(folder)
            .run(
                "--conf",
                "spark.driver.extraJavaOptions=-Xlog:class+load:file=" + log,
                "doctor",
                "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(log)
        .content()
        .containsPattern(
            " org\\.apache\\.spark\\.SparkContext source: shared objects file \\(top\\)");
  }

  @Test
  void saysThatItsSparkHasNoMetastoreOfHive() {
    Outcome outcome =
        Stoker.in(folder)
            .run(
                ("--conf spark.sql.catalogImplementation=hive prepare --format table --input db.photos"
                        + " --output data")
                    .split(" "));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err())
        .contains("Cannot read table db.photos: its catalog is Hive's")
        .contains("set SPARK_HOME to a Spark that has the jar spark-hive")
        .doesNotContain("\tat ");
  }

  private static List<Path> sparkJars() throws IOException {
    try (Stream<Path> jars = Files.list(Stoker.distribution().resolve("jars"))) {
      return jars.toList();
    }
  }

  private static Set<String> classes(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream()
          .map(ZipEntry::getName)
          .filter(name -> name.endsWith(".class"))
          .collect(Collectors.toSet());
    }
  }
}
