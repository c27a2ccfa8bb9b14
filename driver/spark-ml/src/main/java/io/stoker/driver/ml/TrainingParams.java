// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.data.augment.Augmentation;
import io.stoker.data.plan.Sampling;
import io.stoker.driver.config.ClassWeighting;
import io.stoker.driver.config.ClassWeightsFile;
import io.stoker.driver.config.LocalSteps;
import io.stoker.driver.config.NormalizationSource;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.UpdaterState;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Makes a training job of the params of a {@link StokerClassifier}. */
final class TrainingParams {
  /** The split of rows that {@code validationIndicatorCol} marks. */
  static final String VALIDATION = "validation";

  /**
   * The params by the options of {@code train} and {@code prepare} that have the same meaning: a
   * message that tells a user of an option is to tell a user of a data frame of the param. A test
   * compares them with the options that there are.
   */
  static final Map<String, String> BY_OPTION =
      Map.ofEntries(
          Map.entry("--model", "model"),
          Map.entry("--classes", "numClasses"),
          Map.entry("--workers", "numWorkers"),
          Map.entry("--batch", "batchSize"),
          Map.entry("--local-steps", "localSteps"),
          Map.entry("--epochs", "maxIter"),
          Map.entry("--learning-rate", "stepSize"),
          Map.entry("--momentum", "momentum"),
          Map.entry("--weight-decay", "weightDecay"),
          Map.entry("--updater-state", "updaterState"),
          Map.entry("--augment", "augmentations"),
          Map.entry("--schedule", "schedule"),
          Map.entry("--rate-factor", "rateFactor"),
          Map.entry("--rate-epochs", "rateEpochs"),
          Map.entry("--warm-up", "warmUp"),
          Map.entry("--bias-rate", "biasRate"),
          Map.entry("--clip-norm", "clipNorm"),
          Map.entry("--label-smoothing", "labelSmoothing"),
          Map.entry("--class-weights", "classWeights"),
          Map.entry("--sampling", "sampling"),
          Map.entry("--mixup", "mixup"),
          Map.entry("--every-step-epochs", "everyStepEpochs"),
          Map.entry("--outer-rate", "outerRate"),
          Map.entry("--outer-momentum", "outerMomentum"),
          Map.entry("--outer-nesterov", "outerNesterov"),
          Map.entry("--wire", "wire"),
          Map.entry("--overlap", "overlapSteps"),
          Map.entry("--overlap-steps", "overlapSteps"),
          Map.entry("--seed", "seed"),
          Map.entry("--checkpoint-every", "checkpointInterval"),
          Map.entry("--keep", "keepCheckpoints"),
          Map.entry("--validate-every", "validationInterval"),
          Map.entry("--validation-split", "validationIndicatorCol"),
          Map.entry("--patience", "earlyStoppingRounds"),
          Map.entry("--metric", "metric"),
          Map.entry("--init", "initModel"),
          Map.entry("--freeze", "freeze"),
          Map.entry("--normalization", "normalization"),
          Map.entry("--engine", "engine"),
          Map.entry("--device", "device"),
          Map.entry("--precision", "precision"),
          Map.entry("--convolution", "convolution"),
          Map.entry("--run", "checkpointDir"),
          Map.entry("--data", "cacheDir"),
          Map.entry("--tensorboard", "tensorboardDir"),
          Map.entry("--mlflow", "mlflowUri"),
          Map.entry("--size", "imageSize"),
          Map.entry("--channels", "imageChannels"),
          Map.entry("--max-rejected", "maxRejected"),
          Map.entry("--image-column", "inputCol"),
          Map.entry("--label-column", "labelCol"),
          Map.entry("--weight-column", "weightCol"));

  private static final Pattern OPTION = Pattern.compile("--[a-z]+(-[a-z]+)*");
  private static final JsonMapper JSON = new JsonMapper();

  private final StokerClassifierParams params;

  TrainingParams(StokerClassifierParams params) {
    this.params = params;
  }

