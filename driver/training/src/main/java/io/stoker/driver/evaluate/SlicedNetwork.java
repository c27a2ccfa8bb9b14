// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceSource;
import io.stoker.driver.slice.SliceTasks;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Network;
import io.stoker.models.file.TrainingClock;
import io.stoker.worker.runtime.Replica;
import java.io.IOException;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;

/**
 * A network that is in training, and predicts with the parameters in the slices of its job: with
 * their moving average where there is one, else with those of the last step.
 *
 * @param network the network
 * @param frozen where the parameters are that are in no slice
 * @param clock how far the job is
 */
record SlicedNetwork(TrainedNetwork network, SliceSource frozen, TrainingClock clock)
    implements Serializable {
  /**
   * Borrows a replica with the parameters in it.
   *
   * @throws InputException if one is not finite
   */
  Replica borrow(ParameterSlices layout, SliceTasks.Reader slices, Configuration hadoop)
      throws IOException {
    return network.borrow(replica -> load(replica, layout, slices, hadoop));
  }

  private void load(
      Network replica, ParameterSlices layout, SliceTasks.Reader slices, Configuration hadoop) {
    frozen.loadFrozen(replica, layout, hadoop);
    int vector = layout.ema() ? layout.emaVector() : 0;
    slices.forEach(
        (slice, content) -> {
          int length = layout.length(slice);
          FloatBuffer values = content.asFloatBuffer().slice(vector * length, length);
          requireFinite(layout.offset(slice), values);
          replica.writeParameters(layout.offset(slice), values);
        });
  }

  private void requireFinite(long offset, FloatBuffer values) {
    for (int i = 0; i < values.limit(); i++) {
      if (!Float.isFinite(values.get(i))) {
        throw new InputException(
            String.format(
                Locale.ROOT,
                "Training diverged in round %d: parameter %d is %s; try a lower learning rate or a"
                    + " warm-up",
                clock.round(),
                offset + i,
                values.get(i)));
      }
    }
  }
}
