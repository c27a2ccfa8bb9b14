// SPDX-License-Identifier: Apache-2.0
package io.stoker.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Only an engine itself names its library, its version of CUDA and its GPUs, so that a further
 * engine changes nothing else.
 */
class NeutralSourcesTest {
  private static final List<Path> NEUTRAL =
      List.of(
          Path.of("src/main/java/io/stoker/models/engine"),
          Path.of("src/main/java/io/stoker/models/spec"),
          Path.of("src/main/java/io/stoker/models/zoo"),
          Path.of("../../worker/src/main/java"),
          Path.of("../../driver/exchange/src/main/java/io/stoker/driver/cluster"));

  private static final Pattern LIBRARY =
      Pattern.compile("nd4j|jcublas|cudnn|cuda[- ]?1\\d", Pattern.CASE_INSENSITIVE);

  @Test
  void nameNoLibraryOfAnEngine() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path folder : NEUTRAL) {
      try (Stream<Path> files = Files.walk(folder)) {
        List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
        assertThat(sources).as(folder.toString()).isNotEmpty();
        for (Path source : sources) {
          Files.readString(source)
              .lines()
              .filter(line -> LIBRARY.matcher(line).find())
              .forEach(line -> found.add(source + ": " + line.strip()));
        }
      }
    }
    assertThat(found).isEmpty();
  }
}
