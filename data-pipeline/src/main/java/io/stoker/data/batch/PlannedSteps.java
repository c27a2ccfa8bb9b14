package io.stoker.data.batch;

import io.stoker.data.plan.EpochPlan;

/** A worker's share of consecutive steps of an epoch, one batch a step. */
record PlannedSteps(EpochPlan plan, int worker, int fromStep, int toStep) implements Schedule {
  PlannedSteps {
    if (worker < 0
        || worker >= plan.workers()
        || fromStep < 0
        || fromStep > toStep
        || toStep > plan.steps()) {
      throw new IndexOutOfBoundsException(
          "Worker %d of %d, steps %d to %d of %d"
              .formatted(worker, plan.workers(), fromStep, toStep, plan.steps()));
    }
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
    return plan.block(plan.position(worker, fromStep + batch, example));
  }

  @Override
  public int row(int batch, int example) {
    return plan.row(plan.position(worker, fromStep + batch, example));
  }
}
