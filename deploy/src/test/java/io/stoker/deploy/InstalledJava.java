// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Versions of Java other than the one that runs the tests. */
final class InstalledJava {
  private static final Path INSTALLED = Path.of("/usr/lib/jvm");

  private InstalledJava() {}

  /** The home of a version of Java. Where there is none the test is skipped, and says so. */
  static String home(int java) throws IOException {
    Optional<String> home = find(java);
    assumeThat(home).as("%s, the home of a Java %d", variable(java), java).isPresent();
    return home.orElseThrow();
  }

  private static String variable(int java) {
    return "JAVA" + java + "_HOME";
  }

  /**
   * The home of a version of Java, if there is one: the variable JAVA21_HOME, JAVA25_HOME and so
   * on, or a folder of /usr/lib/jvm.
   */
  static Optional<String> find(int java) throws IOException {
    String home = System.getenv(variable(java));
    if (home == null && Files.isDirectory(INSTALLED)) {
      try (Stream<Path> homes = Files.list(INSTALLED)) {
        home =
            homes
                .filter(each -> each.getFileName().toString().contains("-" + java + "-"))
                .filter(each -> Files.isExecutable(each.resolve("bin/java")))
                .map(Path::toString)
                .sorted()
                .findFirst()
                .orElse(null);
      }
    }
    return Optional.ofNullable(home);
  }
}
