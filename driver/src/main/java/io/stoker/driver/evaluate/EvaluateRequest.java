package io.stoker.driver.evaluate;

/**
 * What to evaluate on what.
 *
 * @param checkpoint a checkpoint folder, a {@code model.zip} or a run folder
 * @param data where the shards are
 * @param split the split's name; empty for {@code test}, else {@code validation}
 * @param batch examples of one forward pass
 * @param engine the engine's name or {@code auto}
 * @param average of how many of a run's newest checkpoints the mean is evaluated; 1 for the
 *     checkpoint itself
 */
public record EvaluateRequest(
    String checkpoint, String data, String split, int batch, String engine, int average) {
  /** Evaluates a checkpoint itself. */
  public EvaluateRequest(String checkpoint, String data, String split, int batch, String engine) {
    this(checkpoint, data, split, batch, engine, 1);
  }
}
