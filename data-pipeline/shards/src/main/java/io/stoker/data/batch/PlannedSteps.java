// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import io.stoker.data.plan.EpochPlan;
import io.stoker.data.plan.Sampling;
import java.util.Arrays;
import java.util.Locale;

/** A worker's share of consecutive steps of an epoch, one batch a step; of one thread. */
final class PlannedSteps implements SampleOrder {
  private static final int NONE = -1;

  private final EpochPlan plan;
  private final int worker;
  private final int fromStep;
  private final int toStep;

  /**
   * For each place of a batch, the block that it was last at, and that block's rows: neighbours in
   * the epoch are at the same place of successive batches. Of a balanced epoch only; what a natural
   * one has is found without.
   */
  private final int[] blocks;

  private final int[][] rows;

  PlannedSteps(EpochPlan plan, int worker, int fromStep, int toStep) {
    if (worker < 0
        || worker >= plan.workers()
        || fromStep < 0
        || fromStep > toStep
        || toStep > plan.steps()) {
      throw new IndexOutOfBoundsException(
          String.format(
              Locale.ROOT,
              "Worker %d of %d, steps %d to %d of %d",
              worker,
              plan.workers(),
              fromStep,
              toStep,
              plan.steps()));
    }
    this.plan = plan;
    this.worker = worker;
    this.fromStep = fromStep;
    this.toStep = toStep;
    this.blocks = new int[plan.batch()];
    this.rows = new int[plan.batch()][];
    Arrays.fill(blocks, NONE);
  }

  @Override
  public int batches() {
    return toStep - fromStep;
  }

  @Override
  public int capacity() {
    return plan.batch();
  }

  @Override
  public int examples(int batch) {
    return plan.examples(worker, fromStep + batch);
  }

  @Override
  public int block(int batch, int example) {
    return plan.block(position(batch, example));
  }

  @Override
  public int row(int batch, int example) {
    long position = position(batch, example);
    if (plan.sampling() == Sampling.NATURAL) {
      return plan.row(position);
    }
    int block = plan.block(position);
    if (blocks[example] != block) {
      blocks[example] = block;
      rows[example] = plan.rows(block);
    }
    return rows[example][plan.offset(position)];
  }

  @Override
  public int copy(int batch, int example) {
    return plan.copy(worker, fromStep + batch, example);
  }

  private long position(int batch, int example) {
    return plan.position(worker, fromStep + batch, example);
  }
}
