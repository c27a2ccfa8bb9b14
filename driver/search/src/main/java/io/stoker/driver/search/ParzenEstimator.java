// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A tree-structured Parzen estimator (Bergstra et al., 2011, "Algorithms for Hyper-Parameter
 * Optimization", section 4): l is the density of the best quarter of the trials, g that of the
 * others, and the next trial is, of some candidates drawn from l, that with the largest l / g.
 *
 * <p>Densities are products over the dimensions. Of a range they are mixtures of normal
 * distributions around the trials' positions and a uniform one; of a choice, counts to which a
 * prior of one trial is added.
 */
final class ParzenEstimator {
  private static final double BEST = 0.25;
  private static final int CANDIDATES = 24;
  private static final double NARROWEST = 0.03;

  private final List<Dimension> space;
  private final List<double[]> good;
  private final List<double[]> bad;

  private ParzenEstimator(List<Dimension> space, List<double[]> good, List<double[]> bad) {
    this.space = space;
    this.good = good;
    this.bad = bad;
  }

  /**
   * The estimator of some trials.
   *
   * @param trials at least one
   */
  static ParzenEstimator of(List<Dimension> space, Sampler.History trials) {
    List<double[]> points = trials.points();
    List<Integer> order =
        IntStream.range(0, points.size())
            .boxed()
            .sorted(
                Comparator.<Integer>comparingDouble(i -> trials.ranks().get(i))
                    .thenComparingInt(i -> i))
            .toList();
    int best = (int) Math.ceil(BEST * points.size());
    List<double[]> good = new ArrayList<>();
    List<double[]> bad = new ArrayList<>();
    order.forEach(i -> (good.size() < best ? good : bad).add(points.get(i)));
    return new ParzenEstimator(space, good, bad);
  }

  /** The next trial. */
  double[] propose(int trial, long seed) {
    double[] proposed = new double[0];
    double highest = Double.NEGATIVE_INFINITY;
    for (int candidate = 0; candidate < CANDIDATES; candidate++) {
      double[] point = new double[space.size()];
      double ratio = 0;
      for (int i = 0; i < point.length; i++) {
        long place = ((long) trial * CANDIDATES + candidate) * point.length + i;
        point[i] = draw(i, seed, place);
        ratio += Math.log(density(i, point[i], good)) - Math.log(density(i, point[i], bad));
      }
      if (ratio > highest) {
        highest = ratio;
        proposed = point;
      }
    }
    return proposed;
  }

  private double draw(int dimension, long seed, long place) {
    double which = Sampler.uniform(seed, place, -1) * (good.size() + 1);
    double uniform = Sampler.uniform(seed, place, -2);
    if (which >= good.size()) {
      return uniform;
    }
    double center = good.get((int) which)[dimension];
    if (space.get(dimension) instanceof Dimension.Choice choice) {
      return (choice.index(center) + uniform) / choice.values().size();
    }
    double width = width(good);
    double low = normal((0 - center) / width);
    double high = normal((1 - center) / width);
    return quantile(low + uniform * (high - low), center, width);
  }

  private double density(int dimension, double position, List<double[]> trials) {
    double sum = 1; // The prior, which is uniform.
    double width = width(trials);
    for (double[] trial : trials) {
      if (space.get(dimension) instanceof Dimension.Choice choice) {
        boolean same = choice.index(trial[dimension]) == choice.index(position);
        sum += same ? choice.values().size() : 0;
      } else {
        double distance = (position - trial[dimension]) / width;
        double inside =
            normal((1 - trial[dimension]) / width) - normal((0 - trial[dimension]) / width);
        sum += Math.exp(-0.5 * distance * distance) / Math.sqrt(2 * Math.PI) / width / inside;
      }
    }
    return sum / (trials.size() + 1);
  }

  /** Narrower as trials become more: Scott's rule for the spread of a uniform distribution. */
  private static double width(List<double[]> trials) {
    return Math.max(NARROWEST, Math.pow(trials.size(), -0.2) / Math.sqrt(12));
  }

  /** The distribution function of the normal distribution, by its logistic approximation. */
  private static double normal(double x) {
    return 1 / (1 + Math.exp(-1.5976 * x - 0.070566 * x * x * x));
  }

  private static double quantile(double probability, double center, double width) {
    double low = 0;
    double high = 1;
    for (int i = 0; i < 50; i++) {
      double middle = (low + high) / 2;
      if (normal((middle - center) / width) < probability) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return Math.min(low, Math.nextDown(1.0));
  }
}
