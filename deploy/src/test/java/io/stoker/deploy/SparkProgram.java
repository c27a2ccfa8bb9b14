// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Compiles a program against the distribution, and submits it to the Spark there. */
final class SparkProgram {
  private SparkProgram() {}

  /**
   * Runs it on two slots, to its end.
   *
   * @param source a Java file whose class has its name
   * @param arguments of its main method
   */
  static Stoker.Outcome submit(Path source, String... arguments) throws IOException {
    Path distribution = Stoker.distribution();
    Path work = Files.createTempDirectory("program");
    try {
      Path classes = work.resolve("classes");
      Path jar = work.resolve("program.jar");
      String libraries = distribution.resolve("stoker.jar") + ":" + jars(distribution);
      run("javac", "-proc:none", "-cp", libraries, "-d", classes.toString(), source.toString());
      run("jar", "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
      List<String> command =
          new ArrayList<>(
              List.of(
                  "--master",
                  "local[2]",
                  "--conf",
                  "spark.ui.enabled=false",
                  "--conf",
                  "spark.driver.bindAddress=127.0.0.1",
                  "--conf",
                  "spark.driver.host=127.0.0.1",
                  "--driver-memory",
                  "1g",
                  "--jars",
                  distribution.resolve("stoker.jar").toString(),
                  "--class",
                  source.getFileName().toString().replace(".java", ""),
                  jar.toString()));
      command.addAll(List.of(arguments));
      return new Stoker(distribution.resolve("bin/spark-submit"), work)
          .with("SPARK_HOME", distribution.toString())
          .with("OMP_NUM_THREADS", "1")
          .run(command.toArray(String[]::new));
    } finally {
      delete(work);
    }
  }

  /** The compiler knows no wildcards; its launcher does. */
  private static String jars(Path distribution) throws IOException {
    try (Stream<Path> jars = Files.list(distribution.resolve("jars"))) {
      return jars.map(Path::toString).collect(Collectors.joining(":"));
    }
  }

  private static void run(String tool, String... arguments) {
    int exitCode =
        ToolProvider.findFirst(tool).orElseThrow().run(System.out, System.err, arguments);
    if (exitCode != 0) {
      throw new AssertionError(tool + " ended with " + exitCode);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path each : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
