package io.stoker.driver.evaluate;

/**
 * How one class fared; a ratio of nothing to nothing is 0.
 *
 * @param name the class
 * @param examples how many examples are of it
 * @param precision of those predicted as it, the share that are
 * @param recall of those that are of it, the share predicted so
 * @param f1 the harmonic mean of both
 */
public record ClassScore(String name, long examples, double precision, double recall, double f1) {}
