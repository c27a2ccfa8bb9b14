// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.config.ConfigFormat;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.TrainingOption;
import io.stoker.failure.InputException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.ml.param.Param;
import org.junit.jupiter.api.Test;

class StokerClassifierParamsTest {
  private static TrainingConfig config(StokerClassifier classifier, int validateEvery) {
    return new TrainingParams(classifier).config("data", "run", "", validateEvery);
  }

  @Test
  void defaultsAreThoseOfTrain() {
    TrainingConfig expected =
        TrainingConfig.builder().data("data").run("run").model("lenet5").build();

    assertThat(config(new StokerClassifier().setModel("lenet5"), 0)).isEqualTo(expected);
  }

  @Test
  void eachValueOfAConfigComesFromAParam() {
    StokerClassifier other =
        new StokerClassifier()
            .setModel("alexnet")
            .setNumWorkers(3)
            .setBatchSize(8)
            .setLocalSteps(4)
            .setMaxIter(5)
            .setStepSize(0.5)
            .setSchedule("step")
            .setRateFactor(0.3)
            .setRateEpochs(2)
            .setWarmUp(1)
            .setBiasRate(2)
            .setLayerRates("conv1=0.5, fc8=10")
            .setScaleRate(0)
            .setMomentum(0.5)
            .setOptimizer("adamw")
            .setBeta2(0.95)
            .setEpsilon(1e-6)
            .setWeightDecay(0.1)
            .setClipNorm(3)
            .setLabelSmoothing(0.1)
            .setUpdaterState("reset")
            .setEveryStepEpochs(1)
            .setOuterRate(0.7)
            .setOuterMomentum(0.2)
            .setOuterNesterov(true)
            .setWire("int8")
            .setAugmentations(new String[] {"flip", "crop"})
            .setMixup(0.2)
            .setSeed(9)
            .setCheckpointInterval(7)
            .setKeepCheckpoints(2)
            .setEarlyStoppingRounds(4)
            .setMetric("log-loss")
            .setEngine("dl4j")
            .setFreeze("1")
            .setSliceBytes(4096)
            .setNormalization("init")
            .setPrecision("bf16")
            .setConvolution("direct")
            .setMlflowUri("http://127.0.0.1:5000")
            .setClassWeights("{\"cat\": 1, \"dog\": 2.5}")
            .setSampling("balanced");
    ObjectNode standard =
        ConfigFormat.toJson(TrainingConfig.builder().data("-").run("-").model("-").build());
    TrainingConfig changed = new TrainingParams(other).config("data", "run", "model.zip", 6);

    ObjectNode json = ConfigFormat.toJson(changed);

    standard
        .fieldNames()
        .forEachRemaining(
            key -> {
              if (!Set.of("validation_split", "nesterov").contains(key)) { // adamw has no Nesterov
                assertThat(json.get(key)).as(key).isNotEqualTo(standard.get(key));
              }
            });
    assertThat(changed.optimizer().layerRates()).containsEntry("fc8", 10.0).hasSize(2);
    assertThat(changed.loss().classWeights().toJson().toString()).isEqualTo("{cat=1.0, dog=2.5}");
  }

  @Test
  void eachParamHasAGetterASetterAndADescription() {
    StokerClassifier classifier = new StokerClassifier();
    Set<String> methods = new TreeSet<>();
    for (Method method : StokerClassifier.class.getMethods()) {
      methods.add(method.getName());
    }

    assertThat(classifier.params()).hasSizeGreaterThan(50);
    for (Param<?> param : classifier.params()) {
      String name = Character.toUpperCase(param.name().charAt(0)) + param.name().substring(1);
      assertThat(methods).contains(param.name(), "get" + name, "set" + name);
      assertThat(param.doc()).hasSizeGreaterThan(10);
      assertThat(classifier.explainParams()).contains(param.name() + ": " + param.doc());
    }
  }

  @Test
  void bothNamesOfTheImageColumnAreOneParam() {
    StokerClassifier classifier = new StokerClassifier();
    assertThat(classifier.getFeaturesCol()).isEqualTo("content");
    assertThat(classifier.setFeaturesCol("image").getInputCol()).isEqualTo("image");
    assertThat(new StokerTuner().setFeaturesCol("image").getInputCol()).isEqualTo("image");
    assertThat(new StokerTuner().setInputCol("image").getFeaturesCol()).isEqualTo("image");

    assertThatThrownBy(classifier.setInputCol("photo")::getInputCol)
        .isInstanceOf(InputException.class)
        .hasMessageContaining("inputCol is 'photo', and featuresCol, which is the same, is");
  }

  /** It goes with the wire format fp32 only. */
  @Test
  void roundsOverlapBySomeSteps() {
    StokerClassifier classifier = new StokerClassifier().setModel("lenet5");

    assertThat(config(classifier, 0).averaging().overlapSteps()).isZero();
    assertThat(config(classifier.setOverlapSteps(3), 0).averaging().overlapSteps()).isEqualTo(3);
  }

  @Test
  void messagesNameParamsAndNotOptions() {
    assertThat(TrainingOption.inParams("more than --max-rejected allows; say --validate-every N"))
        .isEqualTo("more than maxRejected allows; say validationInterval N");
    Set<String> params =
        new TreeSet<>(
            Arrays.stream(new StokerClassifier().params()).map(param -> param.name()).toList());
    assertThat(params).containsAll(StokerClassifier.paramsByOption().values());
    assertThat(params).containsAll(StokerModel.OF_CLASSIFIER);
  }

  @Test
  void valuesOutOfRangeAreRefusedWhenTheyAreSet() {
    StokerClassifier classifier = new StokerClassifier();

    for (Runnable set :
        List.<Runnable>of(
            () -> classifier.setNumWorkers(0),
            () -> classifier.setMaxIter(0),
            () -> classifier.setStepSize(0),
            () -> classifier.setMomentum(1),
            () -> classifier.setCheckpointInterval(0),
            () -> classifier.setThresholds(new double[] {0, 0, 1}),
            () -> classifier.setThresholds(new double[] {-1, 1}),
            () -> classifier.setImageChannels(2),
            () -> classifier.setSchedule("steps"),
            () -> classifier.setWire("fp8"),
            () -> classifier.setSampling("equal"),
            () -> classifier.setDevice("tpu"),
            () -> classifier.setMaxRejected(1.5))) {
      assertThatThrownBy(set::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("given invalid value");
    }
    classifier.setCheckpointInterval(-1).setModel("lenet5");
    assertThat(config(classifier, 0).checkpoints().every()).isEqualTo(Integer.MAX_VALUE);
  }
}
