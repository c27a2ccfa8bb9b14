// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.job.JobPlan;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.models.file.TrainingClock;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listeners of a training job, which are called in their order. A failure of a
 * <em>required</em> one ends the job: its result, or its resumption, depends on what that listener
 * records. <em>Observers</em> only show the job: the first failure of each is logged, and training
 * goes on.
 */
public final class RoundListeners {
  /** No listeners. */
  public static final RoundListeners NONE = new RoundListeners(List.of(), List.of());

  private static final Logger LOG = LoggerFactory.getLogger(RoundListeners.class);

  private final List<RoundListener> required;
  private final List<RoundListener> observers;

  /** Observers whose failure has been logged. */
  private final Set<RoundListener> failed = Collections.newSetFromMap(new IdentityHashMap<>());

  private RoundListeners(List<RoundListener> required, List<RoundListener> observers) {
    this.required = required;
    this.observers = observers;
  }

  /** Listeners whose failure ends the job. */
  public static RoundListeners required(RoundListener... listeners) {
    return new RoundListeners(List.of(listeners), List.of());
  }

  /** Listeners whose failure is logged. */
  public static RoundListeners observing(RoundListener... listeners) {
    return new RoundListeners(List.of(), List.of(listeners));
  }

  /** These listeners, followed by others of either kind. */
  public RoundListeners and(RoundListeners others) {
    return new RoundListeners(
        Stream.concat(required.stream(), others.required.stream()).toList(),
        Stream.concat(observers.stream(), others.observers.stream()).toList());
  }

  void started(JobPlan plan, TrainingClock clock) {
    tell(listener -> listener.started(plan, clock));
  }

  void roundFinished(RoundMetrics metrics) {
    tell(listener -> listener.roundFinished(metrics));
  }

  void checkpointBegins(TrainingClock clock) {
    tell(listener -> listener.checkpointBegins(clock));
  }

  void checkpointWritten(String uri) {
    tell(listener -> listener.checkpointWritten(uri));
  }

  void validated(ValidationMetrics validation) {
    tell(listener -> listener.validated(validation));
  }

  void ended(TrainingClock clock) {
    tell(listener -> listener.ended(clock));
  }

  private void tell(Consumer<RoundListener> event) {
    required.forEach(event);
    for (RoundListener observer : observers) {
      try {
        event.accept(observer);
      } catch (RuntimeException | LinkageError e) {
        if (failed.add(observer)) {
          LOG.warn(
              "{} failed, and training goes on without its output: {}",
              observer.getClass().getSimpleName(),
              e.toString());
          LOG.debug("The observer's failure", e);
        }
      }
    }
  }
}
