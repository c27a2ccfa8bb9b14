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
 * The update of stochastic gradient descent with momentum, or of AdamW, in place. Tensors that
 * learn at the same rate are updated together, so that a step asks a GPU for few operations.
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

    /** And all others. */
    private final List<Run> lasting = new ArrayList<>();

    private final Parts all = new Parts(learning);
    private final Parts weights = new Parts(decaying);
    private final Parts others = new Parts(lasting);

    Group(float rate) {
      this.rate = rate;
    }

    void add(Run run, boolean decays) {
      join(learning, run);
      join(decays ? decaying : lasting, run);
    }

    /** A step of AdamW. */
    void adapt(StepSettings settings, float clip) {
      double scaled = (double) settings.learningRate() * rate;
      double first = settings.momentum();
      double second = settings.adam().secondMomentum();
      for (Run run : decaying) {
        run.in(vectors.parameters()).mul_(new Scalar(1 - scaled * settings.weightDecay()));
      }
      for (Run run : learning) {
        Tensor gradient = run.in(vectors.gradients()).mul(new Scalar(clip));
        Tensor moments = run.in(vectors.velocity());
        Tensor squares = run.in(vectors.secondMoments());
        moments.mul_(new Scalar(first)).add_(gradient, new Scalar(1 - first));
        squares.mul_(new Scalar(second)).addcmul_(gradient, gradient, new Scalar(1 - second));
        Tensor divisor =
            squares
                .sqrt()
                .div_(new Scalar(settings.adam().secondCorrection()))
                .add_(new Scalar(settings.adam().epsilon()));
        double step = scaled / settings.adam().firstCorrection(settings.momentum());
        run.in(vectors.parameters()).addcdiv_(moments, divisor, new Scalar(-step));
      }
    }

    void descend(StepSettings settings, float clip) {
      double factor = (double) settings.learningRate() * rate * clip;
      List<Tensor> before = new ArrayList<>();
      if (settings.ahead() != 0) {
        learning.forEach(run -> before.add(run.in(vectors.velocity()).clone()));
      }
      if (settings.weightDecay() == 0) {
        all.descend(factor, 0, settings.momentum());
      } else {
        // A clipped gradient leaves the decay as it is.
        weights.descend(factor, (double) settings.weightDecay() / clip, settings.momentum());
        others.descend(factor, 0, settings.momentum());
      }
      for (int i = 0; i < before.size(); i++) {
        Tensor change = learning.get(i).in(vectors.velocity()).sub(before.get(i));
        learning.get(i).in(vectors.parameters()).add_(change, new Scalar(settings.ahead()));
      }
    }
  }

  /** The same parts of each vector. */
  private final class Parts {
    private final List<Run> runs;
    private VectorParts parameters;
    private VectorParts gradients;
    private VectorParts velocity;

    Parts(List<Run> runs) {
      this.runs = runs;
    }

    void descend(double rate, double decay, double momentum) {
      if (parameters == null) {
        parameters = new VectorParts(memory, vectors.parameters(), runs);
        gradients = new VectorParts(memory, vectors.gradients(), runs);
      }
      if (momentum == 0) {
        parameters.descend(gradients, rate, decay);
        return;
      }
      if (velocity == null) {
        velocity = new VectorParts(memory, vectors.velocity(), runs);
      }
      parameters.descend(gradients, velocity, rate, decay, momentum);
    }
  }

  private final NetworkMemory memory;
  private final FlatVectors vectors;
  private final Map<Float, Group> groups = new LinkedHashMap<>();
  private final List<Run> statistics = new ArrayList<>();
  private VectorParts runningStatistics;
  private VectorParts gradientsOfStatistics;

  SgdUpdate(NetworkMemory memory, FlatVectors vectors, ModelSpec model, RateMultipliers rates) {
    this.memory = memory;
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
        groups
            .computeIfAbsent(run.rate(), Group::new)
            .add(run, tensor.role() == ParameterSpec.Role.WEIGHT);
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
      if (settings.isAdam()) {
        group.adapt(settings, clip);
      } else {
        group.descend(settings, clip);
      }
    }
    if (!statistics.isEmpty()) {
      subtractFromStatistics();
    }
  }

  private void subtractFromStatistics() {
    if (runningStatistics == null) {
      runningStatistics = new VectorParts(memory, vectors.parameters(), statistics);
      gradientsOfStatistics = new VectorParts(memory, vectors.gradients(), statistics);
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
