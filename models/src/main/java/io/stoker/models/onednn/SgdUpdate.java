// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The update of stochastic gradient descent with momentum, in one loop: each chunk of parameters,
 * gradients and velocity is loaded into the processor's cache once.
 */
final class SgdUpdate {
  /** Three chunks, and the values that they are copied from, stay in the level-1 cache. */
  private static final int CHUNK = 1024;

  /** The values of one tensor, and how they are updated. */
  private record Run(int offset, int size, ParameterSpec.Role role, float rate) {
    boolean isStatistic() {
      return role == ParameterSpec.Role.STATISTIC;
    }

    /** Uses the gradients of the tensor: all at once, or block by block if they are deferred. */
    void forEachBlock(FloatBuffer all, List<DeferredGradient> deferred, DeferredGradient.Use use) {
      for (DeferredGradient gradient : deferred) {
        if (gradient.offset() == offset) {
          gradient.update(use);
          return;
        }
      }
      use.of(all.slice(offset, size), offset);
    }
  }

  private final List<Run> runs = new ArrayList<>();
  private final float[] parameters = new float[CHUNK];
  private final float[] gradients = new float[CHUNK];
  private final float[] velocity = new float[CHUNK];

  SgdUpdate(ModelSpec model, RateMultipliers rates) {
    Iterator<Float> multipliers = rates.tensors().iterator();
    long offset = 0;
    for (ModelSpec.Placed placed : model.placed()) {
      for (ParameterSpec tensor : placed.parameters()) {
        float rate = multipliers.next();
        if (rate > 0) {
          runs.add(
              new Run(
                  Math.toIntExact(offset), Math.toIntExact(tensor.size()), tensor.role(), rate));
        }
        offset += tensor.size();
      }
    }
  }

  /**
   * Updates the parameters.
   *
   * @param deferred the gradients that are not in the vector of gradients
   */
  void update(FlatVectors vectors, StepSettings settings, List<DeferredGradient> deferred) {
    FloatBuffer parameterBuffer = vectors.parameters().asBuffer();
    FloatBuffer gradientBuffer = vectors.gradients().asBuffer();
    boolean heavy = settings.momentum() != 0;
    FloatBuffer velocityBuffer = heavy ? vectors.velocity().asBuffer() : null;
    float clip = clipFactor(gradientBuffer, settings.clipNorm());
    for (Run run : runs) {
      float rate = run.isStatistic() ? 1 : settings.learningRate() * run.rate();
      float decay = run.role() == ParameterSpec.Role.WEIGHT ? settings.weightDecay() : 0;
      run.forEachBlock(
          gradientBuffer,
          deferred,
          (gradient, first) -> {
            int end = first + gradient.remaining();
            for (int from = first; from < end; from += CHUNK) {
              int size = Math.min(CHUNK, end - from);
              parameterBuffer.get(from, parameters, 0, size);
              gradient.get(gradients, 0, size);
              if (clip != 1 && !run.isStatistic()) {
                scale(size, clip);
              }
              if (heavy && !run.isStatistic()) {
                velocityBuffer.get(from, velocity, 0, size);
                heavyBall(size, rate, settings.momentum(), settings.ahead(), decay);
                velocityBuffer.put(from, velocity, 0, size);
              } else {
                plain(size, rate, decay);
              }
              parameterBuffer.put(from, parameters, 0, size);
            }
          });
    }
  }

  private float clipFactor(FloatBuffer gradientBuffer, float longest) {
    if (longest == StepSettings.UNCLIPPED) {
      return 1;
    }
    double squares = 0;
    for (Run run : runs) {
      int end = run.offset() + run.size();
      for (int from = run.offset(); from < end && !run.isStatistic(); from += CHUNK) {
        int size = Math.min(CHUNK, end - from);
        gradientBuffer.get(from, gradients, 0, size);
        for (int i = 0; i < size; i++) {
          squares += (double) gradients[i] * gradients[i];
        }
      }
    }
    return (float) Math.min(1, longest / Math.sqrt(squares));
  }

  private void scale(int size, float factor) {
    for (int i = 0; i < size; i++) {
      gradients[i] *= factor;
    }
  }

  private void heavyBall(int size, float rate, float momentum, float ahead, float decay) {
    for (int i = 0; i < size; i++) {
      float before = velocity[i];
      float v = momentum * before - rate * (gradients[i] + decay * parameters[i]);
      velocity[i] = v;
      parameters[i] += v + ahead * (v - before);
    }
  }

  private void plain(int size, float rate, float decay) {
    for (int i = 0; i < size; i++) {
      parameters[i] -= rate * (gradients[i] + decay * parameters[i]);
    }
  }
}
