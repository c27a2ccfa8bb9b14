// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.deploy.Stoker.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.Yaml;

/** The image file, the manifests and the scripts, against what the build made. */
class ManifestsIT {
  private static final Path DEPLOY = Stoker.checkout().resolve("deploy");
  private static final Path TRAIN = DEPLOY.resolve("kubernetes/train.yaml");
  private static final Path ACCESS = DEPLOY.resolve("kubernetes/access.yaml");
  private static final Path DOCKERFILE = DEPLOY.resolve("docker/Dockerfile");

  private static List<Map<String, Object>> documents(Path file) throws IOException {
    Iterable<Object> all = new Yaml().loadAll(Files.readString(file));
    return StreamSupport.stream(all.spliterator(), false).map(ManifestsIT::map).toList();
  }

  @SuppressWarnings("unchecked") // a mapping of YAML
  private static Map<String, Object> map(Object node) {
    return (Map<String, Object>) node;
  }

  /** Follows keys, and into lists by number. */
  private static Object at(Object node, Object... path) {
    Object here = node;
    for (Object step : path) {
      here = step instanceof Integer place ? ((List<?>) here).get(place) : map(here).get(step);
      assertThat(here).as("%s in %s", step, List.of(path)).isNotNull();
    }
    return here;
  }

  private static Map<String, Object> kind(Path file, String kind) throws IOException {
    return documents(file).stream()
        .filter(document -> document.get("kind").equals(kind))
        .findFirst()
        .orElseThrow();
  }

  private static Object driver() throws IOException {
    return at(kind(TRAIN, "Job"), "spec", "template", "spec", "containers", 0);
  }

  private static String script() throws IOException {
    return at(driver(), "command", 2).toString();
  }

  private static Map<String, String> configuration() throws IOException {
    Map<String, String> conf = new TreeMap<>();
    Pattern.compile("--conf ([\\w.]+)=(\"[^\"]*\"|\\S+)")
        .matcher(script())
        .results()
        .forEach(each -> conf.put(each.group(1), each.group(2)));
    return conf;
  }

  @Test
  void everyObjectIsOne() throws IOException {
    for (Path file : List.of(TRAIN, ACCESS)) {
      for (Map<String, Object> document : documents(file)) {
        assertThat(document).as(file.toString()).containsKeys("apiVersion", "kind", "metadata");
        assertThat(at(document, "metadata", "name").toString()).startsWith("stoker");
      }
    }
  }

  @Test
  void theDriverIsWhoMayMakePods() throws IOException {
    Object account = at(kind(ACCESS, "ServiceAccount"), "metadata", "name");
    assertThat(at(kind(ACCESS, "RoleBinding"), "subjects", 0, "name")).isEqualTo(account);
    assertThat(at(kind(ACCESS, "RoleBinding"), "roleRef", "name"))
        .isEqualTo(at(kind(ACCESS, "Role"), "metadata", "name"));
    assertThat(at(kind(TRAIN, "Job"), "spec", "template", "spec", "serviceAccountName"))
        .isEqualTo(account);
    assertThat(configuration())
        .containsEntry(
            "spark.kubernetes.authenticate.driver.serviceAccountName", account.toString());
  }

  @Test
  void executorsReachTheDriverByItsService() throws IOException {
    Map<String, Object> service = kind(TRAIN, "Service");
    Map<String, String> conf = configuration();

    assertThat(conf)
        .containsEntry("spark.driver.host", at(service, "metadata", "name").toString())
        .containsEntry("spark.driver.port", at(service, "spec", "ports", 0, "port").toString())
        .containsEntry(
            "spark.driver.blockManager.port", at(service, "spec", "ports", 1, "port").toString());
    assertThat(at(kind(TRAIN, "Job"), "spec", "template", "metadata", "labels"))
        .isEqualTo(at(service, "spec", "selector"));
  }

  @Test
  void driverAndExecutorsHaveTheImageThatTheDockerfileMakes() throws IOException {
    String image = at(driver(), "image").toString();
    String project = Files.readString(Stoker.checkout().resolve("pom.xml"));

    assertThat(configuration()).containsEntry("spark.kubernetes.container.image", image);
    assertThat(Files.readString(DOCKERFILE)).contains("-t " + image + " ");
    assertThat(Files.readString(Stoker.checkout().resolve("docs/cluster.md")))
        .contains("-t " + image + " ");
    assertThat(project).contains("<version>" + image.replaceAll(".*:", "") + "-SNAPSHOT<");
  }

