// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LogLines;
import io.stoker.models.file.TrainingClock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundListenersTest {
  private final List<String> told = new ArrayList<>();

  private RoundListener recording(String name) {
    return new RoundListener() {
      @Override
      public void checkpointWritten(String uri) {
        told.add(name + " " + uri);
      }
    };
  }

  private static RoundListener failing() {
    return new RoundListener() {
      @Override
      public void checkpointWritten(String uri) {
        throw new IllegalStateException("no space for " + uri);
      }

      @Override
      public void ended(TrainingClock clock) {
        throw new NoClassDefFoundError("Missing");
      }
    };
  }

  @Test
  void areToldInTheirOrderRequiredOnesFirst() {
    RoundListeners listeners =
        RoundListeners.observing(recording("observer"))
            .and(RoundListeners.required(recording("required"), recording("second")));

    listeners.checkpointWritten("a");

    assertThat(told).containsExactly("required a", "second a", "observer a");
  }

  @Test
  void observersThatFailAreLoggedOnceAndTheOthersAreTold() {
    RoundListeners listeners = RoundListeners.observing(failing(), recording("other"));

    List<String> logged;
    try (LogLines log = LogLines.of(RoundListeners.class)) {
      listeners.checkpointWritten("a");
      listeners.checkpointWritten("b");
      listeners.ended(TrainingClock.START);
      logged = log.lines();
    }

    assertThat(told).containsExactly("other a", "other b");
    assertThat(logged).hasSize(1);
    assertThat(logged.get(0)).startsWith("WARN").contains("no space for a");
  }

  @Test
  void requiredOnesThatFailEndTheJob() {
    RoundListeners listeners =
        RoundListeners.required(failing()).and(RoundListeners.observing(recording("observer")));

    assertThatThrownBy(() -> listeners.checkpointWritten("a")).hasMessage("no space for a");
    assertThat(told).isEmpty();
  }
}
