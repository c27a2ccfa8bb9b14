// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.slice.Correction;
import io.stoker.driver.slice.ParameterSlices;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Earlier stages have trained all rounds of a stage but the last one. Where rounds overlap, the
 * worker trains the earlier ones again with their results, for the values with which it begins the
 * last one. A stage of one round has no earlier ones.
 */
final class KnownResults implements RoundExchange {
  private final TrainStageRdd.Worker worker;
  private final ParameterSlices slices;
  private final List<SliceRdd> results;
  private final Correction correction;

  /**
   * @param results the slices after each of the earlier rounds
   */
  KnownResults(TrainStageRdd.Worker worker, List<SliceRdd> results) {
    this.worker = worker;
    this.slices = worker.average().slices();
    this.results = results;
    this.correction = new Correction(worker.average());
  }

  @Override
  public RoundExecution first() {
    return worker.beginFirst();
  }

  @Override
  public RoundExecution next(RoundExecution done) {
    List<ByteBuffer> own = new ArrayList<>();
    for (int slice = 0; slice < slices.count(); slice++) {
      own.add(done.values(slice, new byte[slices.pieceBytes(slice)]));
    }
    return worker.trainOn(done, next -> correct(next, own));
  }

  private void correct(RoundExecution next, List<ByteBuffer> own) {
    long start = System.nanoTime();
    long fetched =
        results
            .get(next.round() - 1)
            .gather(
                worker.order(),
                worker.context(),
                (slice, content) -> next.correct(correction, slice, own.get(slice), content));
    next.loaded((System.nanoTime() - start) / 1e9, fetched, List.of());
  }
}
