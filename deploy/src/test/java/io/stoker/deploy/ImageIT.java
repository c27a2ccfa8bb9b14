// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.testing.Exact;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The image, built by buildah on a base of Debian's packages, and run as processes in a chroot:
 * where buildah, mmdebstrap, root and Debian's mirror are there.
 */
@Exact
@Tag("one-line")
class ImageIT {
  private static final Path DOCKER = Stoker.checkout().resolve("deploy/docker");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BASE = "localhost/spark";
  private static final String IMAGE = "localhost/stoker";
  private static final String SYNTH = "synth --output %s/data --size 28 --count 100";
  private static final String TRAIN =
      "--master local[2] train --data %1$s/data --run %1$s/run --model lenet5 --batch 10"
          + " --workers 2 --epochs 1";

  @TempDir private Path folder;

  @BeforeEach
  void requireTools() {
    assumeThat(Stream.of("buildah", "mmdebstrap").filter(tool -> !isInstalled(tool)))
        .as("programs that make images and are not installed")
        .isEmpty();
    assumeThat(System.getProperty("user.name")).as("who makes images").isEqualTo("root");
  }

  @Test
  void trainsAsAUserWithoutRightsAndGivesTheBitsOfTheHost() throws IOException {
    makeImage();
    JsonNode image = JSON.readTree(succeed("buildah", "inspect", "--type", "image", IMAGE));
    JsonNode config = image.at("/OCIv1/config");
    succeed("buildah", "from", "--name", "stoker", IMAGE);

    assertThat(config.get("User").asText()).isEqualTo("185");
    assertThat(config.get("Labels").get("org.opencontainers.image.version").asText())
        .isEqualTo(version());
    assertThat(inside(config, "id -u").out()).isEqualTo("185\n");
    for (String tool : List.of("javac", "gcc", "make", "mvn", "apt-get", "python3")) {
      assertThat(inside(config, "which " + tool).exitCode()).as(tool).isEqualTo(1);
    }
    assertThat(inside(config, "touch /opt/spark/jars/new").exitCode()).isNotZero();
    // Where Spark copies the jar of a driver in cluster mode: not onto itself.
    assertThat(config.get("WorkingDir").asText()).isEqualTo(PodImage.WORKING_FOLDER);
    assertThat(inside(config, "touch stoker.jar").exitCode()).isZero();
    assertThat(
            JSON.readTree(inside(config, "cat /opt/stoker/stoker.cdx.json").out())
                .get("components"))
        .isNotEmpty();

    assertThat(inside(config, "/opt/stoker/stoker doctor --json").exitCode()).isZero();
    assertThat(inside(config, "/opt/stoker/stoker " + SYNTH.formatted("/tmp")).exitCode()).isZero();
    Outcome trained = inside(config, "/opt/stoker/stoker " + TRAIN.formatted("/tmp") + " --json");
    assertThat(trained.exitCode()).as(trained.err()).isZero();

    Stoker host = Stoker.in(folder);
    host.json(SYNTH.formatted(folder));
    assertThat(trained.json().get("parameters_sha256").asText())
        .isEqualTo(host.hash(TRAIN.formatted(folder)));
  }

  /** Makes the base and the image, in a storage of this test's own. */
  private void makeImage() throws IOException {
    Files.writeString(
        folder.resolve("storage.conf"),
        """
        [storage]
        driver = "vfs"
        graphroot = "%1$s/images"
        runroot = "%1$s/containers"
        """
            .formatted(folder));
    String distribution = Stoker.distribution().toRealPath().toString();
    Outcome base = run(DOCKER.resolve("spark-base").toString(), distribution, BASE);
    assumeThat(base.exitCode()).as("a base of Debian's packages: %s", base.err()).isNotEqualTo(4);
    assertThat(base.exitCode()).as(base.err()).isZero();
    succeed(
        "buildah",
        "bud",
        "--isolation=chroot",
        "--build-arg=SPARK_IMAGE=" + BASE,
        "--file=" + DOCKER.resolve("Dockerfile"),
        "--tag=" + IMAGE,
        distribution);
  }

  /** Runs a command as a container would: the image's entry point, user, folder and variables. */
  private Outcome inside(JsonNode config, String command) throws IOException {
    List<String> words = new ArrayList<>(List.of("buildah", "run", "--isolation=chroot", "stoker"));
    words.add("--");
    config.get("Entrypoint").forEach(word -> words.add(word.asText()));
    words.addAll(List.of(command.split(" ", -1)));
    return run(words.toArray(String[]::new));
  }

  private String succeed(String... command) throws IOException {
    Outcome outcome = run(command);
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return outcome.out();
  }

  private Outcome run(String... command) throws IOException {
    Path out = Files.createTempFile(folder, "command", ".out");
    Path err = Files.createTempFile(folder, "command", ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("CONTAINERS_STORAGE_CONF", folder.resolve("storage.conf").toString());
    try {
      int code = builder.start().waitFor();
      return new Outcome(code, Files.readString(out), Files.readString(err));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean isInstalled(String tool) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
        .anyMatch(each -> Files.isExecutable(Path.of(each, tool)));
  }

  /** The version of the project, without what says that it is not released. */
  private static String version() throws IOException {
    String project = Files.readString(Stoker.checkout().resolve("pom.xml"));
    return project.replaceAll("(?s).*?<version>([^<-]*)-SNAPSHOT<.*", "$1");
  }
}
