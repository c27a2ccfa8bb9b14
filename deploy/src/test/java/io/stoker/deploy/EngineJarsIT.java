// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stoker.deploy.Stoker.Outcome;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The engine torch added by {@code --jars} to a distribution that was built without it, as {@code
 * docs/gpu.md} says. Its jar and libtorch are not part of such a build, so this runs where {@code
 * mvn -Ptorch package} has run before, and is told so: {@code mvn verify
 * -Dstoker.torch.jar=engines/torch/target/stoker-torch-0.1.0-SNAPSHOT.jar}.
 */
class EngineJarsIT {
  private static final String PLATFORM = "-linux-x86_64.jar";

  @TempDir private static Path folder;
  private static String engineJar;

  @BeforeAll
  static void prepare() throws IOException {
    String given = System.getProperty("stoker.torch.jar", "");
    assumeThat(given).as("the jar of the engine torch").isNotEmpty();
    assumeThat(Files.readString(Stoker.distribution().resolve(".backend")))
        .as("a build without the engine")
        .doesNotContain("torch");
    engineJar = Stoker.checkout().resolve(given).toString();
    Shapes.write(folder.resolve("raw"), 40);
    Stoker.in(folder)
        .run("prepare --input raw --output data --channels 1 --json".split(" "))
        .json();
  }

  /** The version in the block of versions in the root {@code pom.xml}. */
  private static String version(String property) throws IOException {
    String pom = Files.readString(Stoker.checkout().resolve("pom.xml"));
    Matcher version =
        Pattern.compile("<%1$s>(.*)</%1$s>".formatted(Pattern.quote(property))).matcher(pom);
    assertThat(version.find()).as(property).isTrue();
    return version.group(1);
  }

  private static Path artifact(String name, String version, String end) {
    Path repository =
        Path.of(
            System.getProperty(
                "localRepository", System.getProperty("user.home") + "/.m2/repository"));
    Path jar =
        repository
            .resolve("org/bytedeco")
            .resolve(name)
            .resolve(version)
            .resolve(name + "-" + version + end);
    assertThat(jar).exists();
    return jar;
  }

  private static String first() throws IOException {
    String javaCpp = version("libtorch.javacpp.version");
    String openBlas = version("libtorch.openblas.version");
    return Stream.of(
            artifact("javacpp", javaCpp, ".jar"),
            artifact("javacpp", javaCpp, PLATFORM),
            artifact("openblas", openBlas, ".jar"),
            artifact("openblas", openBlas, PLATFORM))
        .map(Path::toString)
        .collect(Collectors.joining(":"));
  }

  private static Outcome run(String master, List<String> options, String command)
      throws IOException {
    String torch = version("libtorch.version");
    String jars =
        Stream.of(
                artifact("pytorch", torch, ".jar"),
                artifact("pytorch", torch, PLATFORM),
                artifact("cuda", version("libtorch.cuda.version"), ".jar"))
            .map(Path::toString)
            .collect(Collectors.joining(","));
    List<String> words = new ArrayList<>(List.of("--master", master, "--executor-memory", "1g"));
    words.addAll(List.of("--jars", engineJar + "," + jars));
    words.addAll(options);
    words.addAll(List.of((command + " --engine torch --json").split(" ")));
    return Stoker.in(folder).run(words.toArray(String[]::new));
  }

  private static String train(String run) {
    return "train --data %s --run %s --model lenet5 --workers 2 --batch 8 --epochs 2"
        .formatted(folder.resolve("data"), folder.resolve(run));
  }

  @Test
  @Exact
  void trainsInOneProcessAndInExecutorsToTheSameBits() throws IOException {
    List<String> options =
        List.of(
            "--driver-class-path", first(), "--conf", "spark.executor.extraClassPath=" + first());
    Outcome here = run("local[2]", options, train("here"));
    assertThat(here.exitCode()).as(here.err()).isZero();

    LocalCluster cluster = LocalCluster.in(folder.resolve("state"));
    try {
      Outcome there = run(cluster.start(), options, train("there"));

      assertThat(there.exitCode()).as(there.err()).isZero();
      assertThat(there.json().get("parameters_sha256"))
          .isEqualTo(here.json().get("parameters_sha256"));
    } finally {
      cluster.stop();
    }
  }

  @Test
  void withoutTheNewerJavaCppOneLineSaysWhatComesFirst() throws IOException {
    Outcome outcome = run("local[2]", List.of(), train("refused"));

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err())
        .startsWith("stoker: Engine torch cannot run on this machine")
        .contains("--driver-class-path")
        .hasLineCount(1);
  }
}
