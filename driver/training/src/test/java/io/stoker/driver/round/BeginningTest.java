// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.config.ClassWeightsFile;
import io.stoker.driver.config.NormalizationSource;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.run.RunFolder;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that a job names are replaced or deleted before it is resumed. */
@Exact
class BeginningTest extends WholeJobs {
  /** Jobs that begin with an initial model, by what they take from it. */
  enum Transfer {
    PARAMETERS,
    FROZEN_LAYERS,
    MEAN_AND_DEVIATION;

    TrainingConfig.Builder change(TrainingConfig.Builder config) {
      return switch (this) {
        case PARAMETERS -> config;
        case FROZEN_LAYERS -> config.freeze("4");
        case MEAN_AND_DEVIATION -> config.normalization(NormalizationSource.INIT);
      };
    }
  }

  private static String first;
  private static String second;

  private final Path initial = folder.resolve("initial.zip");

  @BeforeAll
  static void trainTwoModels() {
    first = TinyJob.train(spark, job.config("first")).checkpoint();
    second = TinyJob.train(spark, job.config("second").seed(4)).checkpoint();
  }

  @BeforeEach
  void nameTheFirstModel() throws IOException {
    copy(first);
  }

  private void copy(String checkpoint) throws IOException {
    Files.copy(
        Path.of(checkpoint.replace("file:", "")).resolve("model.zip"),
        initial,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private TrainingConfig.Builder config(Transfer transfer, String run) {
    return transfer.change(
        job.config(transfer + "-" + run).init(initial.toString()).epochs(4).checkpointEvery(2));
  }

  @Test
  void refusesAnInitialModelThatIsReplacedWhileTheJobBegins() throws IOException {
    Configuration hadoop = new Configuration();
    StoredModel named = ModelFiles.open(initial.toString(), hadoop);
    String sha256 = named.sha256(hadoop);
    RunFolder run =
        RunFolder.at(
            new org.apache.hadoop.fs.Path(
                Files.createDirectory(folder.resolve("replaced")).toUri()),
            hadoop);
    run.copyInitialModel(named, sha256);
    copy(second);
    assertThatThrownBy(() -> run.copyInitialModel(named, sha256))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("it was replaced (begin again)");
  }

  @ParameterizedTest
  @EnumSource
  void resumesToTheSameBitsWhereTheInitialModelIsAnotherOneNow(Transfer transfer)
      throws IOException {
    String undisturbed = TinyJob.train(spark, config(transfer, "undisturbed")).parametersSha256();
    TinyJob.stop(spark, config(transfer, "early"), 1);
    TinyJob.stop(spark, config(transfer, "late"), 5);
    copy(second);

    assertThat(TinyJob.resume(spark, config(transfer, "early")).parametersSha256())
        .isEqualTo(undisturbed);
    assertThat(TinyJob.resume(spark, config(transfer, "late")).parametersSha256())
        .isEqualTo(undisturbed);
  }

  @ParameterizedTest
  @EnumSource
  void resumesWithoutTheFileOfTheInitialModel(Transfer transfer) throws IOException {
    String undisturbed = TinyJob.train(spark, config(transfer, "there")).parametersSha256();
    TinyJob.stop(spark, config(transfer, "gone"), 1);
    Files.delete(initial);

    assertThat(TinyJob.resume(spark, config(transfer, "gone")).parametersSha256())
        .isEqualTo(undisturbed);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void refusesAnotherInitialModelWhereItsCopyIsLost(boolean damaged) throws IOException {
    TrainingConfig.Builder config = config(Transfer.PARAMETERS, "without-copy-" + damaged);
    TinyJob.stop(spark, config, 1);
    Path run = Path.of(config.build().run());
    Path copy = run.resolve(RunFolder.INITIAL_MODEL);
    if (damaged) {
      Files.write(copy, new byte[100]);
    } else {
      Files.delete(copy);
    }
    copy(second);

    assertThatThrownBy(() -> TinyJob.resume(spark, config))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("initial model")
        .hasMessageContaining("the model that it began with");
    Files.delete(initial);
    assertThatThrownBy(() -> TinyJob.resume(spark, config))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot find checkpoint");
    copy(first);
    assertThat(TinyJob.resume(spark, config).parametersSha256())
        .isEqualTo(
            TinyJob.train(spark, config(Transfer.PARAMETERS, "with-copy-" + damaged))
                .parametersSha256());
  }

  @Test
  void goesOnWithTheSameContentAtAnotherPlaceOnly() {
    TrainingConfig.Builder config = config(Transfer.PARAMETERS, "moved");
    TinyJob.stop(spark, config, 3);

    assertThatThrownBy(() -> TinyJob.resume(spark, config.init(second)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("sha256 of the initial model");
    assertThat(TinyJob.resume(spark, config.init(first)).rounds()).isPositive();
  }

  @Test
  void keepsTheCheckpointThatFrozenLayersAreReadFrom() throws IOException {
    TrainingConfig.Builder config = config(Transfer.FROZEN_LAYERS, "kept").keep(1);
    TinyJob.stop(spark, config, 5);
    TinyJob.resume(spark, config);

    assertThat(Path.of(config.build().run()).resolve("checkpoints/000004/model.zip")).exists();
  }

  @Test
  void resumesByTheRecordedDefinitionWhereTheFileOfTheModelIsGone() throws IOException {
    Path model = Files.copy(folder.resolve("tiny.yaml"), folder.resolve("model.yaml"));
    TrainingConfig.Builder config = job.config("model").model(model.toString()).checkpointEvery(2);
    TinyJob.stop(spark, config, 3);
    Files.writeString(model, Files.readString(model).replace("20", "21"));
    assertThatThrownBy(() -> TinyJob.resume(spark, config))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("the model's definition has changed");
    Files.delete(model);

    assertThat(TinyJob.resume(spark, config).parametersSha256())
        .isEqualTo(TinyJob.train(spark, job.config("model-there")).parametersSha256());
    assertThat(TinyJob.resume(spark, config.model(folder.resolve("tiny.yaml").toString())).rounds())
        .isPositive();
  }

  @Test
  void resumesWithOtherClassWeightsNeverInSilence() throws IOException {
    Path weights =
        Files.writeString(folder.resolve("weights.csv"), "bar 0,1\nbar 1,2\nbar 2,1\nbar 3,1\n");
    TrainingConfig.Builder config =
        job.config("weighted")
            .set("class_weights", ClassWeightsFile.read(weights))
            .checkpointEvery(2);
    TinyJob.stop(spark, config, 3);
    Files.writeString(weights, "bar 0,1\nbar 1,3\nbar 2,1\nbar 3,1\n");

    assertThat(
            RunFolder.at(new org.apache.hadoop.fs.Path(config.build().run()), new Configuration())
                .job()
                .config()
                .loss()
                .classWeights())
        .isEqualTo(config.build().loss().classWeights());
    assertThatThrownBy(
            () ->
                TinyJob.resume(spark, config.set("class_weights", ClassWeightsFile.read(weights))))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("class weights");
  }

  @Test
  void refusesToResumeWhereOtherBitsWouldBeComputed() throws IOException {
    TrainingConfig.Builder config = job.config("elsewhere").checkpointEvery(2);
    TinyJob.stop(spark, config, 3);
    Path record = job.run("elsewhere").resolve(RunFolder.FILE);
    String recorded = Files.readString(record);
    assertThat(recorded).contains("\"environment\"", "\"instruction_set\"");
    Files.writeString(
        record,
        recorded.replaceAll(
            "\"instruction_set\" : \"[A-Z0-9_]*\"", "\"instruction_set\" : \"SSE41\""));

    assertThatThrownBy(() -> TinyJob.resume(spark, config))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("instruction_set")
        .hasMessageContaining("ONEDNN_MAX_CPU_ISA=SSE41");
    Files.writeString(record, recorded.replaceAll("(?s),\\s*\"environment\" : \\{[^}]*}", ""));
    assertThat(TinyJob.resume(spark, config).rounds()).isPositive();
    assertThat(Files.readString(record)).contains("\"environment\"");
  }
}
