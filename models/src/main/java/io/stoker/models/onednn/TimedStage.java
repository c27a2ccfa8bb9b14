package io.stoker.models.onednn;

import io.stoker.models.engine.LayerTimes;

/** A stage whose passes are timed. It stands in a stage's place only where somebody asks. */
record TimedStage(Stage stage, int layer, LayerTimes times) implements Stage {
  @Override
  public Tensor output() {
    return stage.output();
  }

  @Override
  public boolean needsOutput() {
    return stage.needsOutput();
  }

  @Override
  public void forward(Pass pass) {
    long start = System.nanoTime();
    stage.forward(pass);
    times.addForward(layer, System.nanoTime() - start);
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    return stage.prepareBackward(outputGradient, inputGradientNeeded);
  }

  @Override
  public void backward(Pass pass) {
    long start = System.nanoTime();
    stage.backward(pass);
    times.addBackward(layer, System.nanoTime() - start);
  }
}
