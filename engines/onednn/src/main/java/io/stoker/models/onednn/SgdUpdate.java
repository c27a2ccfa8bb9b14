// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.onednn.layers.DeferredGradient;
import io.stoker.models.onednn.layers.FlatVectors;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The update of stochastic gradient descent with momentum, or of AdamW, in one loop: each chunk of
 * parameters, gradients and updater state is loaded into the processor's cache once.
 */
final class SgdUpdate implements DeferredGradient.Use {
  /** Three or four chunks, and the values that they are copied from, stay in the level-1 cache. */
  private static final int CHUNK = 1024;

  /** The values of one tensor, and how they are updated. */
  private record Run(int offset, int size, ParameterSpec.Role role, float rate) {
    boolean isStatistic() {
      return role == ParameterSpec.Role.STATISTIC;
    }
  }

  private final FlatVectors vectors;
  private final List<Run> runs = new ArrayList<>();
  private final float[] parameters = new float[CHUNK];
  private final float[] gradients = new float[CHUNK];
  private final float[] velocity = new float[CHUNK];
  private final float[] secondMoments = new float[CHUNK];

  /** The settings of the step. */
  private StepSettings settings;

  private float clip;
  private float firstCorrection;
  private float secondCorrection;

  /** The tensor that is updated. */
  private Run run;

  SgdUpdate(FlatVectors vectors, ModelSpec model, RateMultipliers rates) {
    this.vectors = vectors;
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
  void update(StepSettings settings, List<DeferredGradient> deferred) {
    this.settings = settings;
    clip = clipFactor(settings.clipNorm());
    if (settings.isAdam()) {
      firstCorrection = (float) settings.adam().firstCorrection(settings.momentum());
      secondCorrection = (float) settings.adam().secondCorrection();
    }
    for (int i = 0; i < runs.size(); i++) {
      run = runs.get(i);
      updateRun(deferred);
    }
  }

  /** Updates a tensor at once, or block by block if its gradient is deferred. */
  private void updateRun(List<DeferredGradient> deferred) {
    for (int i = 0; i < deferred.size(); i++) {
      if (deferred.get(i).offset() == run.offset()) {
        deferred.get(i).update(this);
        return;
      }
    }
    of(vectors.gradientBuffer(), run.offset(), run.offset(), run.size());
  }

  /** Updates some parameters of a tensor. */
  @Override
  public void of(FloatBuffer gradient, int first, int from, int size) {
    float rate = run.isStatistic() ? 1 : settings.learningRate() * run.rate();
    float decay = run.role() == ParameterSpec.Role.WEIGHT ? settings.weightDecay() : 0;
    boolean heavy = settings.momentum() != 0 && !run.isStatistic();
    for (int done = 0; done < size; done += CHUNK) {
      int count = Math.min(CHUNK, size - done);
      vectors.parameterBuffer().get(from + done, parameters, 0, count);
      gradient.get(first + done, gradients, 0, count);
      if (clip != 1 && !run.isStatistic()) {
        scale(count, clip);
      }
      if (settings.isAdam() && !run.isStatistic()) {
        vectors.velocityBuffer().get(from + done, velocity, 0, count);
        vectors.secondMomentBuffer().get(from + done, secondMoments, 0, count);
        adam(count, rate, decay);
        vectors.velocityBuffer().put(from + done, velocity, 0, count);
        vectors.secondMomentBuffer().put(from + done, secondMoments, 0, count);
      } else if (heavy) {
        vectors.velocityBuffer().get(from + done, velocity, 0, count);
        heavyBall(count, rate, settings.momentum(), settings.ahead(), decay);
        vectors.velocityBuffer().put(from + done, velocity, 0, count);
      } else {
        plain(count, rate, decay);
      }
      vectors.parameterBuffer().put(from + done, parameters, 0, count);
    }
  }

  private float clipFactor(float longest) {
    if (longest == StepSettings.UNCLIPPED) {
      return 1;
    }
    double squares = 0;
    for (Run each : runs) {
      int end = each.offset() + each.size();
      for (int from = each.offset(); from < end && !each.isStatistic(); from += CHUNK) {
        int size = Math.min(CHUNK, end - from);
        vectors.gradientBuffer().get(from, gradients, 0, size);
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

  private void adam(int size, float rate, float decay) {
    float first = settings.momentum();
    float second = settings.adam().secondMomentum();
    float epsilon = settings.adam().epsilon();
    float step = rate / firstCorrection;
    for (int i = 0; i < size; i++) {
      float gradient = gradients[i];
      float m = first * velocity[i] + (1 - first) * gradient;
      float s = second * secondMoments[i] + (1 - second) * gradient * gradient;
      velocity[i] = m;
      secondMoments[i] = s;
      parameters[i] -= rate * decay * parameters[i];
      parameters[i] -= step * m / ((float) Math.sqrt(s) / secondCorrection + epsilon);
    }
  }

  private void plain(int size, float rate, float decay) {
    for (int i = 0; i < size; i++) {
      parameters[i] -= rate * (gradients[i] + decay * parameters[i]);
    }
  }
}
