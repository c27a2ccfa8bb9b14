// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.plan.Sampling;
import io.stoker.driver.slice.Wire;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import io.stoker.testing.Exact;
import io.stoker.worker.eval.TestViews;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

@Exact
class JobIdentityTest {
  private final TrainingConfig config =
      TrainingConfigTest.unusual().toBuilder()
          .precision(Precision.FP32)
          .convolution(ConvolutionAlgorithm.DIRECT)
          .set("cutmix", 0) // It cannot be had with weights of classes.
          .build();
  private final JobIdentity identity = new JobIdentity(config, "layers", "4711");

  @Test
  void isTheSameWhereverThingsAreAndHoweverLongItTakes() {
    TrainingConfig elsewhere =
        config.toBuilder()
            .data("elsewhere")
            .run("elsewhere")
            .epochs(99)
            .keep(1)
            .validateEvery(2)
            .validationSplit("held-out")
            .patience(3)
            .metric(SelectionMetric.ACCURACY)
            .checkpointEvery(1)
            .set("slice_bytes", 8192)
            .set("mlflow", "http://elsewhere")
            .build();
    JobIdentity moved = new JobIdentity(elsewhere, "layers", "4711");

    assertThat(moved.differences(identity)).isEmpty();
    assertThat(moved.sha256()).isEqualTo(identity.sha256());
  }

  @Test
  void isTheSameForEachSpellingOfAnAugmentation() {
    TrainingConfig colons =
        config.toBuilder().augmentations(List.of("rand-augment=2:9", "flip")).build();
    TrainingConfig commas =
        config.toBuilder().augmentations(List.of("rand-augment=2", "9", "flip")).build();

    assertThat(new JobIdentity(commas, "layers", "4711").sha256())
        .isEqualTo(new JobIdentity(colons, "layers", "4711").sha256());
  }

  /** It goes with fp32 alone. */
  @Test
  void differsInTheOverlap() {
    TrainingConfig exact =
        config.toBuilder()
            .set("wire", Wire.FP32)
            .set("quorum", 1)
            .set("work_by_speed", false)
            .build();
    JobIdentity plain = new JobIdentity(exact, "layers", "4711");
    JobIdentity overlapping =
        new JobIdentity(exact.toBuilder().set("overlap_steps", 2).build(), "layers", "4711");

    assertThat(overlapping.differences(plain))
        .containsExactly("overlap steps: 2 here, not set in the run");
    assertThat(overlapping.sha256()).isNotEqualTo(plain.sha256());
  }

  @Test
  void differsInEachOtherValue() {
    List<TrainingConfig> others =
        List.of(
            config.toBuilder().model("lenet5").build(),
            config.toBuilder().workers(4).build(),
            config.toBuilder().batch(10).build(),
            config.toBuilder().precision(Precision.BF16).build(),
            config.toBuilder().convolution(ConvolutionAlgorithm.WINOGRAD).build(),
            config.toBuilder().localSteps(8).build(),
            config.toBuilder().learningRate(0.25).build(),
            config.toBuilder().schedule(new LearningRateSchedule.Constant(0)).build(),
            config.toBuilder().set("bias_rate", 1).build(),
            config.toBuilder().set("layer_rates", Map.of("1", 0.5)).build(),
            config.toBuilder().set("clip_norm", 7).build(),
            config.toBuilder().set("label_smoothing", 0).build(),
            config.toBuilder().set("mixup", 0).build(),
            config.toBuilder().set("cutmix", 1).build(),
            config.toBuilder().set("repeats", 1).build(),
            config.toBuilder().set("every_step_epochs", 2).build(),
            config.toBuilder().set("outer_rate", 1).build(),
            config.toBuilder().set("outer_momentum", 0).build(),
            config.toBuilder().set("outer_nesterov", false).build(),
            config.toBuilder().set("wire", Wire.FP16).build(),
            config.toBuilder().freeze("").build(),
            config.toBuilder().momentum(0.25).build(),
            config.toBuilder().weightDecay(0).build(),
            config.toBuilder().set("updater_state", UpdaterState.AVERAGE).build(),
            config.toBuilder().augmentations(List.of("flip")).build(),
            config.toBuilder().seed(1).build(),
            config.toBuilder().engine("onednn").build(),
            config.toBuilder().init("other").build());

    for (TrainingConfig other : others) {
      JobIdentity changed = new JobIdentity(other, "layers", "4711");
      assertThat(changed.differences(identity)).hasSize(1);
      assertThat(changed.sha256()).isNotEqualTo(identity.sha256());
    }
  }

