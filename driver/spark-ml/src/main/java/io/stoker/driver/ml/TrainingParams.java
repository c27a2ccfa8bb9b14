// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.data.augment.Augmentation;
import io.stoker.driver.config.ClassWeighting;
import io.stoker.driver.config.ClassWeightsFile;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.LocalSteps;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.config.TrainingOption.ParamEntry;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.worker.eval.TestViews;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.ml.param.Param;

/** Makes a training job of the params of a {@link StokerClassifier}. */
final class TrainingParams {
  /** The split of rows that {@code validationIndicatorCol} marks. */
  static final String VALIDATION = "validation";

  private static final JsonMapper JSON = new JsonMapper();

  /** The param whose default depends on the model. */
  private static final String STEP_SIZE = "stepSize";

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
    Augmentation.parse(String.join(",", params.getAugmentations()));
    TrainingConfig.Builder builder = TrainingConfig.builder();
    for (ParamEntry entry : TrainingOption.paramsOf("classifier")) {
      Param<?> param = params.getParam(entry.name());
      boolean dependent = entry.name().equals(STEP_SIZE) && !params.isSet(param);
      if (!entry.key().isEmpty() && !dependent) {
        value(entry, params.getOrDefault(param))
            .ifPresent(value -> builder.set(entry.key(), value));
      }
    }
    int interval = params.getCheckpointInterval();
    return builder
        .data(data)
        .run(run)
        .localSteps(new LocalSteps(params.getLocalSteps(), params.getLocalStepsCoefficient()))
        .schedule(
            LearningRateSchedule.of(
                params.getSchedule(),
                params.getRateFactor(),
                params.getRateEpochs(),
                params.getWarmUp(),
                params.getMaxIter()))
        .checkpointEvery(interval == -1 ? Integer.MAX_VALUE : interval)
        .validateEvery(validateEvery)
        .validationSplit(VALIDATION)
        .patience(validateEvery != 0 ? params.getEarlyStoppingRounds() : 0)
        .metric(
            validateEvery != 0 ? SelectionMetric.parse(params.getMetric()) : SelectionMetric.AUTO)
        .set("tta", validateEvery != 0 ? params.getTestTimeViews() : TestViews.NONE)
        .init(init)
        .build();
  }

  /** The config's value; empty where it takes several params. */
  private static Optional<Object> value(ParamEntry entry, Object value) {
    return switch (entry.key()) {
      case "local_steps", "schedule", "checkpoint_every" -> Optional.empty();
      case "layer_rates" -> Optional.of(numbers(entry.name(), (String) value));
      case "class_weights" -> Optional.of(classWeights((String) value));
      default -> Optional.of(value);
    };
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
  static Map<String, Double> numbers(String param, String text) {
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
}
