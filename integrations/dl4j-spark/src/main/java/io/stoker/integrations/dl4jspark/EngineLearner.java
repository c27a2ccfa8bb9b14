// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.ParameterVectors;
import io.stoker.models.engine.StepSettings;
import io.stoker.worker.runtime.ExecutorResources;
import io.stoker.worker.runtime.Replica;
import io.stoker.worker.runtime.ReplicaKey;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.TaskContext;

/**
 * Steps of an engine of ours.
 *
 * @param replica the network
 * @param layout the examples
 * @param settings of each step of the round
 */
record EngineLearner(ReplicaKey replica, ExampleLayout layout, List<StepSettings> settings)
    implements Learner {

  EngineLearner {
    settings = List.copyOf(settings);
  }

  @Override
  public Borrowed borrow(TaskContext context) {
    return new Steps(ExecutorResources.here().borrowForTraining(replica, context));
  }

  private final class Steps implements Borrowed {
    private final Replica replica;
    private final Network network;
    private final float[] images;
    private final float[] targets;
    private final float[] weights;

    Steps(Replica replica) {
      this.replica = replica;
      this.network = replica.network();
      this.images = new float[network.batchCapacity() * layout.featureSize()];
      this.targets = new float[network.batchCapacity() * network.model().classes()];
      this.weights = new float[network.batchCapacity()];
      Arrays.fill(weights, 1);
    }

    @Override
    public ParameterVectors vectors() {
      return network;
    }

    @Override
    public BatchScore step(List<float[]> examples, int step, long dropoutSeed) {
      ExampleLayout.copy(examples, 0, layout.featureSize(), images);
      ExampleLayout.copy(examples, layout.featureSize(), network.model().classes(), targets);
      BatchScore score =
          network.computeGradients(images, targets, weights, examples.size(), dropoutSeed);
      network.update(settings.get(step));
      return score;
    }

    @Override
    public void giveBack() {
      replica.close();
    }
  }
}
