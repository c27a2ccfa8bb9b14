// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.ModelFiles;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.round.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.failure.DamagedException;
import io.stoker.worker.runtime.Replica;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class TrainedNetworkTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir static Path folder;
  private static Path trained;
  @TempDir Path scratch;

  @BeforeAll
  static void train() {
    TinyJob job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      TrainJob.run(
          spark, job.config("run").epochs(1).build(), ExistingRun.REFUSE, RoundListener.NONE);
    }
    trained = job.run("run/checkpoints/000003/model.zip");
  }

  @Test
  void aProcessReadsTheParametersOnce() throws IOException {
    Path file = Files.copy(trained, scratch.resolve("model.zip"));
    TrainedNetwork network = TrainedNetwork.of(List.of(open(file)), "auto", 3);
    float[] first = parameters(network);
    Files.delete(file);

    assertThat(parameters(network))
        .isEqualTo(first)
        .isEqualTo(TinyJob.parameters(trained.toString()));
  }

  @Test
  void aProcessReadsOtherParametersAgain() throws IOException {
    float[] trainedOnce = parameters(TrainedNetwork.of(List.of(open(trained)), "auto", 3));
    StoredModel other =
        open(trained.getParent().getParent().resolve("000003").resolve("model.zip"));
    float[] mean = parameters(TrainedNetwork.of(List.of(open(trained), other, other), "auto", 3));

    assertThat(mean).usingComparatorWithPrecision(1e-6f).containsExactly(trainedOnce);
  }

  @Test
  void aFileThatChangedDuringTheJobIsRefused() throws IOException {
    Path file = Files.copy(trained, scratch.resolve("model.zip"));
    StoredModel stored = open(file);
    TrainedNetwork network = TrainedNetwork.of(List.of(stored), "auto", 5);
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) stored.parametersLocation().byteOffset() + 400] ^= 1;
    Files.write(file, bytes);

    assertThatThrownBy(() -> network.borrow(HADOOP))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("model.zip: it changed during the job");
  }

  private static StoredModel open(Path file) {
    return ModelFiles.open(file.toString(), HADOOP);
  }

  private static float[] parameters(TrainedNetwork network) throws IOException {
    float[] parameters = new float[(int) network.model().parameterCount()];
    try (Replica replica = network.borrow(HADOOP)) {
      replica.network().readParameters(0, FloatBuffer.wrap(parameters));
    }
    return parameters;
  }
}
