// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stoker.deploy.Stoker.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LauncherIT {
  @TempDir private Path folder;

  @Test
  void showsItsHelp() {
    Outcome outcome = Stoker.in(folder).run("--help");

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out())
        .contains("Usage: ./stoker", "prepare", "train", "evaluate", "predict", "quickstart");
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void showsTheHelpOfACommand() {
    Outcome outcome = Stoker.in(folder).run("train", "--help");

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out()).contains("--local-steps", "--updater-state", "--resume");
  }

  @Test
  void showsItsVersions() {
    Outcome outcome = Stoker.in(folder).run("--version");

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out())
        .startsWith("stoker ")
        .contains("Spark " + Stoker.sparkLine(), "Java 17");
  }

  @Test
  void endsStandardOutputWithOneJsonObject() {
    Outcome outcome = Stoker.in(folder).run("models", "lenet5", "--json");

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out().lines()).hasSize(1);
    assertThat(outcome.json().get("parameters").asLong()).isEqualTo(61_706);
  }

  @Test
  @Tag("one-line")
  void runsThroughASymbolicLinkFromAPathWithSpaces() throws IOException {
    Path spaced = Files.createDirectories(folder.resolve("a b/it's 100%"));
    Path link =
        Files.createSymbolicLink(spaced.resolve("stoker"), Stoker.checkout().resolve("stoker"));

    Outcome outcome = new Stoker(link, spaced).run("doctor", "--probe", "some where", "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.json().get("storage").get("bytes").asInt()).isPositive();
  }

  @Test
  void runsInADistributionThatWasMovedToAPathWithSpaces() throws IOException {
    // The archive of classes is of no use there; Java must not say so on stdout.
    Path moved =
        distributionOfLinks(
            "stoker.jar", "jars", "classes.jsa", "classes.jsa.size", "examples", ".built");

    Outcome outcome = new Stoker(moved.resolve("stoker"), folder).run("doctor", "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.json().get("slots").asInt()).isPositive();
    // Of Log4j, if it does not find its configuration, and of Spark, which then logs all it does.
    assertThat(outcome.err()).doesNotContain("StatusLogger", " INFO ");
  }

  @Test
  void passesMasterAndConfigurationOn() {
    Outcome outcome =
        Stoker.in(folder)
            .run("--master", "local[3]", "--conf", "spark.app.name=mine", "doctor", "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.json().get("master").asText()).isEqualTo("local[3]");
    assertThat(outcome.json().get("slots").asInt()).isEqualTo(3);
  }

  @Test
  @Tag("one-line")
  void takesNativeMemoryFromTheEnvironment() {
    Outcome outcome = Stoker.in(folder).with("STOKER_NATIVE_MEMORY", "1g").run("doctor", "--json");

    assertThat(outcome.json().get("native_limit").asText()).isEqualTo("1g");
  }

  @Test
  @Tag("one-line")
  void findsAnotherJavaIfJavaHomeIsNone() {
    Outcome outcome = Stoker.in(folder).with("JAVA_HOME", "/no/java").run("models", "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
  }

  @Test
  @Tag("one-line")
  void saysThatItUsesAnotherJavaThanJavaHome() throws IOException {
    Path java = Files.createDirectories(folder.resolve("java-25"));
    Files.createSymbolicLink(
        Files.createDirectories(java.resolve("bin")).resolve("java"),
        Path.of(System.getProperty("java.home"), "bin", "java"));
    Files.writeString(java.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");

    Outcome outcome = Stoker.in(folder).with("JAVA_HOME", java.toString()).run("models");

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.err().lines())
        .singleElement()
        .asString()
        .startsWith(
            "stoker: JAVA_HOME=" + java + " is Java 25.0.1, and Spark " + Stoker.sparkLine())
        .contains("needs Java 17");
  }

  @Test
  @Tag("one-line")
  void refusesNativeMemoryThatIsNoAmount() {
    for (String amount : List.of("abc", "4", "-1g", "0g", "4gb", "1.5g", "4 g")) {
      assertRefused(
          Stoker.in(folder).with("STOKER_NATIVE_MEMORY", amount).run("doctor"),
          "invalid STOKER_NATIVE_MEMORY: " + amount);
    }
  }

  @Test
  @Tag("one-line")
  void refusesFilesOfSparkSubmitThatAreNotThere() {
    for (String option : List.of("--properties-file", "--jars", "--files", "--archives")) {
      assertRefused(
          Stoker.in(folder).run(option, "no where", "doctor"),
          "cannot find the file of " + option + ": no where");
    }
  }

  /** Ivy, which resolves packages, prints to stdout before Stoker starts. */
  @Test
  void keepsStdoutForTheResultWherePackagesAreResolved() throws IOException {
    Path artifact = Files.createDirectories(folder.resolve("repository/g/a/1"));
    Files.write(
        artifact.resolve("a-1.jar"),
        new byte[] {'P', 'K', 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    Files.writeString(
        artifact.resolve("a-1.pom"),
        "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId>"
            + "<artifactId>a</artifactId><version>1</version></project>");
    Path settings = folder.resolve("settings.xml");
    Files.writeString(
        settings,
        """
        <ivysettings>
          <settings defaultResolver="here"/>
          <resolvers>
            <ibiblio name="here" m2compatible="true" root="%s"/>
          </resolvers>
        </ivysettings>
        """
            .formatted(folder.resolve("repository").toUri()));

    Outcome outcome =
        Stoker.in(folder)
            .run(
                "--conf",
                "spark.jars.ivySettings=" + settings,
                "--conf",
                "spark.jars.ivy=" + folder.resolve("ivy"),
                "--packages",
                "g:a:1",
                "doctor",
                "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.out().lines()).hasSize(1);
    assertThat(outcome.json().get("slots").asInt()).isPositive();
    assertThat(outcome.err()).contains("found g#a;1");
  }

  /** Java maps the archive into its memory, and dies of SIGBUS where the file ends too early. */
  @Test
  @Tag("one-line")
  void startsWithoutAnArchiveOfClassesThatWasCut() throws IOException {
    Path cut = distributionOfLinks("stoker.jar", "jars", "examples", ".built");
    Path archive = cut.resolve("classes.jsa");
    try (InputStream all = Files.newInputStream(Stoker.distribution().resolve("classes.jsa"))) {
      Files.write(archive, all.readNBytes(1 << 20));
    }
    Files.copy(Stoker.distribution().resolve("classes.jsa.size"), cut.resolve("classes.jsa.size"));

    Outcome outcome = new Stoker(cut.resolve("stoker"), folder).run("doctor", "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
  }

  /** With the archive of classes, Java 17 dies as it shows one of them to the recording. */
  @Test
  @Tag("one-line")
  void startsWithAFlightRecording() throws IOException {
    Path recording = folder.resolve("start.jfr");

    Outcome outcome =
        Stoker.in(folder)
            .run(
                "--driver-java-options",
                "-XX:StartFlightRecording=filename=" + recording,
                "doctor",
                "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(Files.size(recording)).isPositive();
  }

  /** A copy has the times of the copying, and the content of what was copied. */
  @Test
  @Tag("one-line")
  void buildsACopiedCheckoutOnlyWhereItsContentDiffers() throws Exception {
    Path copy = folder.resolve("copy");
    Path tools = folder.resolve("tools");
    runShell(
        """
set -e
mkdir -p "$2/deploy/$4" "$3"
cd "$1"
tar -c --exclude='target*' --exclude=.git pom.xml stoker base models data-pipeline worker driver integrations engines deploy examples/mnist |
  tar -xm -C "$2"
for part in stoker.jar jars .sources .line .backend; do ln -s "$5/$part" "$2/deploy/$4/"; done
touch -d '2020-01-01' "$2/deploy/$4/.built"
for tool in bash sh dirname basename readlink find sort xargs sha256sum cut tr sed awk grep cat head uname getent env locale touch mkdir flock tail stat; do
  ln -s "$(command -v $tool)" "$3/$tool"
done
""",
        Stoker.checkout().toString(),
        copy.toString(),
        tools.toString(),
        Stoker.checkout().resolve("deploy").relativize(Stoker.distribution()).toString(),
        Stoker.distribution().toString());
    Stoker stoker =
        new Stoker(copy.resolve("stoker"), folder)
            .with("STOKER_BUILD", "")
            .with("PATH", tools.toString())
            .with("JAVA_HOME", System.getProperty("java.home"));

    Outcome same = stoker.run("models", "--json");
    Files.writeString(copy.resolve("base/src/main/java/New.java"), "class New {}");
    Outcome other = stoker.run("models", "--json");

    assertThat(same.exitCode()).as(same.err()).isZero();
    assertThat(other.exitCode()).isEqualTo(4);
    assertThat(other.err()).contains("Maven (3.8 or newer) is not on the PATH");
  }

  /** Maven only says what it was asked for. */
  @Test
  void theFirstBuildIsQuickAndCompiledAgain() throws Exception {
    Path copy = folder.resolve("copy");
    Path asked = folder.resolve("asked");
    Path distribution = copy.resolve(Stoker.checkout().relativize(Stoker.distribution()));
    Path status =
        copy.resolve("base")
            .resolve(distribution.getParent().getFileName())
            .resolve("maven-status/compiler");
    runShell(
        """
set -e
mkdir -p "$2" "$3"
cd "$1"
tar -c pom.xml stoker deploy/bin | tar -xm -C "$2"
mkdir -p "$4"
touch "$4/inputFiles.lst"
printf '%s\n' '#!/bin/sh' 'echo "$@" >"$ASKED"' 'exit 1' >"$3/mvn"
chmod +x "$3/mvn"
""",
        Stoker.checkout().toString(),
        copy.toString(),
        folder.resolve("tools").toString(),
        status.toString());
    Stoker stoker =
        new Stoker(copy.resolve("stoker"), folder)
            .with("STOKER_BUILD", "")
            .with("ASKED", asked.toString())
            .with("PATH", folder.resolve("tools") + ":" + System.getenv("PATH"))
            .with("JAVA_HOME", System.getProperty("java.home"));

    assertThat(stoker.run("models").err()).contains("the build failed");
    assertThat(asked).content().contains("-Dcompiler.checks=-Xdiags:compact -Dcyclonedx.skip");
    Path compiled = status.resolve("inputFiles.lst");
    assertThat(compiled).doesNotExist();

    Files.writeString(compiled, "");
    Files.createFile(Files.createDirectories(distribution).resolve(".built"));
    assertThat(stoker.run("models").err()).contains("the build failed");
    assertThat(asked).content().contains("-DskipTests").doesNotContain("compiler.checks");
    assertThat(compiled).exists();
  }

  /** A distribution of its own launcher, with links to parts of the one that was built. */
  private Path distributionOfLinks(String... parts) throws IOException {
    Path moved = Files.createDirectories(folder.resolve("a b/it's 100% #1"));
    for (String part : List.of("stoker", "bin", "logging")) {
      Distribution.copy(Stoker.distribution().resolve(part), moved.resolve(part));
    }
    for (String part : parts) {
      Files.createSymbolicLink(moved.resolve(part), Stoker.distribution().resolve(part));
    }
    return moved;
  }

  private void runShell(String script, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("bash", "-c", script, "bash"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).inheritIO().directory(folder.toFile()).start();
    assertThat(process.waitFor()).isZero();
  }

  /** The driver of a pod is not on this machine: neither its files nor its memory say anything. */
  @Test
  void submitsADriverInAPodWithTheFilesOfItsImage() throws IOException {
    Path home = Files.createDirectories(folder.resolve("spark"));
    Files.createDirectories(home.resolve("bin"));
    Path submit =
        Files.writeString(home.resolve("bin/spark-submit"), "#!/bin/bash\nprintf '%s\\n' \"$@\"\n");
    assertThat(submit.toFile().setExecutable(true)).isTrue();
    Path jars = Files.createDirectories(home.resolve("jars"));
    try (Stream<Path> all = Files.list(Stoker.distribution().resolve("jars"))) {
      for (Path jar : all.toList()) {
        Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar);
        String name = jar.getFileName().toString();
        if (name.startsWith("spark-yarn_")) {
          Files.createFile(jars.resolve(name.replace("spark-yarn_", "spark-kubernetes_")));
        }
      }
    }

    Outcome inPod =
        Stoker.in(folder)
            .with("SPARK_HOME", home.toString())
            .run("--master", "k8s://https://host:6443", "--deploy-mode", "cluster", "doctor");
    Path properties =
        Files.writeString(
            folder.resolve("cluster.conf"),
            "spark.master: k8s://https://host:6443\nspark.executor.memoryOverhead: 9g\n");
    Outcome bySettings =
        Stoker.in(folder)
            .with("SPARK_HOME", home.toString())
            .run(
                "--properties-file",
                properties.toString(),
                "--conf",
                "spark.submit.deployMode=cluster",
                "doctor");
    Outcome here =
        Stoker.in(folder)
            .with("SPARK_HOME", home.toString())
            .run("--master", "k8s://https://host:6443", "doctor");

    assertThat(inPod.out().lines())
        .contains(
            "local:///opt/stoker/stoker.jar",
            "spark.driver.memory=1024m",
            "spark.driver.memoryOverhead=1g")
        .noneMatch(line -> line.contains(Stoker.distribution().toString()));
    assertThat(bySettings.out().lines())
        .contains("local:///opt/stoker/stoker.jar", "spark.driver.memoryOverhead=1g")
        .noneMatch(line -> line.startsWith("spark.executor.memoryOverhead="));
    assertThat(here.out().lines())
        .contains(Stoker.distribution().resolve("stoker.jar").toString())
        .noneMatch(line -> line.contains("/opt/stoker"));
  }

  @Test
  void refusesASparkHomeWithoutSpark() {
    Outcome outcome = Stoker.in(folder).with("SPARK_HOME", folder.toString()).run("models");

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err()).startsWith("stoker: SPARK_HOME=").contains("unset SPARK_HOME");
    assertThat(outcome.err().lines()).hasSize(1);
  }

  /** HADOOP_CONF_DIR, --conf and Spark's file of defaults may say where a trained model is. */
  @Test
  void showsAModelWhereTheConfigurationSaysItIs() throws IOException {
    Stoker stoker = Stoker.in(folder);
    String unknown = "hdfs://stoker-%s.invalid";
    String where = "fs.defaultFS";
    Path conf = Files.createDirectory(folder.resolve("hadoop"));
    Files.writeString(
        conf.resolve("core-site.xml"),
        "<configuration><property><name>%s</name><value>%s</value></property></configuration>"
            .formatted(where, unknown.formatted("file")));

    Outcome byFile =
        stoker.with("HADOOP_CONF_DIR", conf.toString()).run("models", "/runs/a", "--json");
    Outcome bySetting =
        stoker.run(
            "--conf",
            "spark.hadoop.%s=%s".formatted(where, unknown.formatted("setting")),
            "models",
            "/runs/a");

    assertThat(byFile.exitCode()).as(byFile.err()).isEqualTo(4);
    assertThat(byFile.err()).contains("stoker-file.invalid");
    assertThat(bySetting.exitCode()).as(bySetting.err()).isEqualTo(4);
    assertThat(bySetting.err()).contains("stoker-setting.invalid");
  }

  @Test
  void refusesAnUnknownCommandInOneLine() {
    assertRefused(Stoker.in(folder).run("trian"), "Unknown command: trian; did you mean 'train'?");
  }

  @Test
  void refusesAnUnknownOptionInOneLine() {
    assertRefused(
        Stoker.in(folder).run("train", "--epoch", "3"),
        "Unknown option: --epoch; did you mean '--epochs'?");
  }

  @Test
  void refusesAnUnknownOptionBeforeTheCommand() {
    assertRefused(Stoker.in(folder).run("--epochs", "3", "train"), "unknown option before");
  }

  @Test
  void refusesAnUnknownMaster() {
    assertRefused(Stoker.in(folder).run("--master", "moon", "doctor"), "unknown master: moon");
  }

  @Test
  @Tag("one-line")
  void refusesAnUnknownDeployMode() {
    assertRefused(
        Stoker.in(folder).run("--deploy-mode", "moon", "doctor"), "unknown deploy mode: moon");
    assertRefused(
        Stoker.in(folder).run("--conf", "spark.submit.deployMode=cluster", "doctor"),
        "--deploy-mode cluster needs --master");
  }

  @ParameterizedTest
  @Tag("one-line")
  @CsvSource({
    "--executor-cores, 0",
    "--num-executors, some",
    "--num-executors, 0",
    "--conf, foo",
    "-c, =1"
  })
  void refusesABadValueBeforeTheCommand(String option, String value) {
    assertRefused(
        Stoker.in(folder).run(option, value, "doctor"), "invalid %s: %s".formatted(option, value));
  }

  @Test
  @Tag("one-line")
  void namesAFolderOfTemporaryFilesThatCannotBeWritten() {
    Outcome outcome =
        Stoker.in(folder)
            .with("JAVA_TOOL_OPTIONS", "-Xmx1g -Djava.io.tmpdir=/proc/none -Dother=1")
            .run("doctor");

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err().lines())
        .singleElement()
        .asString()
        .startsWith("stoker: cannot write to the folder of temporary files, /proc/none: ");
  }

  /** The launcher, run by a script of one line. */
  private Stoker caller(String line) throws IOException {
    Path caller = folder.resolve("caller");
    Files.writeString(caller, "#!/bin/bash\nexec " + line + "\n");
    assertThat(caller.toFile().setExecutable(true)).isTrue();
    return new Stoker(caller, folder);
  }

  /** As in a container whose root is read-only. Only a user who may mount can try it. */
  @Test
  @Tag("one-line")
  void namesTheFolderOfTemporaryFilesOfTheSystemWhenItIsReadOnly() throws Exception {
    String readOnly = "mount --bind /tmp /tmp && mount -o remount,ro,bind /tmp";
    assumeThat(Files.isExecutable(Path.of("/usr/bin/unshare"))).as("unshare is there").isTrue();
    assumeThat(new ProcessBuilder("unshare", "--mount", "sh", "-c", readOnly).start().waitFor())
        .as("unshare, of a user who may mount")
        .isZero();
    assumeThat(Stoker.checkout().startsWith("/tmp")).as("a checkout that would be there").isFalse();
    String line = "unshare --mount bash -c '%s && exec \"$0\" \"$@\"' '%s' \"$@\"";

    Outcome outcome =
        caller(line.formatted(readOnly, Stoker.checkout().resolve("stoker"))).run("doctor");

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err().lines())
        .singleElement()
        .asString()
        .startsWith("stoker: cannot write to the folder of temporary files, /tmp: ");
  }

  @Test
  @Tag("one-line")
  void runsWhereItsCallerHasClosedStdout() throws IOException {
    String line = "'%s' \"$@\" >&-".formatted(Stoker.checkout().resolve("stoker"));

    Outcome outcome = caller(line).run("doctor", "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
  }

  @Test
  void refusesOptionsOfSparkThatAreNoNumbers() {
    assertRefused(
        Stoker.in(folder).run("--executor-memory", "lots", "doctor"),
        "invalid --executor-memory: lots (must be");
    assertRefused(
        Stoker.in(folder).run("--num-executors=2x", "doctor"), "invalid --num-executors: 2x");
  }

  /** Without the engine torch, without a GPU, and with a mistyped option. */
  @Test
  @Tag("one-line")
  void checksNoCardWhereThereIsNone() throws Exception {
    assumeThat(Path.of("/proc/driver/nvidia/version")).doesNotExist();
    String check = Stoker.distribution().resolve("bin/gpu-check").toString();

    for (List<String> command :
        List.of(List.of(check), List.of(check, "--device", "tpu"), List.of(check, "--devise"))) {
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectError(folder.resolve("err").toFile())
              .start();

      assertThat(process.waitFor()).isEqualTo(command.size() == 1 ? 4 : 2);
      assertThat(Files.readAllLines(folder.resolve("err"))).hasSize(1);
    }
  }

  private static void assertRefused(Outcome outcome, String reason) {
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("stoker: ").contains(reason);
    assertThat(outcome.err().lines()).hasSize(1);
    assertThat(outcome.out()).isEmpty();
  }
}
