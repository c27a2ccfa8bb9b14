package io.stoker.models.engine;

/**
 * How a network did on one batch.
 *
 * @param lossSum the sum over the examples of the cross-entropy, in nats
 * @param correct how many examples had their own class as the most probable one
 * @param examples how many examples there were
 */
public record BatchScore(double lossSum, int correct, int examples) {}