  @Test
  void hasTheContentOfTheInitialModelInPlaceOfItsLocation() {
    JobIdentity here = new JobIdentity(config, "layers", "4711", "ab");
    JobIdentity moved =
        new JobIdentity(config.toBuilder().init("other").build(), "layers", "4711", "ab");
    JobIdentity other = new JobIdentity(config, "layers", "4711", "cd");

    assertThat(moved.differences(here)).isEmpty();
    assertThat(moved.sha256()).isEqualTo(here.sha256()).isNotEqualTo(identity.sha256());
    assertThat(moved.withLocationsOf(here)).isEqualTo(here);
    assertThat(other.differences(here))
        .containsExactly("sha256 of the initial model: cd here, ab in the run");
  }

  @Test
  void differsInWhatARateIsDecidedOn() {
    TrainingConfig plateau =
        config.toBuilder()
            .schedule(new LearningRateSchedule.Plateau(0.1, 5, 0))
            .validateEvery(2)
            .build();
    JobIdentity watching = new JobIdentity(plateau, "layers", "4711");

    assertThat(
            new JobIdentity(plateau.toBuilder().validateEvery(3).build(), "layers", "4711")
                .differences(watching))
        .containsExactly("validate every: 3 here, 2 in the run");
    assertThat(
            new JobIdentity(plateau.toBuilder().validationSplit("x").build(), "layers", "4711")
                .differences(watching))
        .hasSize(1);
    assertThat(
            new JobIdentity(
                    plateau.toBuilder().metric(SelectionMetric.LOG_LOSS).build(), "layers", "4711")
                .differences(watching))
        .containsExactly("metric: log-loss here, macro-f1 in the run");
  }

  /** Where one of the two does not have the key at all. */
  @Test
  void differsInWeightsOfClasses() {
    JobIdentity weighted =
        new JobIdentity(
            config.toBuilder().set("class_weights", new ClassWeighting.Balanced()).build(),
            "layers",
            "4711");
    JobIdentity perClass =
        new JobIdentity(
            config.toBuilder()
                .set("class_weights", new ClassWeighting.PerClass(Map.of("a-b", 2.0)))
                .build(),
            "layers",
            "4711");

    JobIdentity balanced =
        new JobIdentity(
            config.toBuilder().set("sampling", Sampling.BALANCED).build(), "layers", "4711");

    assertThat(balanced.differences(identity))
        .containsExactly("sampling: balanced here, not set in the run");
    assertThat(identity.differences(balanced))
        .containsExactly("sampling: not set here, balanced in the run");
    assertThat(balanced.sha256()).isNotEqualTo(identity.sha256());
    assertThat(weighted.differences(identity))
        .containsExactly("class weights: balanced here, not set in the run");
    assertThat(identity.differences(weighted))
        .containsExactly("class weights: not set here, balanced in the run");
    assertThat(perClass.differences(weighted))
        .containsExactly("class weights: {\"a-b\":2.0} here, balanced in the run");
    assertThat(weighted.sha256()).isNotEqualTo(identity.sha256()).isNotEqualTo(perClass.sha256());
  }

  /** A job of a release that had no other arithmetic goes on under the same hash. */
  @Test
  void namesItsArithmeticOnlyWhereEarlierReleasesDidNotHaveIt() {
    JobIdentity direct = arithmetic(Precision.FP32, ConvolutionAlgorithm.DIRECT);
    JobIdentity winograd = arithmetic(Precision.FP32, ConvolutionAlgorithm.WINOGRAD);
    JobIdentity rounded = arithmetic(Precision.BF16, ConvolutionAlgorithm.DIRECT);

    assertThat(ConfigFormat.toJson(direct.config()).toString())
        .doesNotContain("precision", "convolution");
    assertThat(winograd.differences(direct))
        .containsExactly(
            "convolution: winograd here, direct in the run (resume it with --convolution direct)");
    assertThat(rounded.differences(direct))
        .containsExactly("precision: bf16 here, fp32 in the run (resume it with --precision fp32)");
    assertThat(direct.sha256()).isNotEqualTo(winograd.sha256()).isNotEqualTo(rounded.sha256());
  }

