// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The update of stochastic gradient descent with momentum, in place. Tensors that learn at the same
 * rate are updated together, so that a step asks a card for few operations.
 */
final class SgdUpdate {
  /**
   * Values of the vectors that are updated alike.
   *
   * @param rate the factor of the learning rate
   */
  record Run(long offset, long size, float rate) {
    boolean endsAt(long other) {
      return offset + size == other;
    }

    Tensor in(Tensor vector) {
      return vector.narrow(0, offset, size);
    }
  }

  /** The tensors with one rate. Views of vectors are made when they are first used. */
  private final class Group {
    private final float rate;

    /** Joined where they are neighbours. */
    private final List<Run> learning = new ArrayList<>();

    /** Of these, the weights, which decay. */
    private final List<Run> decaying = new ArrayList<>();

    private VectorParts parameters;
    private VectorParts gradients;
    private VectorParts velocity;
    private VectorParts weights;
    private VectorParts velocityOfWeights;

    Group(float rate) {
      this.rate = rate;
    }

    void view() {
      if (parameters == null) {
        parameters = new VectorParts(place, vectors.parameters(), learning);
        gradients = new VectorParts(place, vectors.gradients(), learning);
        weights = new VectorParts(place, vectors.parameters(), decaying);
      }
    }

    void viewVelocity() {
      if (velocity == null) {
        velocity = new VectorParts(place, vectors.velocity(), learning);
        velocityOfWeights = new VectorParts(place, vectors.velocity(), decaying);
      }
    }

    Scalar rate(StepSettings settings, float factor) {
      return new Scalar(settings.learningRate() * rate * factor);
    }

    void descend(StepSettings settings, float clip) {
      if (settings.weightDecay() != 0) {
        weights.subtract(weights, rate(settings, settings.weightDecay()));
      }
      parameters.subtract(gradients, rate(settings, clip));
    }

    void descendWithMomentum(StepSettings settings, float clip) {
      viewVelocity();
      List<Tensor> before = new ArrayList<>();
      if (settings.ahead() != 0) {
        learning.forEach(run -> before.add(run.in(vectors.velocity()).clone()));
      }
      velocity.multiply(new Scalar(settings.momentum()));
      velocity.subtract(gradients, rate(settings, clip));
      if (settings.weightDecay() != 0) {
        velocityOfWeights.subtract(weights, rate(settings, settings.weightDecay()));
      }
      parameters.add(velocity, new Scalar(1f));
      for (int i = 0; i < before.size(); i++) {
        Tensor change = learning.get(i).in(vectors.velocity()).sub(before.get(i));
        learning.get(i).in(vectors.parameters()).add_(change, new Scalar(settings.ahead()));
      }
    }
  }

  private final Place place;
  private final FlatVectors vectors;
  private final Map<Float, Group> groups = new LinkedHashMap<>();
  private final List<Run> statistics = new ArrayList<>();
  private VectorParts runningStatistics;
  private VectorParts gradientsOfStatistics;

  SgdUpdate(Place place, FlatVectors vectors, ModelSpec model, RateMultipliers rates) {
    this.place = place;
    this.vectors = vectors;
    Iterator<Float> multipliers = rates.tensors().iterator();
    long offset = 0;
    for (ModelSpec.Placed placed : model.placed()) {
      for (ParameterSpec tensor : placed.parameters()) {
        Run run = new Run(offset, tensor.size(), multipliers.next());
        offset += tensor.size();
        if (run.rate() == 0) {
          continue;
        }
        if (tensor.role() == ParameterSpec.Role.STATISTIC) {
          join(statistics, run);
          continue;
        }
        Group group = groups.computeIfAbsent(run.rate(), Group::new);
        join(group.learning, run);
        if (tensor.role() == ParameterSpec.Role.WEIGHT) {
          join(group.decaying, run);
        }
      }
    }
  }

  private static void join(List<Run> runs, Run next) {
    int last = runs.size() - 1;
    if (last >= 0 && runs.get(last).endsAt(next.offset()) && runs.get(last).rate() == next.rate()) {
      Run before = runs.get(last);
      runs.set(last, new Run(before.offset(), before.size() + next.size(), next.rate()));
    } else {
      runs.add(next);
    }
  }

  /** {@code v = m v - rate (g + decay w)}, {@code w = w + v}; see {@link StepSettings}. */
  void update(StepSettings settings) {
    float clip = clipFactor(settings.clipNorm());
    for (Group group : groups.values()) {
      group.view();
      if (settings.momentum() == 0) {
        group.descend(settings, clip);
      } else {
        group.descendWithMomentum(settings, clip);
      }
    }
    if (!statistics.isEmpty()) {
      subtractFromStatistics();
    }
  }

  private void subtractFromStatistics() {
    if (runningStatistics == null) {
      runningStatistics = new VectorParts(place, vectors.parameters(), statistics);
      gradientsOfStatistics = new VectorParts(place, vectors.gradients(), statistics);
    }
    runningStatistics.subtract(gradientsOfStatistics, new Scalar(1f));
  }

  private float clipFactor(float longest) {
    if (longest == StepSettings.UNCLIPPED) {
      return 1;
    }
    double squares = 0;
    for (Group group : groups.values()) {
      for (Run run : group.learning) {
        Tensor exact = run.in(vectors.gradients()).to(ScalarType.Double);
        squares += exact.dot(exact).item_double();
      }
    }
    return (float) Math.min(1, longest / Math.sqrt(squares));
  }
}
