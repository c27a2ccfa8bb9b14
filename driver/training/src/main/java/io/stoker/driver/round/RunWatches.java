// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.base.library.ProgramLoader;
import io.stoker.failure.ResourceException;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The watches of a run that its job asks for. It owns them. */
public final class RunWatches implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunWatches.class);

  private final List<RunWatch> watches = new ArrayList<>();

  private RunWatches() {}

  /**
   * Starts them.
   *
   * @throws ResourceException if the job asks for one whose module is not on the class path
   */
  public static RunWatches start(WatchedRun run) {
    RunWatches started = new RunWatches();
    try {
      if (run.tensorboard().isPresent()) {
        started.watches.add(watcher("tensorboard").watch(run));
      }
      if (run.config().tracking().isOn()) {
        started.watches.add(watcher("mlflow").watch(run));
      }
      return started;
    } catch (RuntimeException e) {
      started.close();
      throw e;
    }
  }

  /**
   * Starts to log a study to MLflow.
   *
   * @throws ResourceException if the module that does is not on the class path
   */
  public static StudyWatch start(WatchedStudy study) {
    return watcher("mlflow").watch(study);
  }

  private static RunWatcher watcher(String option) {
    return ServiceLoader.load(RunWatcher.class, ProgramLoader.now()).stream()
        .map(ServiceLoader.Provider::get)
        .filter(each -> each.option().equals(option))
        .findFirst()
        .orElseThrow(
            () ->
                new ResourceException(
                    "No jar on the class path shows runs for --%s: add stoker-insight, or leave --%s out"
                        .formatted(option, option)));
  }

  /** The watches as observers of the job. */
  public RoundListeners listeners() {
    return RoundListeners.observing(watches.toArray(RoundListener[]::new));
  }

  @Override
  public void close() {
    watches.forEach(RunWatches::close);
  }

  /** Closes an observer: the run is complete or has failed, and no observer changes that. */
  public static void close(AutoCloseable observer) {
    try {
      observer.close();
    } catch (Exception e) {
      LOG.warn("Cannot close {}: {}", observer.getClass().getSimpleName(), e.toString());
    }
  }
}
