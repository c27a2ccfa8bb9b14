// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.plan.Sampling;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import io.stoker.worker.eval.TestViews;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingConfigTest {
  @Test
  void hasTheseDefaults() {
    assertThat(minimal().build())
        .isEqualTo(
            new TrainingConfig(
                new DataConfig("data", List.of(), 0, 0, Sampling.NATURAL, 1, ""),
                "run",
                "lenet5",
                new RoundConfig(2, 64, LocalSteps.of(10), 0, 10),
                new OptimizerConfig(
                    WorkerOptimizer.SGD,
                    0.05,
                    new LearningRateSchedule.OneCycle(10, 0),
                    1,
                    Map.of(),
                    1,
                    0.9,
                    0.999,
                    1e-8,
                    false,
                    0.0005,
                    0),
                new LossConfig(0, new ClassWeighting.Equal()),
                new AveragingConfig(UpdaterState.AVERAGE, Wire.FP32, 0, 0, 0, 0, 1, false),
                new OuterOptimizerConfig(1, 0, false),
                1,
                new CheckpointConfig(20, 3),
                new ValidationConfig(
                    0, "validation", 0, SelectionMetric.AUTO, TestViews.NONE, false),
                "auto",
                new Arithmetic(Precision.FP32, ConvolutionAlgorithm.AUTO),
                new InitializationConfig("", "", NormalizationSource.DATA),
                new TrackingConfig("")));
  }

  @Test
  void largeModelsAndTrainedOnesAndAdamwBeginWithALowerRate() {
    assertThat(minimal().set("optimizer", "adamw").build().optimizer().learningRate())
        .isEqualTo(0.001);
    assertThat(minimal().model("alexnet").build().optimizer().learningRate()).isEqualTo(0.01);
    assertThat(minimal().model("alexnet-bn").build().optimizer().learningRate()).isEqualTo(0.05);
    assertThat(minimal().model("mine.yaml").build().optimizer().learningRate()).isEqualTo(0.05);
    assertThat(minimal().init("trained").build().optimizer().learningRate()).isEqualTo(0.01);
    assertThat(minimal().init("trained").learningRate(1).build().optimizer().learningRate())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("invalid")
  void saysWhatIsInvalid(UnaryOperator<TrainingConfig.Builder> change, String message) {
    assertThatThrownBy(() -> change.apply(minimal()).build())
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(message);
  }

  static Stream<Arguments> invalid() {
    return Stream.of(
        invalid(config -> config.data(" "), "Missing data: say --data URI"),
        invalid(config -> config.run(""), "Missing run folder: say --run URI"),
        invalid(config -> config.model(""), "Missing model: say --model NAME"),
        invalid(config -> config.workers(0), "Invalid workers: 0 (must be >= 1)"),
        invalid(config -> config.batch(0), "Invalid batch size: 0 (must be >= 1)"),
        invalid(
            config -> config.workers(100_000).batch(100_000),
            "Invalid global batch: 100000 workers x 100000 examples"),
        invalid(config -> config.localSteps(-1), "Invalid local steps: -1 (must be >= 1)"),
        invalid(config -> config.epochs(0), "Invalid epochs: 0 (must be >= 1)"),
        invalid(config -> config.learningRate(0), "Invalid learning rate: 0.0 (must be > 0"),
        invalid(config -> config.learningRate(Double.NaN), "Invalid learning rate: NaN"),
        invalid(config -> config.learningRate(1e39), "Invalid learning rate: 1.0E39"),
        invalid(config -> config.momentum(0.999999999), "Invalid momentum: 0.999999999"),
        invalid(config -> config.weightDecay(1e39), "Invalid weight decay: 1.0E39"),
        invalid(
            config -> config.momentum(0).set("nesterov", true),
            "Invalid momentum: 0 (must be > 0 with --nesterov"),
        invalid(
            config -> config.set("optimizer", "adamw").set("nesterov", true),
            "Invalid optimizer: adamw has no Nesterov momentum"),
        invalid(
            config -> config.set("optimizer", "adamw").set("wire", Wire.FP16),
            "Cannot send the second moments of adamw as fp16"),
        invalid(config -> config.set("beta2", 1.0), "Invalid beta2: 1.0 (must be > 0 and < 1)"),
        invalid(config -> config.set("epsilon", 0.0), "Invalid epsilon: 0.0 (must be > 0)"),
        invalid(
            config -> config.set("scale_rate", -1.0), "Invalid scale rate: -1.0 (must be >= 0)"),
        invalid(config -> config.momentum(1e-46), "Invalid momentum: 1.0E-46 (as a 32-bit"),
        invalid(config -> config.weightDecay(1e-46), "Invalid weight decay: 1.0E-46"),
        invalid(config -> config.set("bias_rate", 1e-46), "Invalid bias rate: 1.0E-46"),
        invalid(config -> config.set("bias_rate", 1e39), "Invalid bias rate: 1.0E39"),
        invalid(config -> config.set("clip_norm", 1e39), "Invalid gradient norm: 1.0E39"),
        invalid(config -> config.set("clip_norm", 1e-46), "Invalid gradient norm: 1.0E-46"),
        invalid(config -> config.set("label_smoothing", 1e-46), "Invalid label smoothing: 1.0E-46"),
        invalid(
            config -> config.set("label_smoothing", 1 - 1e-9), "Invalid label smoothing: 0.999"),
        invalid(
            config -> config.set("layer_rates", Map.of("1", 1e39)),
            "Invalid rate of layer 1: 1.0E39"),
        invalid(config -> config.momentum(1), "Invalid momentum: 1.0 (must be >= 0 and < 1)"),
        invalid(config -> config.weightDecay(-0.1), "Invalid weight decay: -0.1 (must be >= 0)"),
        invalid(config -> config.set("bias_rate", -1), "Invalid bias rate: -1.0 (must be >= 0)"),
        invalid(
            config -> config.set("clip_norm", -1),
            "Invalid gradient norm: -1.0 (must be > 0, or 0"),
        invalid(config -> config.set("mixup", -1), "Invalid mixup: -1.0 (must be > 0"),
        invalid(config -> config.set("repeats", 0), "Invalid repeats: 0 (must be >= 1)"),
        invalid(
            config -> config.batch(64).set("repeats", 3),
            "Invalid repeats: 3 (must divide the batch of 64)"),
        invalid(config -> config.set("cutmix", 101), "Invalid cutmix: 101.0 (must be > 0"),
        invalid(
            config -> config.set("cutmix", 1).set("class_weights", new ClassWeighting.Balanced()),
            "Cannot use --cutmix with --class-weights:"),
        invalid(
            config -> config.set("label_smoothing", 1),
            "Invalid label smoothing: 1.0 (must be >= 0"),
        invalid(
            config -> config.set("every_step_epochs", -1),
            "Invalid epochs of averaging every step: -1 (must be >= 0)"),
        invalid(
            config ->
                config
                    .localSteps(LocalSteps.parse("qsr:4:0.02"))
                    .schedule(new LearningRateSchedule.Plateau(0.1, 5, 0)),
            "Invalid local steps: qsr:4:0.02 follows the learning rate"),
        invalid(config -> config.set("outer_rate", 0), "Invalid outer rate: 0.0 (must be > 0)"),
        invalid(
            config -> config.set("outer_momentum", 1), "Invalid outer momentum: 1.0 (must be >= 0"),
        invalid(config -> config.freeze("3"), "Cannot freeze layer 3: without --init CHECKPOINT"),
        invalid(
            config -> config.normalization(NormalizationSource.INIT),
            "Cannot normalise as the initial model does: there is none without --init"),
        invalid(config -> config.checkpointEvery(0), "Invalid checkpoint interval: 0 rounds"),
        invalid(config -> config.keep(0), "Invalid number of checkpoints to keep: 0"),
        invalid(config -> config.validateEvery(-2), "Invalid validation interval: -2 rounds"),
        invalid(config -> config.patience(-1), "Invalid patience: -1"),
        invalid(config -> config.patience(3), "Invalid patience: 3 without validation"),
        invalid(
            config -> config.metric(SelectionMetric.LOG_LOSS),
            "Invalid metric: log-loss without validation (say --validate-every"),
        invalid(config -> config.set("slice_bytes", 1026), "Invalid slice size: 1026 bytes"),
        invalid(
            config -> config.set("overlap_steps", -1),
            "Invalid overlap: -1 steps (must be >= 1, or 0 for none)"),
        invalid(
            config -> config.set("overlap_steps", 10),
            "Invalid overlap: 10 steps (must be less than the local steps, which are 10)"),
        invalid(
            config -> config.localSteps(LocalSteps.parse("qsr:4:0.02")).set("overlap_steps", 4),
            "Invalid overlap: 4 steps (must be less than the local steps, which are qsr:4:0.02)"),
        invalid(config -> config.set("quorum", 0), "Invalid quorum: 0.0 (must be > 0 and <= 1)"),
        invalid(config -> config.set("quorum", 1.5), "Invalid quorum: 1.5 (must be > 0 and <= 1)"),
        invalid(
            config -> config.set("quorum", Double.NaN),
            "Invalid quorum: NaN (must be > 0 and <= 1)"),
        invalid(
            config -> config.set("quorum", 0.5).workers(1),
            "Invalid quorum: 0.5 with one worker (leave --quorum out)"),
        invalid(
            config -> config.set("quorum", 0.5).set("overlap_steps", 2),
            "Invalid quorum: 0.5 with overlap, where a worker goes on from values of its own (leave"
                + " --quorum out, or say --overlap-steps 0)"),
        invalid(
            config -> config.set("work_by_speed", true).workers(1),
            "Invalid work by speed: one worker has none to be slower than (leave --work-by-speed"
                + " out)"),
        invalid(
            config -> config.set("work_by_speed", true).set("overlap_steps", 2),
            "Invalid work by speed: with overlap the average is taken after 2 steps, which each"
                + " worker must take (leave --work-by-speed out, or say --overlap-steps 0)"),
        invalid(
            config -> config.set("overlap_steps", 2).set("wire", Wire.INT8),
            "Invalid wire: int8 with overlap (say --wire fp32, or --overlap-steps 0)"),
        invalid(
            config -> config.set("mlflow", "localhost:5000"), "Invalid MLflow URI: localhost:5000"),
        invalid(
            config -> config.set("mlflow", "ftp://host"),
            "Invalid MLflow URI: ftp://host (must be"),
        invalid(config -> config.set("mlflow", "http://"), "Invalid MLflow URI: http:// (must be"),
        invalid(
            config -> config.set("mlflow", "http://a b"),
            "Invalid MLflow URI: http://a b (must be"),
        invalid(
            config -> config.set("mlflow", "http://h:99999"), "Invalid MLflow URI: http://h:99999"),
        invalid(config -> config.set("mlflow", "http://h/?a=b"), "Invalid MLflow URI: not shown"),
        invalid(
            config -> config.set("mlflow", "http://ann:secret@host"),
            "Invalid MLflow URI: not shown, a password may be in it"));
  }

  @Test
  void whatTrainingDoesNotReachIsRefused() {
    minimal().epochs(3).set("size_schedule", "20@0,28@2").build().requireEpochs();
    assertThatThrownBy(
            () -> minimal().epochs(2).set("size_schedule", "20@0,28@2").build().requireEpochs())
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Invalid size schedule: 20@0,28@2 (training ends after 2 epochs, before the last"
                + " size)");
    minimal().epochs(3).set("swa", 2).build().requireEpochs();
    assertThatThrownBy(() -> minimal().epochs(3).set("swa", 3).build().requireEpochs())
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Invalid swa: 3 (must be less than the epochs, which are 3: the mean would have no"
                + " rounds)");
  }

  /** It is written to run.json, logged and shown. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://name:hunter2@h:5000",
        "http://hunter2@h",
        "http://h:5000/;password=hunter2",
        "http://h/path;hunter2",
        "http://h/?token=hunter2",
        "http://h/#hunter2",
        "http://h/%3Bpassword%3Dhunter2",
        "http://h/a&password=hunter2",
        "http://h\\@hunter2",
        "http:name:hunter2@h"
      })
  void aTrackersUriHasNoPlaceForASecretAndTheErrorDoesNotRepeatIt(String uri) {
    assertThatThrownBy(() -> minimal().set("mlflow", uri).build())
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Invalid MLflow URI: ")
        .hasMessageNotContaining("hunter2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1:5000",
        "HTTPS://tracker.example.org/team-a/mlflow/",
        "http://[::1]:5000"
      })
  void aTrackersUriMayHaveAPath(String uri) {
    assertThat(minimal().set("mlflow", uri).build().tracking().isOn()).isTrue();
  }

  private static Arguments invalid(UnaryOperator<TrainingConfig.Builder> change, String message) {
    return Arguments.of(change, message);
  }

  @Test
  void carriesMomentumOnlyWhereThereIsSome() {
    assertThat(minimal().build().carriesUpdaterState()).isTrue();
    assertThat(minimal().momentum(0).build().carriesUpdaterState()).isFalse();
    assertThat(minimal().set("updater_state", UpdaterState.RESET).build().carriesUpdaterState())
        .isFalse();
  }

  static TrainingConfig.Builder minimal() {
    return TrainingConfig.builder().data("data").run("run").model("lenet5");
  }

  /** A config of which no value is the default. */
  static TrainingConfig unusual() {
    return TrainingConfig.builder()
        .data("s3a://bucket/data")
        .run("hdfs://host/run")
        .model("alexnet-mini")
        .workers(3)
        .batch(5)
        .localSteps(7)
        .epochs(11)
        .learningRate(0.125)
        .schedule(new LearningRateSchedule.Cosine(11, 1.5))
        .set("bias_rate", 2)
        .set("layer_rates", Map.of("1", 0.5, "dense 10", 10.0))
        .momentum(0.5)
        .weightDecay(0.25)
        .set("clip_norm", 6)
        .set("label_smoothing", 0.0625)
        .set("updater_state", UpdaterState.RESET)
        .set("every_step_epochs", 1)
        .set("outer_rate", 0.5)
        .set("outer_momentum", 0.25)
        .set("outer_nesterov", true)
        .set("nesterov", true)
        .set("tta", TestViews.FLIP)
        .set("calibrate", true)
        .set("beta2", 0.95)
        .set("epsilon", 1e-6)
        .set("scale_rate", 0.0)
        .set("ema", 0.75)
        .set("quorum", 0.5)
        .set("work_by_speed", true)
        .set("wire", Wire.INT8)
        .augmentations(List.of("shift=1", "flip"))
        .set("mixup", 0.375)
        .set("cutmix", 0.75)
        .set("size_schedule", "20@0,28@5")
        .set("repeats", 5)
        .seed(-13)
        .checkpointEvery(17)
        .keep(19)
        .validateEvery(21)
        .validationSplit("held-out")
        .patience(22)
        .metric(SelectionMetric.MACRO_F1)
        .engine("dl4j")
        .precision(Precision.BF16)
        .convolution(ConvolutionAlgorithm.WINOGRAD)
        .init("some/checkpoint")
        .freeze("4")
        .normalization(NormalizationSource.INIT)
        .set("slice_bytes", 4096)
        .set("mlflow", "https://tracker:5000")
        .build();
  }
}
