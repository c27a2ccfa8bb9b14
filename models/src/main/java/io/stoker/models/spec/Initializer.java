package io.stoker.models.spec;

/** How a parameter tensor gets its first values. */
public sealed interface Initializer {
  /** All values the same. */
  record Constant(float value) implements Initializer {}

  /**
   * Normal with mean 0 and a given standard deviation, as in Krizhevsky et al., 2012, section 5.
   */
  record Gaussian(float standardDeviation) implements Initializer {}

  /**
   * Normal with variance 2 / fan-in, for rectified units: He et al., 2015, "Delving Deep into
   * Rectifiers".
   */
  record He() implements Initializer {}

  /** Uniform with variance 2 / (fan-in + fan-out): Glorot and Bengio, 2010. */
  record Glorot() implements Initializer {}

  /**
   * Uniform in +-2.4 / fan-in, the rule of LeCun et al., 1998, "Gradient-Based Learning Applied to
   * Document Recognition", appendix A.
   */
  record LeCun() implements Initializer {}
}
