// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * The programs of a Kubernetes cluster, built from their Go modules, and a Spark with a Kubernetes
 * client, which PyPI has. They are kept in a folder of the user's cache, {@code
 * ~/.cache/stoker/kubernetes}: building takes four minutes on two free cores and 3 GB of Go's own
 * caches. Where a program is missing to make them, the tests are skipped with one line.
 *
 * @param binaries the folder of etcd, kube-apiserver, kube-controller-manager and kube-scheduler
 * @param spark the home of Spark
 */
record KubernetesPrograms(Path binaries, Path spark) {
  private static final int MINUTES = 90;
  private static final String KUBERNETES = System.getProperty("stoker.kubernetes", "1.36.3");
  private static final String ETCD = System.getProperty("stoker.etcd", "3.6.8");
  private static final String PYSPARK = System.getProperty("stoker.pyspark", "3.5.9");
  private static final List<String> COMPONENTS =
      List.of("kube-apiserver", "kube-controller-manager", "kube-scheduler");

  /** The programs; those that are not there yet are made. */
  static KubernetesPrograms get() throws IOException {
    String user = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
    Path cache =
        (user.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(user))
            .resolve("stoker/kubernetes");
    require(System.getProperty("user.name").equals("root"), "pods get roots of their own as root");
    for (String program : List.of("go", "python3", "unshare", "nsenter", "setpriv", "chroot")) {
      require(isInstalled(program), "there is no " + program);
    }
    Files.createDirectories(cache);
    try (FileChannel channel =
            FileChannel.open(
                cache.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      assert lock.isValid();
      return new KubernetesPrograms(components(cache), spark(cache));
    }
  }

  private static void require(boolean there, String reason) {
    if (!there) {
      System.out.println("The tests on Kubernetes are skipped: " + reason);
    }
    Assumptions.assumeTrue(there, reason);
  }

  private static boolean isInstalled(String program) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
        .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
  }

  private static Path components(Path cache) throws IOException {
    Path made = cache.resolve("kubernetes-" + KUBERNETES + "-etcd-" + ETCD);
    if (!Files.exists(made.resolve("done"))) {
      Path module = Files.createDirectories(made.resolve("module"));
      Path log = made.resolve("build.log");
      Files.writeString(module.resolve("go.mod"), "module stoker/kubernetes\n");
      String download =
          output(module, log, "go", "mod", "download", "-json", "k8s.io/kubernetes@v" + KUBERNETES);
      Files.writeString(module.resolve("go.mod"), wrapper(download));
      output(
          module,
          log,
          Stream.concat(
                  Stream.of("go", "build", "-o", made + "/"),
                  COMPONENTS.stream().map(each -> "k8s.io/kubernetes/cmd/" + each))
              .toArray(String[]::new));
      Files.writeString(
          module.resolve("go.mod"),
          "module stoker/etcd\n\n%s\n\nrequire go.etcd.io/etcd/server/v3 v%s\n"
              .formatted(language(Files.readAllLines(module.resolve("go.mod"))), ETCD));
      output(
          module, log, "go", "build", "-o", made.resolve("etcd") + "", "go.etcd.io/etcd/server/v3");
      Files.createFile(made.resolve("done"));
    }
    return made;
  }

  /**
   * A module that requires Kubernetes. Its own module replaces the libraries of the same release by
   * folders of its repository, which others must replace by their releases.
   */
  private static String wrapper(String download) throws IOException {
    Path original = Path.of(new ObjectMapper().readTree(download).get("GoMod").asText());
    List<String> lines = Files.readAllLines(original);
    String release = KUBERNETES.replaceFirst("1\\.", "0.");
    String replaced =
        lines.stream()
            .filter(line -> line.contains(" => ./staging/"))
            .map(line -> line.strip().replaceAll(" =>.*", ""))
            .map(name -> "replace %1$s => %1$s v%2$s%n".formatted(name, release))
            .collect(Collectors.joining());
    return "module stoker/kubernetes\n\n%s\n\nrequire k8s.io/kubernetes v%s\n\n%s"
        .formatted(language(lines), KUBERNETES, replaced);
  }

  /** The version of Go's language that a module is written in. */
  private static String language(List<String> module) {
    return module.stream().filter(line -> line.startsWith("go ")).findFirst().orElseThrow();
  }

  private static Path spark(Path cache) throws IOException {
    Path made = cache.resolve("spark-" + PYSPARK);
    if (!Files.exists(made)) {
      Path wanted = cache.resolve("spark-" + PYSPARK + ".part");
      output(
          cache,
          cache.resolve("spark-" + PYSPARK + ".log"),
          "python3",
          "-m",
          "pip",
          "install",
          "--quiet",
          "--no-deps",
          "--upgrade",
          "--target",
          wanted.toString(),
          "pyspark==" + PYSPARK);
      Files.move(wanted, made, StandardCopyOption.ATOMIC_MOVE);
    }
    return made.resolve("pyspark");
  }

  /** Runs a program to its end and returns what it prints, or skips the tests. */
  private static String output(Path folder, Path log, String... command) throws IOException {
    Path out = Files.createTempFile("kubernetes", ".out");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectOutput(out.toFile())
              .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
      builder.environment().put("GOFLAGS", "-mod=mod");
      Process process = builder.start();
      boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
      process.destroy();
      require(
          ended && process.exitValue() == 0,
          "%s failed: %s (%s)"
              .formatted(String.join(" ", command), last(log).orElse("no output"), log));
      return Files.readString(out);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      Files.delete(out);
    }
  }

  private static Optional<String> last(Path log) throws IOException {
    return Files.readAllLines(log).stream().reduce((before, line) -> line);
  }
}
