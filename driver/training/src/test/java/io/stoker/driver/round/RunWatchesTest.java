// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.TinyJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The class path of these tests has no module above this one, and their jobs train. */
class RunWatchesTest {
  private static final List<String> EVENTS = new ArrayList<>();

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();

  @TempDir private Path folder;

  /** A watcher that a jar registers. */
  public static final class Recording implements RunWatcher {
    @Override
    public String option() {
      return "tensorboard";
    }

    @Override
    public RunWatch watch(WatchedRun run) {
      EVENTS.add("watches " + run.tensorboard().orElseThrow());
      return () -> EVENTS.add("closed");
    }
  }

  @AfterEach
  void restore() {
    Thread.currentThread().setContextClassLoader(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tensorboard.TensorBoardLog",
        "mlflow.MlflowLog",
        "report.Dashboard",
        "bench.StepBench",
        "cli.Main"
      })
  void noModuleThatShowsOrMeasuresIsThere(String name) {
    assertThatThrownBy(() -> Class.forName("io.stoker.driver." + name))
        .isInstanceOf(ClassNotFoundException.class);
  }

  @Test
  void anOptionWhoseModuleIsMissingEndsTheJobWithOneLine() {
    assertThatThrownBy(() -> RunWatches.start(run(Optional.of("board"))))
        .isInstanceOf(ResourceException.class)
        .hasMessage(
            "No jar on the class path shows runs for --tensorboard: add stoker-insight, or leave"
                + " --tensorboard out");
  }

  @Test
  void aWatcherOfAJarIsStartedWhereTheJobAsksForIt() throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(services.resolve(RunWatcher.class.getName()), Recording.class.getName());
    EVENTS.clear();
    WatchedRun none = run(Optional.empty());
    WatchedRun board =
        new WatchedRun(none.config(), none.existing(), Optional.of("board"), none.hadoop());
    try (URLClassLoader jar =
        new URLClassLoader(new URL[] {folder.toUri().toURL()}, RunWatches.class.getClassLoader())) {
      Thread.currentThread().setContextClassLoader(jar);

      RunWatches.start(none).close();
      assertThat(EVENTS).isEmpty();
      RunWatches.start(board).close();
      assertThat(EVENTS).containsExactly("watches board", "closed");
    }
  }

  private WatchedRun run(Optional<String> tensorboard) {
    return new WatchedRun(
        TinyJob.in(folder).config("run").build(),
        ExistingRun.REFUSE,
        tensorboard,
        new Configuration());
  }
}
