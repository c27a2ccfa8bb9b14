// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code deploy/docker/Dockerfile} makes: Spark with its entry point, and Stoker. Here, it is
 * a list of folders and files, each with its place in a pod.
 *
 * @param name how pods call it
 * @param files the places by source
 * @param environment the variables that the image sets
 */
record PodImage(String name, Map<Path, String> files, Map<String, String> environment) {
  static final String ENTRY_POINT = "/opt/entrypoint.sh";
  static final String WORKING_FOLDER = "/opt/spark/work-dir";
  private static final Path RESOURCES = Stoker.testClasses().resolve("kubernetes");

  PodImage {
    files = new TreeMap<>(files);
    environment = new TreeMap<>(environment);
  }

  /**
   * An image of a Spark and of the distribution that this build assembled.
   *
   * @param folder for files of the image's own
   */
  static PodImage of(String name, Path spark, Path folder) throws IOException {
    Map<Path, String> files = new TreeMap<>();
    for (String part : new String[] {"jars", "bin", "sbin"}) {
      files.put(spark.resolve(part), "/opt/spark/" + part);
    }
    // Spark mounts its configuration there.
    files.put(Files.createDirectories(folder.resolve("conf")), "/opt/spark/conf");
    for (String part : new String[] {"stoker", "stoker.jar", "bin", "logging"}) {
      files.put(Stoker.distribution().resolve(part), "/opt/stoker/" + part);
    }
    for (String script : new String[] {"entrypoint.sh", "decom.sh"}) {
      files.put(executable(folder, script), "/opt/" + script);
    }
    Path java = Path.of(System.getProperty("java.home"));
    files.put(java, "/opt/java");
    return new PodImage(
        name,
        files,
        Map.of(
            "SPARK_HOME", "/opt/spark",
            "JAVA_HOME", "/opt/java",
            "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME", "/home/spark",
            "OMP_NUM_THREADS", "1",
            "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1",
            "LC_ALL", "C.UTF-8"));
  }

  /** A script of these tests, which Maven copies without the right to be executed. */
  static Path executable(Path folder, String name) throws IOException {
    Path script = folder.resolve(name);
    if (!Files.exists(script)) {
      Files.copy(RESOURCES.resolve(name), script);
      Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    return script;
  }
}
