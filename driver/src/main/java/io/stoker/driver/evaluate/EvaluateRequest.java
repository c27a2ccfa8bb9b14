package io.stoker.driver.evaluate;

/**
 * What to evaluate on what.
 *
 * @param checkpoint a checkpoint folder, a {@code model.zip} or a run folder
 * @param data where the shards are
 * @param split the split's name; empty for {@code test}, else {@code validation}
 * @param batch examples of one forward pass
 * @param engine the engine's name or {@code auto}
 */
public record EvaluateRequest(
    String checkpoint, String data, String split, int batch, String engine) {}
