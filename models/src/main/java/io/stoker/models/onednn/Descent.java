package io.stoker.models.onednn;

import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The update of stochastic gradient descent with momentum, fused: each chunk of parameters,
 * gradients and velocity passes once through the processor's cache.
 */
final class Descent {
  private static final int CHUNK = 8192;

  /** A run of parameters with one rule. */
  private record Run(int offset, int size, boolean decays) {}

  private final List<Run> runs = new ArrayList<>();
  private final float[] parameters = new float[CHUNK];
  private final float[] gradients = new float[CHUNK];
  private final float[] velocity = new float[CHUNK];

  Descent(ModelSpec model) {
    long offset = 0;
    for (ModelSpec.Placed placed : model.placed()) {
      for (ParameterSpec tensor : placed.parameters()) {
        runs.add(
            new Run(
                Math.toIntExact(offset),
                Math.toIntExact(tensor.size()),
                tensor.role() == ParameterSpec.Role.WEIGHT));
        offset += tensor.size();
      }
    }
  }

  void update(Vectors vectors, StepSettings settings) {
    boolean heavy = settings.momentum() != 0;
    FloatBuffer parameterBuffer = vectors.parameters().asBuffer();
    FloatBuffer gradientBuffer = vectors.gradients().asBuffer();
    FloatBuffer velocityBuffer = heavy ? vectors.velocity().asBuffer() : null;
    for (Run run : runs) {
      float decay = run.decays() ? settings.weightDecay() : 0;
      int end = run.offset() + run.size();
      for (int from = run.offset(); from < end; from += CHUNK) {
        int size = Math.min(CHUNK, end - from);
        parameterBuffer.get(from, parameters, 0, size);
        gradientBuffer.get(from, gradients, 0, size);
        if (heavy) {
          velocityBuffer.get(from, velocity, 0, size);
          heavyBall(size, settings.learningRate(), settings.momentum(), decay);
          velocityBuffer.put(from, velocity, 0, size);
        } else {
          plain(size, settings.learningRate(), decay);
        }
        parameterBuffer.put(from, parameters, 0, size);
      }
    }
  }

  private void heavyBall(int size, float rate, float momentum, float decay) {
    for (int i = 0; i < size; i++) {
      float v = momentum * velocity[i] - rate * (gradients[i] + decay * parameters[i]);
      velocity[i] = v;
      parameters[i] += v;
    }
  }

  private void plain(int size, float rate, float decay) {
    for (int i = 0; i < size; i++) {
      parameters[i] -= rate * (gradients[i] + decay * parameters[i]);
    }
  }
}