  /**
   * The job.
   *
   * @param data the folder of shards
   * @param run the run folder
   * @param init the checkpoint to start from; empty for none
   * @param validateEvery rounds between two validations; 0 for none, -1 for each epoch's end
   * @throws InputException if a value is out of range
   */
  TrainingConfig config(String data, String run, String init, int validateEvery) {
    Check.input(
        ParamRules.isGiven(params, params.model()),
        "Missing model: set the param model (such as lenet5)");
    List<String> augmentations = List.of(params.getAugmentations());
    Augmentation.parse(String.join(",", augmentations));
    int interval = params.getCheckpointInterval();
    return TrainingConfig.builder()
        .data(data)
        .run(run)
        .model(params.getModel())
        .workers(params.getNumWorkers())
        .batch(params.getBatchSize())
        .localSteps(new LocalSteps(params.getLocalSteps(), params.getLocalStepsCoefficient()))
        .epochs(params.getMaxIter())
        .learningRate(params.getStepSize())
        .schedule(
            Schedules.of(
                params.getSchedule(),
                params.getRateFactor(),
                params.getRateEpochs(),
                params.getWarmUp(),
                params.getMaxIter()))
        .biasRate(params.getBiasRate())
        .layerRates(numbers("layerRates", params.getLayerRates()))
        .momentum(params.getMomentum())
        .weightDecay(params.getWeightDecay())
        .clipNorm(params.getClipNorm())
        .labelSmoothing(params.getLabelSmoothing())
        .classWeights(classWeights(params.getClassWeights()))
        .updaterState(UpdaterState.valueOf(upper(params.getUpdaterState())))
        .everyStepEpochs(params.getEveryStepEpochs())
        .outerRate(params.getOuterRate())
        .outerMomentum(params.getOuterMomentum())
        .outerNesterov(params.getOuterNesterov())
        .wire(Wire.valueOf(upper(params.getWire())))
        .overlapSteps(params.getOverlapSteps())
        .augmentations(augmentations)
        .mixup(params.getMixup())
        .sampling(Sampling.parse(params.getSampling()))
        .seed(params.getSeed())
        .checkpointEvery(interval == -1 ? Integer.MAX_VALUE : interval)
        .keep(params.getKeepCheckpoints())
        .validateEvery(validateEvery)
        .validationSplit(VALIDATION)
        .patience(validateEvery != 0 ? params.getEarlyStoppingRounds() : 0)
        .metric(
            validateEvery != 0 ? SelectionMetric.parse(params.getMetric()) : SelectionMetric.AUTO)
        .engine(params.getEngine())
        .precision(Precision.parse(params.getPrecision()))
        .convolution(ConvolutionAlgorithm.parse(params.getConvolution()))
        .init(init)
        .freeze(params.getFreeze())
        .normalization(NormalizationSource.valueOf(upper(params.getNormalization())))
        .sliceBytes(params.getSliceBytes())
        .mlflow(params.getMlflowUri())
        .build();
  }

  private static String upper(String name) {
    return name.toUpperCase(Locale.ROOT);
  }

  private static ClassWeighting classWeights(String text) {
    if (text.isBlank()) {
      return new ClassWeighting.Equal();
    }
    if (text.equals(ClassWeighting.BALANCED)) {
      return new ClassWeighting.Balanced();
    }
    return text.contains("=") || text.startsWith("{")
        ? new ClassWeighting.PerClass(numbers("classWeights", text))
        : ClassWeightsFile.read(Path.of(text));
  }

  /** Reads {@code name=number,...}, or the same as a JSON object. */
  private static Map<String, Double> numbers(String param, String text) {
    Map<String, Double> numbers = new TreeMap<>();
    try {
      if (text.startsWith("{")) {
        JSON.readTree(text)
            .properties()
            .forEach(each -> numbers.put(each.getKey(), number(each.getValue().asText())));
      } else if (!text.isBlank()) {
        for (String part : text.split(",", -1)) {
          int equals = part.lastIndexOf('=');
          numbers.put(part.substring(0, equals).trim(), number(part.substring(equals + 1)));
        }
      }
    } catch (JsonProcessingException | NumberFormatException | IndexOutOfBoundsException e) {
      throw new InputException(
          "Invalid %s: '%s' (such as first=0.5,second=2)".formatted(param, text), e);
    }
    return numbers;
  }

  private static double number(String text) {
    return Double.parseDouble(text.trim());
  }

  /**
   * A message in which options of the command line have the names of params.
   *
   * @param message of a failure
   */
  static String inParams(String message) {
    return OPTION
        .matcher(message)
        .replaceAll(option -> BY_OPTION.getOrDefault(option.group(), option.group()));
  }
}
