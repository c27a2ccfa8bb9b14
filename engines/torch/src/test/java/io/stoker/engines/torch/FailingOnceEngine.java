// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** The engine under test, of which one step of one network fails. */
public final class FailingOnceEngine implements Engine {
  /** The steps until the failure; not positive when it is over. */
  static final AtomicInteger STEPS_LEFT = new AtomicInteger();

  private final TorchEngine engine = new TorchEngine();

  @Override
  public String name() {
    return "torch-failing-once";
  }

  @Override
  public boolean available() {
    return engine.available();
  }

  @Override
  public int rank() {
    return Integer.MIN_VALUE;
  }

  @Override
  public int threads() {
    return engine.threads();
  }

  @Override
  public String description() {
    return engine.description();
  }

  @Override
  public Arithmetic resolve(ModelSpec model, int batchCapacity, Arithmetic asked) {
    return engine.resolve(model, batchCapacity, asked);
  }

  @Override
  public Network create(ModelSpec model, int batchCapacity, RateMultipliers rates) {
    return new FailingNetwork(engine.create(model, batchCapacity, rates));
  }

  private record FailingNetwork(Network network) implements Network {
    @Override
    public BatchScore computeGradients(
        float[] images, float[] targets, float[] weights, int examples, long dropoutSeed) {
      BatchScore score = network.computeGradients(images, targets, weights, examples, dropoutSeed);
      if (STEPS_LEFT.decrementAndGet() == 0) {
        throw new IllegalStateException("This step fails");
      }
      return score;
    }

    @Override
    public ModelSpec model() {
      return network.model();
    }

    @Override
    public int batchCapacity() {
      return network.batchCapacity();
    }

    @Override
    public void update(StepSettings settings) {
      network.update(settings);
    }

    @Override
    public void predict(float[] images, int examples, float[] probabilities) {
      network.predict(images, examples, probabilities);
    }

    @Override
    public void readParameters(long offset, FloatBuffer target) {
      network.readParameters(offset, target);
    }

    @Override
    public void writeParameters(long offset, FloatBuffer source) {
      network.writeParameters(offset, source);
    }

    @Override
    public void readGradients(long offset, FloatBuffer target) {
      network.readGradients(offset, target);
    }

    @Override
    public void readUpdaterState(long offset, FloatBuffer target) {
      network.readUpdaterState(offset, target);
    }

    @Override
    public void writeUpdaterState(long offset, FloatBuffer source) {
      network.writeUpdaterState(offset, source);
    }

    @Override
    public void resetUpdaterState() {
      network.resetUpdaterState();
    }

    @Override
    public void close() {
      network.close();
    }
  }
}
