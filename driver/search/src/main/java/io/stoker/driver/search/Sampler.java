// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import io.stoker.base.SplitMix64;
import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.random.SobolSequenceGenerator;

/** Where the trials of a study are in its space. */
public enum Sampler {
  /** Independent and uniform. */
  RANDOM {
    @Override
    double[] point(int trial, long seed, SearchSpace space, History history) {
      return independent(trial, seed, space.dimensions().size());
    }
  },

  /** Sobol's sequence (1967), which fills the space evenly, shifted by the seed. */
  SOBOL {
    @Override
    double[] point(int trial, long seed, SearchSpace space, History history) {
      return sobol(trial, seed, space.dimensions().size());
    }
  },

  /**
   * Sobol's sequence first, then a tree-structured Parzen estimator, see {@link ParzenEstimator}.
   */
  TPE {
    @Override
    double[] point(int trial, long seed, SearchSpace space, History history) {
      return history.points().size() < FEWEST_RESULTS
          ? sobol(trial, seed, space.dimensions().size())
          : ParzenEstimator.of(space.dimensions(), history).propose(trial, seed);
    }

    @Override
    int known(int trial, int sideBySide) {
      return Math.max(0, trial - sideBySide + 1);
    }
  };

  /**
   * Trials whose results are known.
   *
   * @param points where they are in the space
   * @param ranks the rank of each after its first rung among those of its bracket, 0 to 1 from the
   *     best
   */
  record History(List<double[]> points, List<Double> ranks) {}

  /** On how many results a place depends at least. */
  private static final int FEWEST_RESULTS = 4;

  /** The most trials of a study. */
  public static final int MOST_TRIALS = 100_000;

  /**
   * The place of a trial, a function of its arguments.
   *
   * @param trial from 0
   * @param history the first {@link #known} trials
   */
  abstract double[] point(int trial, long seed, SearchSpace space, History history);

  /**
   * On the results of how many trials, the first ones, a trial depends.
   *
   * @param sideBySide how many trials may run at the same time, this one included
   */
  int known(int trial, int sideBySide) {
    return 0;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static double[] independent(int trial, long seed, int dimensions) {
    double[] point = new double[dimensions];
    for (int i = 0; i < dimensions; i++) {
      point[i] = uniform(seed, trial, i);
    }
    return point;
  }

  /** A number from 0 to below 1, a function of its arguments. */
  static double uniform(long seed, long first, long second) {
    return SplitMix64.unit(SplitMix64.mix(seed, first, second));
  }

  private static double[] sobol(int trial, long seed, int dimensions) {
    double[] point = new SobolSequenceGenerator(dimensions).skipTo(trial + 1);
    for (int i = 0; i < dimensions; i++) {
      double shifted = point[i] + uniform(seed, -1, i);
      point[i] = shifted - Math.floor(shifted);
    }
    return point;
  }
}