  /** What a file for an image copies from the distribution, by its place in the image. */
  private static Map<String, String> copies(Path dockerfile) throws IOException {
    Map<String, String> copies = new TreeMap<>();
    for (MatchResult copy :
        Pattern.compile("^COPY --chown=spark:spark (.*) (/\\S+)$", Pattern.MULTILINE)
            .matcher(Files.readString(dockerfile))
            .results()
            .toList()) {
      for (String source : copy.group(1).split(" ", -1)) {
        copies.put(copy.group(2).endsWith("/") ? copy.group(2) + source : copy.group(2), source);
      }
    }
    return copies;
  }

  /** The image for GPUs also has the tests of the engine torch, which only its builds have. */
  @Test
  void theImageForCardsHoldsWhatIsRun() throws IOException {
    Map<String, String> copies = copies(DEPLOY.resolve("docker/Dockerfile.gpu"));

    assertThat(copies).containsAllEntriesOf(copies(DOCKERFILE)).containsValue("check");
    assertThat(copies.values())
        .filteredOn(source -> !source.equals("check"))
        .allSatisfy(source -> assertThat(Stoker.distribution().resolve(source)).exists());
  }

  @Test
  void theImageHoldsWhatIsRun() throws IOException {
    Map<String, String> copies = copies(DOCKERFILE);
    assertThat(copies.values())
        .allSatisfy(source -> assertThat(Stoker.distribution().resolve(source)).exists());
    String jar = script().replaceAll("(?s).* local://(\\S+) .*", "$1");
    String main = script().replaceAll("(?s).*--class (\\S+) .*", "$1");

    assertThat(copies).containsKeys(jar, "/opt/stoker/bin");
    try (JarFile application = new JarFile(Stoker.distribution().resolve("stoker.jar").toFile())) {
      assertThat(application.getEntry(main.replace('.', '/') + ".class")).isNotNull();
    }
  }

  @Test
  void memoryOfNetworksFitsIntoThePods() throws IOException {
    Map<String, String> conf = configuration();

    assertThat(conf.get("spark.executor.extraJavaOptions"))
        .contains("maxbytes=" + conf.get("spark.executor.memoryOverhead"));
  }

  @Test
  void secretsAreNamedAndNeverWritten() throws IOException {
    for (String variable : List.of("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")) {
      List<?> environment = (List<?>) at(driver(), "env");
      Object entry =
          environment.stream()
              .filter(each -> variable.equals(map(each).get("name")))
              .findFirst()
              .orElseThrow();
      assertThat(map(entry)).doesNotContainKey("value");
      assertThat(configuration())
          .containsEntry(
              "spark.kubernetes.executor.secretKeyRef." + variable,
              "%s:%s"
                  .formatted(
                      at(entry, "valueFrom", "secretKeyRef", "name"),
                      at(entry, "valueFrom", "secretKeyRef", "key")));
    }
  }

  @Test
  void theCommandKnowsItsOptions(@TempDir Path folder) throws IOException {
    String options =
        script()
            .replaceAll("(?s).*\\n *train (.*?) \"\\$@\".*", "$1 ")
            .replace("s3a://BUCKET/runs", folder.toString());
    String begin = script().replaceAll("(?s).*submit (--data .*)", "$1").strip();

    Outcome outcome =
        Stoker.in(folder)
            .run(
                ("train " + options + begin.replace("s3a://BUCKET/mnist", "nowhere"))
                    .split(" +", -1));

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("nowhere").doesNotContain("Unknown option");
  }

  static Stream<Path> scripts() throws IOException {
    try (Stream<Path> bin = Files.list(DEPLOY.resolve("bin"))) {
      return Stream.concat(
          Stream.of(Stoker.checkout().resolve("stoker"), DEPLOY.resolve("docker/spark-base")),
          bin.toList().stream());
    }
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void everyScriptIsShell(Path script) throws Exception {
    assertThat(new ProcessBuilder("bash", "-n", script.toString()).start().waitFor()).isZero();
  }

  @Test
  void theManifestsScriptIsShell(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("script"), script());
    assertThat(new ProcessBuilder("bash", "-n", file.toString()).start().waitFor()).isZero();
  }
}
