// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The update of stochastic gradient descent with momentum, in place. Neighbouring tensors that
 * learn at the same rate are updated together, so that a step asks a card for few operations.
 */
final class SgdUpdate {
  /**
   * Values that are updated alike.
   *
   * @param rate the factor of the learning rate
   */
  private record Run(long offset, long size, float rate) {
    boolean endsAt(long other) {
      return offset + size == other;
    }

    Tensor in(Tensor vector) {
      return vector.narrow(0, offset, size);
    }
  }

  /** Tensors that learn, joined where they are neighbours with the same rate. */
  private final List<Run> learning = new ArrayList<>();

  /** Of these, the weights, which decay. */
  private final List<Run> decaying = new ArrayList<>();

  private final List<Run> statistics = new ArrayList<>();

  SgdUpdate(ModelSpec model, RateMultipliers rates) {
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
        join(learning, run);
        if (tensor.role() == ParameterSpec.Role.WEIGHT) {
          join(decaying, run);
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
  void update(FlatVectors vectors, StepSettings settings) {
    float clip = clipFactor(vectors.gradients(), settings.clipNorm());
    if (settings.momentum() == 0) {
      decay(vectors, vectors.parameters(), settings);
      for (Run run : learning) {
        Tensor gradient = run.in(vectors.gradients());
        run.in(vectors.parameters()).sub_(gradient, rate(settings, run, clip));
      }
    } else {
      heavyBall(vectors, settings, clip);
    }
    for (Run run : statistics) {
      run.in(vectors.parameters()).sub_(run.in(vectors.gradients()));
    }
  }

  private void heavyBall(FlatVectors vectors, StepSettings settings, float clip) {
    Scalar momentum = new Scalar(settings.momentum());
    List<Tensor> before = new ArrayList<>();
    for (Run run : learning) {
      Tensor velocity = run.in(vectors.velocity());
      before.add(settings.ahead() == 0 ? velocity : velocity.clone());
      velocity.mul_(momentum).sub_(run.in(vectors.gradients()), rate(settings, run, clip));
    }
    decay(vectors, vectors.velocity(), settings);
    for (int i = 0; i < learning.size(); i++) {
      Tensor parameters = learning.get(i).in(vectors.parameters());
      Tensor velocity = learning.get(i).in(vectors.velocity());
      parameters.add_(velocity);
      if (settings.ahead() != 0) {
        parameters.add_(velocity.sub(before.get(i)), new Scalar(settings.ahead()));
      }
    }
  }

  /** Subtracts {@code rate * decay * w} of the weights from a vector. */
  private void decay(FlatVectors vectors, Tensor from, StepSettings settings) {
    if (settings.weightDecay() == 0) {
      return;
    }
    for (Run run : decaying) {
      run.in(from).sub_(run.in(vectors.parameters()), rate(settings, run, settings.weightDecay()));
    }
  }

  private static Scalar rate(StepSettings settings, Run run, float factor) {
    return new Scalar(settings.learningRate() * run.rate() * factor);
  }

  private float clipFactor(Tensor gradients, float longest) {
    if (longest == StepSettings.UNCLIPPED) {
      return 1;
    }
    double squares = 0;
    for (Run run : learning) {
      Tensor exact = run.in(gradients).to(ScalarType.Double);
      squares += exact.dot(exact).item_double();
    }
    return (float) Math.min(1, longest / Math.sqrt(squares));
  }
}
