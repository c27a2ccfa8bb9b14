// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.DamagedException;
import io.stoker.worker.runtime.Replica;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class TrainedNetworkTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir static Path folder;
  private static Path first;
  private static Path trained;
  @TempDir Path scratch;

  @BeforeAll
  static void train() {
    TinyJob job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      TrainJob.run(
          spark,
          job.config("run").epochs(1).checkpointEvery(1).build(),
          ExistingRun.REFUSE,
          RoundListener.NONE);
    }
    first = job.run("run/checkpoints/000001/model.zip");
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

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 7, 12})
  void theMeanOfEqualModelsIsThatModelToTheLastBit(int models) throws IOException {
    float[] once = parameters(TrainedNetwork.of(List.of(open(trained)), "auto", 3));

    float[] mean = parameters(mean(Collections.nCopies(models, trained)));

    assertThat(Arrays.equals(mean, once)).isTrue();
  }

  @Test
  void theMeanIsRoundedOnce() throws IOException {
    List<Path> files = List.of(trained, first, trained);
    float[] one = TinyJob.parameters(first.toString());
    float[] other = TinyJob.parameters(trained.toString());
    float[] expected = new float[one.length];
    for (int i = 0; i < one.length; i++) {
      expected[i] = (float) ((2 * (double) other[i] + one[i]) / 3);
    }

    assertThat(Arrays.equals(parameters(mean(files)), expected)).isTrue();
  }

  private static TrainedNetwork mean(List<Path> files) {
    return TrainedNetwork.of(files.stream().map(TrainedNetworkTest::open).toList(), "auto", 3);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aFileThatChangedDuringTheJobIsRefused(int others) throws IOException {
    Path file = Files.copy(trained, scratch.resolve("model.zip"));
    StoredModel stored = open(file);
    List<StoredModel> models = new ArrayList<>(Collections.nCopies(others, open(first)));
    models.add(stored);
    TrainedNetwork network = TrainedNetwork.of(models, "auto", 5);
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