  @Test
  void namesTheNormalisationOfTheInitialModel() {
    TrainingConfig data = config.toBuilder().normalization(NormalizationSource.DATA).build();
    TrainingConfig init = data.toBuilder().normalization(NormalizationSource.INIT).build();
    JobIdentity plain = new JobIdentity(data, "layers", "4711");
    JobIdentity other = new JobIdentity(init, "layers", "4711");

    assertThat(ConfigFormat.toJson(data).has("normalization")).isFalse();
    assertThat(other.differences(plain))
        .containsExactly("normalization: init here, not set in the run");
    assertThat(other.sha256()).isNotEqualTo(plain.sha256());
  }

  private JobIdentity arithmetic(Precision precision, ConvolutionAlgorithm convolution) {
    TrainingConfig computed =
        config.toBuilder().precision(precision).convolution(convolution).build();
    return new JobIdentity(computed, "layers", "4711");
  }

  @Test
  void differsInModelAndData() {
    assertThat(new JobIdentity(config, "other layers", "4712").differences(identity))
        .containsExactlyInAnyOrder(
            "the model's definition has changed",
            "data manifest sha256: 4712 here, 4711 in the run");
  }

  /** Run folders and checkpoints hold these texts and hashes: with others, no run could resume. */
  @Test
  void isWrittenAsItAlwaysWas() {
    TrainingConfig plain =
        TrainingConfig.builder()
            .data("d")
            .run("r")
            .model("lenet5")
            .learningRate(0.01)
            .schedule(new LearningRateSchedule.Constant(0))
            .convolution(ConvolutionAlgorithm.DIRECT)
            .build();
    TrainingConfig earlier = // without what earlier releases did not have
        config.toBuilder()
            .precision(Precision.FP32)
            .convolution(ConvolutionAlgorithm.DIRECT)
            .normalization(NormalizationSource.DATA)
            .metric(SelectionMetric.AUTO)
            .set("nesterov", false)
            .set("tta", TestViews.NONE)
            .set("beta2", 0.999)
            .set("epsilon", 1e-8)
            .set("scale_rate", 1.0)
            .set("size_schedule", "")
            .set("ema", 0)
            .set("quorum", 1)
            .set("work_by_speed", false)
            .set("repeats", 1)
            .build();
    TrainingConfig watching =
        earlier.toBuilder().schedule(new LearningRateSchedule.Plateau(0.1, 5, 0)).build();

    assertThat(ConfigFormat.toJson(plain))
        .hasToString(
            "{\"data\":\"d\",\"run\":\"r\",\"model\":\"lenet5\",\"workers\":2,\"batch\":64"
                + ",\"local_steps\":10,\"epochs\":10,\"learning_rate\":0.01"
                + ",\"schedule\":{\"type\":\"constant\",\"warm_up_epochs\":0.0},\"bias_rate\":1.0"
                + ",\"layer_rates\":{},\"momentum\":0.9,\"weight_decay\":5.0E-4,\"clip_norm\":0.0"
                + ",\"label_smoothing\":0.0,\"updater_state\":\"average\",\"every_step_epochs\":0"
                + ",\"outer_rate\":1.0,\"outer_momentum\":0.0,\"outer_nesterov\":false"
                + ",\"wire\":\"fp32\",\"augmentations\":[],\"mixup\":0.0,\"seed\":1"
                + ",\"checkpoint_every\":20,\"keep\":3,\"validate_every\":0"
                + ",\"validation_split\":\"validation\",\"patience\":0,\"engine\":\"auto\""
                + ",\"init\":\"\",\"freeze\":\"\",\"slice_bytes\":0}");
    assertThat(new JobIdentity(plain, "layers", "4711").sha256())
        .isEqualTo("6239fd589ff8362fdf0c2f14abc532abba2599cddc7285cd3d83c6478bfe2e08");
    assertThat(new JobIdentity(earlier, "layers", "4711").sha256())
        .isEqualTo("bd9ce88e295fb230b99b15ed00b7e90a5ccfad4302311236ad0ef8c9f269a1b6");
    assertThat(new JobIdentity(watching, "layers", "4711").sha256())
        .isEqualTo("77bf99ea77a0311f30dd3e15ed6adf8835521351c0fd6d5892aff24fb8f5a64f");
  }
}
