// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import java.io.Serializable;

/** How a parameter tensor gets its first values. */
public sealed interface Initializer extends Serializable {
  /**
   * One case for each kind of initializer. A new kind adds a method here, and no visitor compiles
   * until it has a case for it; nor does a switch over {@link Rule} without a case for each rule.
   *
   * @param <R> what a case returns
   */
  interface Visitor<R> {
    R visitConstant(Constant initializer);

    R visitGaussian(Gaussian initializer);

    R visitRule(Rule initializer);
  }

  /** Calls the visitor's case for this kind of initializer. */
  <R> R accept(Visitor<R> visitor);

  /** One value for all weights. */
  record Constant(float value) implements Initializer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.visitConstant(this);
    }
  }

  /**
   * Normal with mean 0 and a given standard deviation, as in Krizhevsky et al., 2012, section 5.
   */
  record Gaussian(float standardDeviation) implements Initializer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.visitGaussian(this);
    }
  }

  /** A rule that needs no number but the shape of the tensor. */
  enum Rule implements Initializer {
    /**
     * Normal with variance 2 / fan-in, for rectified units: He et al., 2015, "Delving Deep into
     * Rectifiers".
     */
    HE("he"),

    /**
     * Normal with variance 2 / fan-out, which keeps the spread of the gradients on their way back:
     * He et al., 2015, section 2.2, "Backward Propagation Case". Residual nets usually begin with
     * it.
     */
    HE_FAN_OUT("he-fan-out"),

    /** Uniform with variance 2 / (fan-in + fan-out): Glorot and Bengio, 2010. */
    GLOROT("glorot"),

    /**
     * Uniform in +-2.4 / fan-in, the rule of LeCun et al., 1998, "Gradient-Based Learning Applied
     * to Document Recognition", appendix A.
     */
    LECUN("lecun"),

    /**
     * The first filters of a convolution pass on one channel each: 1 at the middle of the kernel
     * for the channel with the filter's number, 0 elsewhere (Zagoruyko and Komodakis, 2017,
     * "DiracNets"). Filters beyond the number of channels begin uniform in +-1 / sqrt(fan-in), as
     * in Jordan, 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", section 3.2.
     */
    DIRAC("dirac"),

    /**
     * The filters of a first convolution that whiten patches of the training images, as in Jordan,
     * 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", section 3.2: see {@link Whitening}.
     * They are not trained. Where there are no images, they are those of patches of white noise.
     */
    WHITEN("whiten");

    private final String text;

    Rule(String text) {
      this.text = text;
    }

    /** The rule's name in a model file. */
    String text() {
      return text;
    }

    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.visitRule(this);
    }
  }
}
