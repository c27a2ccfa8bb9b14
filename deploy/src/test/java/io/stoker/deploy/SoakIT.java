// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A short run of {@link Soak}: so many faults at random, which lose no job and change no bit. */
class SoakIT {
  private static final String FAULTS = "30";
  private static final String SEED = "1";

  @TempDir private Path folder;

  @Test
  @Tag("thorough")
  void faultsAtRandomLoseNothing() throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path")));
    System.getProperties()
        .stringPropertyNames()
        .forEach(
            name -> {
              if (name.startsWith("stoker.")) {
                command.add("-D" + name + "=" + System.getProperty(name));
              }
            });
    command.addAll(List.of(Soak.class.getName(), FAULTS, SEED));

    int exitCode =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start()
            .waitFor();

    assertThat(exitCode).as(Files.readString(output)).isZero();
  }
}
