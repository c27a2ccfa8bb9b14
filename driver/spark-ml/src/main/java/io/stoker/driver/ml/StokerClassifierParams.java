// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.plan.Sampling;
import io.stoker.driver.config.NormalizationSource;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.UpdaterState;
import io.stoker.driver.slice.Wire;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import java.util.List;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleArrayParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.StringArrayParam;

/**
 * The params of {@link StokerClassifier}, each with its getter and setter. Their defaults are those
 * of {@code stoker train}: see {@link TrainingParams}, which makes a config of them.
 */
public abstract class StokerClassifierParams extends Estimator<StokerModel> {
  private static final long serialVersionUID = 1L;

  /** What {@code train} does with an option that is not given. */
  private static final TrainingConfig DEFAULTS =
      TrainingConfig.builder().data("-").run("-").model("-").build();

  private final String uid;
  private final Param<String> featuresCol;
  private final Param<String> inputCol;
  private final Param<String> labelCol;
  private final Param<String> weightCol;
  private final Param<String> validationIndicatorCol;
  private final Param<String> predictionCol;
  private final Param<String> probabilityCol;
  private final Param<String> rawPredictionCol;
  private final Param<String> predictedLabelCol;
  private final Param<String> errorCol;
  private final DoubleArrayParam thresholds;
  private final IntParam numClasses;
  private final IntParam imageSize;
  private final IntParam imageChannels;
  private final DoubleParam maxRejected;
  private final Param<String> cacheDir;
  private final Param<String> model;
  private final Param<String> initModel;
  private final Param<String> freeze;
  private final Param<String> normalization;
  private final IntParam numWorkers;
  private final IntParam batchSize;
  private final IntParam localSteps;
  private final DoubleParam localStepsCoefficient;
  private final IntParam maxIter;
  private final IntParam everyStepEpochs;
  private final DoubleParam stepSize;
  private final Param<String> schedule;
  private final DoubleParam rateFactor;
  private final DoubleParam rateEpochs;
  private final DoubleParam warmUp;
  private final DoubleParam biasRate;
  private final Param<String> layerRates;
  private final DoubleParam momentum;
  private final DoubleParam weightDecay;
  private final DoubleParam clipNorm;
  private final DoubleParam labelSmoothing;
  private final Param<String> classWeights;
  private final StringArrayParam augmentations;
  private final DoubleParam mixup;
  private final Param<String> sampling;
  private final LongParam seed;
  private final Param<String> updaterState;
  private final Param<String> wire;
  private final IntParam overlapSteps;
  private final IntParam sliceBytes;
  private final DoubleParam outerRate;
  private final DoubleParam outerMomentum;
  private final BooleanParam outerNesterov;
  private final Param<String> checkpointDir;
  private final IntParam checkpointInterval;
  private final IntParam keepCheckpoints;
  private final IntParam validationInterval;
  private final IntParam earlyStoppingRounds;
  private final Param<String> metric;
  private final Param<String> tensorboardDir;
  private final Param<String> mlflowUri;
  private final Param<String> engine;
  private final Param<String> precision;
  private final Param<String> convolution;
  private final Param<String> device;

  StokerClassifierParams(String uid) {
    this.uid = uid; // before the params, whose parent it names
    featuresCol =
        new TextParam(
            this, "featuresCol", "another name of inputCol, as Spark's classifiers have it");
    inputCol =
        new TextParam(
            this,
            "inputCol",
            "the column of images: bytes of image files, their URIs, struct<bytes,path>, or Spark's"
                + " image structure");
    labelCol =
        new TextParam(
            this,
            "labelCol",
            "the column of classes: whole numbers from 0, text, or an indexed column with names");
    weightCol =
        new TextParam(
            this,
            "weightCol",
            "the column that says how much each row counts in the loss, above 0");
    validationIndicatorCol =
        new TextParam(
            this,
            "validationIndicatorCol",
            "the column that is true for rows to validate on, and false for rows to train on");
    predictionCol = new TextParam(this, "predictionCol", "the model's column of class numbers");
    probabilityCol = new TextParam(this, "probabilityCol", "the model's column of probabilities");
    rawPredictionCol =
        new TextParam(
            this, "rawPredictionCol", "the model's column of logarithms of probabilities");
    predictedLabelCol =
        new TextParam(this, "predictedLabelCol", "the model's column of class names");
    errorCol =
        new TextParam(
            this, "errorCol", "the model's column that says why an image could not be read");
    thresholds =
        new DoubleArrayParam(
            this,
            "thresholds",
            "one for each class: the predicted class has the largest probability divided by its"
                + " threshold",
            ParamRules.THRESHOLDS);
    numClasses =
        new IntParam(
            this,
            "numClasses",
            "the number of classes; 0 to find it out from the labels",
            ParamValidators.gtEq(0));
    imageSize =
        new IntParam(
            this,
            "imageSize",
            "the height and width that images are resized to; 0 to keep that of the images",
            ParamValidators.inRange(0, 4096));
    imageChannels =
        new IntParam(
            this,
            "imageChannels",
            "1 for grey, 3 for colour; 0 for what the model takes",
            ParamValidators.inArray(List.of(0, 1, 3)));
    maxRejected =
        new DoubleParam(
            this,
            "maxRejected",
            "the share of images that may be unreadable before fit fails",
            ParamValidators.inRange(0, 1));
    cacheDir =
        new TextParam(
            this,
            "cacheDir",
            "a folder for the prepared images, which every executor reaches; a URI");
    model =
        new TextParam(this, "model", "the model: a name of the zoo, or a YAML file of the driver");
    initModel =
        new TextParam(
            this,
            "initModel",
            "a trained model to start from: what save wrote, a checkpoint or a run folder");
    freeze =
        new TextParam(
            this, "freeze", "with initModel: this layer and those before it are not trained");
    normalization =
        new TextParam(
            this,
            "normalization",
            "the statistics that images are normalised by: data, or init for those of initModel",
            ParamValidators.inArray(ParamRules.names(NormalizationSource.values())));
    numWorkers =
        new IntParam(
            this,
            "numWorkers",
            "logical workers, a number of the job and not of the cluster",
            ParamValidators.gtEq(1));
    batchSize =
        new IntParam(this, "batchSize", "examples per worker and step", ParamValidators.gtEq(1));
    localSteps =
        new IntParam(
            this,
            "localSteps",
            "steps of each worker between two averagings",
            ParamValidators.gtEq(1));
    localStepsCoefficient =
        new DoubleParam(
            this,
            "localStepsCoefficient",
            "A of the quadratic synchronization rule: max(localSteps, (A / rate)^2) steps between"
                + " two averagings; 0 for localSteps always",
            ParamValidators.gtEq(0));
    maxIter =
        new IntParam(
            this, "maxIter", "epochs: passes over the training rows", ParamValidators.gtEq(1));
    everyStepEpochs =
        new IntParam(
            this,
            "everyStepEpochs",
            "the first epochs, in which workers average after every step",
            ParamValidators.gtEq(0));
    stepSize = new DoubleParam(this, "stepSize", "the base learning rate", ParamValidators.gt(0));
    schedule =
        new TextParam(
            this,
            "schedule",
            "how the learning rate changes: constant, cosine, step or plateau",
            ParamValidators.inArray(List.of("constant", "cosine", "step", "plateau")));
    rateFactor =
        new DoubleParam(
            this,
            "rateFactor",
            "what schedules step and plateau multiply the rate by",
            ParamValidators.inRange(0, 1, false, true));
    rateEpochs =
        new DoubleParam(
            this,
            "rateEpochs",
            "after how many epochs schedules step and plateau do so",
            ParamValidators.gtEq(0));
    warmUp = new DoubleParam(this, "warmUp", "epochs of linear warm-up", ParamValidators.gtEq(0));
    biasRate =
        new DoubleParam(
            this, "biasRate", "the factor on the learning rate of biases", ParamValidators.gtEq(0));
    layerRates =
        new TextParam(
            this, "layerRates", "factors on the learning rate of layers, such as conv1=0.1,fc8=10");
    momentum =
        new DoubleParam(
            this, "momentum", "the momentum of SGD", ParamValidators.inRange(0, 1, true, false));
    weightDecay =
        new DoubleParam(
            this,
            "weightDecay",
            "the factor of L2 regularization on weights",
            ParamValidators.gtEq(0));
    clipNorm =
        new DoubleParam(
            this,
            "clipNorm",
            "the largest L2 norm of a gradient; 0 for no bound",
            ParamValidators.gtEq(0));
    labelSmoothing =
        new DoubleParam(
            this,
            "labelSmoothing",
            "the share of each label that is spread over all classes",
            ParamValidators.inRange(0, 1, true, false));
    classWeights =
        new TextParam(
            this,
            "classWeights",
            "how much the examples of each class count: balanced, such as cat=1,dog=2.5, or a file"
                + " of the driver");
    augmentations =
        new StringArrayParam(
            this, "augmentations", "augmentations in this order, such as flip and crop");
    mixup =
        new DoubleParam(
            this,
            "mixup",
            "mixup: the parameter of its beta distribution; 0 for none",
            ParamValidators.gtEq(0));
    sampling =
        new TextParam(
            this,
            "sampling",
            "how often an epoch has each sample: natural, or balanced over classes",
            ParamValidators.inArray(Sampling.names()));
    seed = new LongParam(this, "seed", "the seed of everything random");
    updaterState =
        new TextParam(
            this,
            "updaterState",
            "what happens to momentum after a round: average or reset",
            ParamValidators.inArray(ParamRules.names(UpdaterState.values())));
    wire =
        new TextParam(
            this,
            "wire",
            "the format in which workers send values to be averaged: fp32, fp16 or int8",
            ParamValidators.inArray(ParamRules.names(Wire.values())));
    overlapSteps =
        new IntParam(
            this,
            "overlapSteps",
            "how many steps of the next round workers take while they are averaged; 0 for none",
            ParamValidators.gtEq(0));
    sliceBytes =
        new IntParam(
            this,
            "sliceBytes",
            "about how many bytes a slice of the parameters has; 0 to choose",
            ParamValidators.gtEq(0));
    outerRate =
        new DoubleParam(
            this,
            "outerRate",
            "the factor on the step from the last parameters to the workers' mean",
            ParamValidators.gt(0));
    outerMomentum =
        new DoubleParam(
            this,
            "outerMomentum",
            "the momentum of outer steps; 0 for plain averaging",
            ParamValidators.inRange(0, 1, true, false));
    outerNesterov =
        new BooleanParam(
            this, "outerNesterov", "whether the momentum of outer steps is Nesterov's");
    checkpointDir =
        new TextParam(
            this,
            "checkpointDir",
            "a folder for checkpoints; an interrupted fit goes on from the newest one; a URI");
    checkpointInterval =
        new IntParam(
            this,
            "checkpointInterval",
            "rounds between two checkpoints; -1 for one at the end",
            ParamRules.INTERVAL);
    keepCheckpoints =
        new IntParam(
            this,
            "keepCheckpoints",
            "the number of checkpoints to keep, the newest",
            ParamValidators.gtEq(1));
    validationInterval =
        new IntParam(
            this,
            "validationInterval",
            "rounds between two validations; 0 for one an epoch",
            ParamValidators.gtEq(0));
    earlyStoppingRounds =
        new IntParam(
            this,
            "earlyStoppingRounds",
            "validations without a better one after which training ends; 0 for never",
            ParamValidators.gtEq(0));
    metric =
        new TextParam(
            this,
            "metric",
            "by what validations are compared: accuracy, balanced-accuracy, macro-f1, log-loss, or"
                + " auto: balanced-accuracy with classWeights or balanced sampling, else accuracy",
            ParamValidators.inArray(ParamRules.texts(SelectionMetric.values())));
    tensorboardDir =
        new TextParam(
            this,
            "tensorboardDir",
            "a folder for TensorBoard's event files, a folder for each run; a URI");
    mlflowUri =
        new TextParam(
            this,
            "mlflowUri",
            "the MLflow tracking server that training is logged to, such as http://127.0.0.1:5000");
    engine = new TextParam(this, "engine", "what computes: auto, or an engine's name");
    precision =
        new TextParam(
            this,
            "precision",
            "fp32, or bf16 for inputs and weights of products where that is faster",
            ParamValidators.inArray(ParamRules.texts(Precision.values())));
    convolution =
        new TextParam(
            this,
            "convolution",
            "how convolutions are computed: auto, direct, winograd, rearranged or rounded",
            ParamValidators.inArray(ParamRules.texts(ConvolutionAlgorithm.values())));
    device =
        new TextParam(
            this,
            "device",
            "what it computes on: auto, cpu or gpu, as the Spark session was started",
            ParamValidators.inArray(List.of("auto", "cpu", "gpu")));
    setDefault(inputCol, "content");
    setDefault(labelCol, "label");
    setDefault(predictionCol, "prediction");
    setDefault(probabilityCol, "probability");
    setDefault(rawPredictionCol, "rawPrediction");
    setDefault(predictedLabelCol, "predictedLabel");
    setDefault(errorCol, "error");
    setDefault(numClasses, 0);
    setDefault(imageSize, 0);
    setDefault(imageChannels, 0);
    setDefault(maxRejected, 0.01);
    setDefault(cacheDir, "");
    setDefault(initModel, "");
    setDefault(freeze, DEFAULTS.initialization().freeze());
    setDefault(normalization, ParamRules.name(DEFAULTS.initialization().normalization()));
    setDefault(numWorkers, DEFAULTS.rounds().workers());
    setDefault(batchSize, DEFAULTS.rounds().batch());
    setDefault(localSteps, DEFAULTS.rounds().localSteps().least());
    setDefault(localStepsCoefficient, DEFAULTS.rounds().localSteps().coefficient());
    setDefault(maxIter, DEFAULTS.rounds().epochs());
    setDefault(everyStepEpochs, DEFAULTS.rounds().everyStepEpochs());
    setDefault(stepSize, DEFAULTS.optimizer().learningRate());
    setDefault(schedule, "constant");
    setDefault(rateFactor, 0.1);
    setDefault(rateEpochs, 0.0);
    setDefault(warmUp, 0.0);
    setDefault(biasRate, DEFAULTS.optimizer().biasRate());
    setDefault(layerRates, "");
    setDefault(momentum, DEFAULTS.optimizer().momentum());
    setDefault(weightDecay, DEFAULTS.optimizer().weightDecay());
    setDefault(clipNorm, DEFAULTS.optimizer().clipNorm());
    setDefault(labelSmoothing, DEFAULTS.loss().labelSmoothing());
    setDefault(classWeights, "");
    setDefault(augmentations, new String[0]);
    setDefault(mixup, DEFAULTS.data().mixup());
    setDefault(sampling, DEFAULTS.data().sampling().toString());
    setDefault(seed, DEFAULTS.seed());
    setDefault(updaterState, ParamRules.name(DEFAULTS.averaging().updaterState()));
    setDefault(wire, ParamRules.name(DEFAULTS.averaging().wire()));
    setDefault(overlapSteps, DEFAULTS.averaging().overlapSteps());
    setDefault(sliceBytes, DEFAULTS.averaging().sliceBytes());
    setDefault(outerRate, DEFAULTS.outer().rate());
    setDefault(outerMomentum, DEFAULTS.outer().momentum());
    setDefault(outerNesterov, DEFAULTS.outer().nesterov());
    setDefault(checkpointDir, "");
    setDefault(checkpointInterval, DEFAULTS.checkpoints().every());
    setDefault(keepCheckpoints, DEFAULTS.checkpoints().keep());
    setDefault(validationInterval, 0);
    setDefault(earlyStoppingRounds, DEFAULTS.validation().patience());
    setDefault(metric, DEFAULTS.validation().metric().toString());
    setDefault(tensorboardDir, "");
    setDefault(mlflowUri, DEFAULTS.tracking().mlflow());
    setDefault(engine, DEFAULTS.engine());
    setDefault(precision, DEFAULTS.arithmetic().precision().toString());
    setDefault(convolution, DEFAULTS.arithmetic().convolution().toString());
    setDefault(device, "auto");
  }

  /** Another name of inputCol, as Spark's classifiers have it. */
  public final Param<String> featuresCol() {
    return featuresCol;
  }

  /**
   * The column of images: bytes of image files, their URIs, {@code struct<bytes,path>}, or Spark's
   * image structure.
   */
  public final Param<String> inputCol() {
    return inputCol;
  }

  /** The column of classes: whole numbers from 0, text, or an indexed column with names. */
  public final Param<String> labelCol() {
    return labelCol;
  }

  /** The column that says how much each row counts in the loss, a number above 0. */
  public final Param<String> weightCol() {
    return weightCol;
  }

  /** The column that is true for rows to validate on, and false for rows to train on. */
  public final Param<String> validationIndicatorCol() {
    return validationIndicatorCol;
  }

  /** The model's column of class numbers. */
  public final Param<String> predictionCol() {
    return predictionCol;
  }

  /** The model's column of probabilities. */
  public final Param<String> probabilityCol() {
    return probabilityCol;
  }

  /** The model's column of logarithms of probabilities. */
  public final Param<String> rawPredictionCol() {
    return rawPredictionCol;
  }

  /** The model's column of class names. */
  public final Param<String> predictedLabelCol() {
    return predictedLabelCol;
  }

  /** The model's column that says why an image could not be read. */
  public final Param<String> errorCol() {
    return errorCol;
  }

  /**
   * One for each class: the predicted class has the largest probability divided by its threshold.
   */
  public final DoubleArrayParam thresholds() {
    return thresholds;
  }

  /** The number of classes; 0 to find it out from the labels. */
  public final IntParam numClasses() {
    return numClasses;
  }

  /** The height and width that images are resized to; 0 to keep that of the images. */
  public final IntParam imageSize() {
    return imageSize;
  }

  /** 1 for grey, 3 for colour; 0 for what the model takes. */
  public final IntParam imageChannels() {
    return imageChannels;
  }

  /** The share of images that may be unreadable before fit fails. */
  public final DoubleParam maxRejected() {
    return maxRejected;
  }

  /** A folder for the prepared images, which every executor reaches; a URI. */
  public final Param<String> cacheDir() {
    return cacheDir;
  }

  /** The model: a name of the zoo, or a YAML file of the driver. */
  public final Param<String> model() {
    return model;
  }

  /** A trained model to start from: what save wrote, a checkpoint or a run folder. */
  public final Param<String> initModel() {
    return initModel;
  }

  /** With initModel: this layer and those before it are not trained. */
  public final Param<String> freeze() {
    return freeze;
  }

  /** The statistics that images are normalised by: data, or init for those of initModel. */
  public final Param<String> normalization() {
    return normalization;
  }

  /** Logical workers, a number of the job and not of the cluster. */
  public final IntParam numWorkers() {
    return numWorkers;
  }

  /** Examples per worker and step. */
  public final IntParam batchSize() {
    return batchSize;
  }

  /** Steps of each worker between two averagings. */
  public final IntParam localSteps() {
    return localSteps;
  }

  /** A of the quadratic synchronization rule; 0 for none. */
  public final DoubleParam localStepsCoefficient() {
    return localStepsCoefficient;
  }

  /** Epochs: passes over the training rows. */
  public final IntParam maxIter() {
    return maxIter;
  }

  /** The first epochs, in which workers average after every step. */
  public final IntParam everyStepEpochs() {
    return everyStepEpochs;
  }

  /** The base learning rate. */
  public final DoubleParam stepSize() {
    return stepSize;
  }

  /** How the learning rate changes: constant, cosine, step or plateau. */
  public final Param<String> schedule() {
    return schedule;
  }

  /** What schedules step and plateau multiply the rate by. */
  public final DoubleParam rateFactor() {
    return rateFactor;
  }

  /** After how many epochs schedules step and plateau do so. */
  public final DoubleParam rateEpochs() {
    return rateEpochs;
  }

  /** Epochs of linear warm-up. */
  public final DoubleParam warmUp() {
    return warmUp;
  }

  /** The factor on the learning rate of biases. */
  public final DoubleParam biasRate() {
    return biasRate;
  }

  /** Factors on the learning rate of layers, such as conv1=0.1,fc8=10. */
  public final Param<String> layerRates() {
    return layerRates;
  }

  /** The momentum of SGD. */
  public final DoubleParam momentum() {
    return momentum;
  }

  /** The factor of L2 regularization on weights. */
  public final DoubleParam weightDecay() {
    return weightDecay;
  }

  /** The largest L2 norm of a gradient; 0 for no bound. */
  public final DoubleParam clipNorm() {
    return clipNorm;
  }

  /** The share of each label that is spread over all classes. */
  public final DoubleParam labelSmoothing() {
    return labelSmoothing;
  }

  /**
   * How much the examples of each class count: balanced, such as cat=1,dog=2.5, or a file of the
   * driver.
   */
  public final Param<String> classWeights() {
    return classWeights;
  }

  /** Augmentations in this order, such as flip and crop. */
  public final StringArrayParam augmentations() {
    return augmentations;
  }

  /** Mixup: the parameter of its beta distribution; 0 for none. */
  public final DoubleParam mixup() {
    return mixup;
  }

  /** How often an epoch has each sample: natural, or balanced over classes. */
  public final Param<String> sampling() {
    return sampling;
  }

  /** The seed of everything random. */
  public final LongParam seed() {
    return seed;
  }

  /** What happens to momentum after a round: average or reset. */
  public final Param<String> updaterState() {
    return updaterState;
  }

  /** The format in which workers send values to be averaged: fp32, fp16 or int8. */
  public final Param<String> wire() {
    return wire;
  }

  /** How many steps of the next round workers take while they are averaged; 0 for none. */
  public final IntParam overlapSteps() {
    return overlapSteps;
  }

  /** About how many bytes a slice of the parameters has; 0 to choose. */
  public final IntParam sliceBytes() {
    return sliceBytes;
  }

  /** The factor on the step from the last parameters to the workers' mean. */
  public final DoubleParam outerRate() {
    return outerRate;
  }

  /** The momentum of outer steps; 0 for plain averaging. */
  public final DoubleParam outerMomentum() {
    return outerMomentum;
  }

  /** Whether the momentum of outer steps is Nesterov's. */
  public final BooleanParam outerNesterov() {
    return outerNesterov;
  }

  /** A folder for checkpoints; an interrupted fit goes on from the newest one; a URI. */
  public final Param<String> checkpointDir() {
    return checkpointDir;
  }

  /** Rounds between two checkpoints; -1 for one at the end. */
  public final IntParam checkpointInterval() {
    return checkpointInterval;
  }

  /** The number of checkpoints to keep, the newest. */
  public final IntParam keepCheckpoints() {
    return keepCheckpoints;
  }

  /** Rounds between two validations; 0 for one an epoch. */
  public final IntParam validationInterval() {
    return validationInterval;
  }

  /** Validations without a better one after which training ends; 0 for never. */
  public final IntParam earlyStoppingRounds() {
    return earlyStoppingRounds;
  }

  /** By what validations are compared; auto for the accuracy, or the balanced one. */
  public final Param<String> metric() {
    return metric;
  }

  /** A folder for TensorBoard's event files, a folder for each run; a URI. */
  public final Param<String> tensorboardDir() {
    return tensorboardDir;
  }

  /** The MLflow tracking server that training is logged to. */
  public final Param<String> mlflowUri() {
    return mlflowUri;
  }

  /** What computes: auto, or an engine's name. */
  public final Param<String> engine() {
    return engine;
  }

  /** Fp32, or bf16 for inputs and weights of products where that is faster. */
  public final Param<String> precision() {
    return precision;
  }

  /** How convolutions are computed: auto, direct, winograd, rearranged or rounded. */
  public final Param<String> convolution() {
    return convolution;
  }

  /** What it computes on: auto, cpu or gpu, as the Spark session was started. */
  public final Param<String> device() {
    return device;
  }

  /** Value of {@link #featuresCol()}. */
  public final String getFeaturesCol() {
    return getOrDefault(featuresCol);
  }

  /** Value of {@link #inputCol()}. */
  public final String getInputCol() {
    return getOrDefault(inputCol);
  }

  /** Value of {@link #labelCol()}. */
  public final String getLabelCol() {
    return getOrDefault(labelCol);
  }

  /** Value of {@link #weightCol()}. */
  public final String getWeightCol() {
    return getOrDefault(weightCol);
  }

  /** Value of {@link #validationIndicatorCol()}. */
  public final String getValidationIndicatorCol() {
    return getOrDefault(validationIndicatorCol);
  }

  /** Value of {@link #predictionCol()}. */
  public final String getPredictionCol() {
    return getOrDefault(predictionCol);
  }

  /** Value of {@link #probabilityCol()}. */
  public final String getProbabilityCol() {
    return getOrDefault(probabilityCol);
  }

  /** Value of {@link #rawPredictionCol()}. */
  public final String getRawPredictionCol() {
    return getOrDefault(rawPredictionCol);
  }

  /** Value of {@link #predictedLabelCol()}. */
  public final String getPredictedLabelCol() {
    return getOrDefault(predictedLabelCol);
  }

  /** Value of {@link #errorCol()}. */
  public final String getErrorCol() {
    return getOrDefault(errorCol);
  }

  /** Value of {@link #thresholds()}. */
  public final double[] getThresholds() {
    return getOrDefault(thresholds);
  }

  /** Value of {@link #numClasses()}. */
  public final int getNumClasses() {
    return (int) getOrDefault(numClasses);
  }

  /** Value of {@link #imageSize()}. */
  public final int getImageSize() {
    return (int) getOrDefault(imageSize);
  }

  /** Value of {@link #imageChannels()}. */
  public final int getImageChannels() {
    return (int) getOrDefault(imageChannels);
  }

  /** Value of {@link #maxRejected()}. */
  public final double getMaxRejected() {
    return (double) getOrDefault(maxRejected);
  }

  /** Value of {@link #cacheDir()}. */
  public final String getCacheDir() {
    return getOrDefault(cacheDir);
  }

  /** Value of {@link #model()}. */
  public final String getModel() {
    return getOrDefault(model);
  }

  /** Value of {@link #initModel()}. */
  public final String getInitModel() {
    return getOrDefault(initModel);
  }

  /** Value of {@link #freeze()}. */
  public final String getFreeze() {
    return getOrDefault(freeze);
  }

  /** Value of {@link #normalization()}. */
  public final String getNormalization() {
    return getOrDefault(normalization);
  }

  /** Value of {@link #numWorkers()}. */
  public final int getNumWorkers() {
    return (int) getOrDefault(numWorkers);
  }

  /** Value of {@link #batchSize()}. */
  public final int getBatchSize() {
    return (int) getOrDefault(batchSize);
  }

  /** Value of {@link #localSteps()}. */
  public final int getLocalSteps() {
    return (int) getOrDefault(localSteps);
  }

  /** Value of {@link #localStepsCoefficient()}. */
  public final double getLocalStepsCoefficient() {
    return (double) getOrDefault(localStepsCoefficient);
  }

  /** Value of {@link #maxIter()}. */
  public final int getMaxIter() {
    return (int) getOrDefault(maxIter);
  }

  /** Value of {@link #everyStepEpochs()}. */
  public final int getEveryStepEpochs() {
    return (int) getOrDefault(everyStepEpochs);
  }

  /** Value of {@link #stepSize()}. */
  public final double getStepSize() {
    return (double) getOrDefault(stepSize);
  }

  /** Value of {@link #schedule()}. */
  public final String getSchedule() {
    return getOrDefault(schedule);
  }

  /** Value of {@link #rateFactor()}. */
  public final double getRateFactor() {
    return (double) getOrDefault(rateFactor);
  }

  /** Value of {@link #rateEpochs()}. */
  public final double getRateEpochs() {
    return (double) getOrDefault(rateEpochs);
  }

  /** Value of {@link #warmUp()}. */
  public final double getWarmUp() {
    return (double) getOrDefault(warmUp);
  }

  /** Value of {@link #biasRate()}. */
  public final double getBiasRate() {
    return (double) getOrDefault(biasRate);
  }

  /** Value of {@link #layerRates()}. */
  public final String getLayerRates() {
    return getOrDefault(layerRates);
  }

  /** Value of {@link #momentum()}. */
  public final double getMomentum() {
    return (double) getOrDefault(momentum);
  }

  /** Value of {@link #weightDecay()}. */
  public final double getWeightDecay() {
    return (double) getOrDefault(weightDecay);
  }

  /** Value of {@link #clipNorm()}. */
  public final double getClipNorm() {
    return (double) getOrDefault(clipNorm);
  }

  /** Value of {@link #labelSmoothing()}. */
  public final double getLabelSmoothing() {
    return (double) getOrDefault(labelSmoothing);
  }

  /** Value of {@link #classWeights()}. */
  public final String getClassWeights() {
    return getOrDefault(classWeights);
  }

  /** Value of {@link #augmentations()}. */
  public final String[] getAugmentations() {
    return getOrDefault(augmentations);
  }

  /** Value of {@link #mixup()}. */
  public final double getMixup() {
    return (double) getOrDefault(mixup);
  }

  /** Value of {@link #sampling()}. */
  public final String getSampling() {
    return getOrDefault(sampling);
  }

  /** Value of {@link #seed()}. */
  public final long getSeed() {
    return (long) getOrDefault(seed);
  }

  /** Value of {@link #updaterState()}. */
  public final String getUpdaterState() {
    return getOrDefault(updaterState);
  }

  /** Value of {@link #wire()}. */
  public final String getWire() {
    return getOrDefault(wire);
  }

  /** Value of {@link #overlapSteps()}. */
  public final int getOverlapSteps() {
    return (int) getOrDefault(overlapSteps);
  }

  /** Value of {@link #sliceBytes()}. */
  public final int getSliceBytes() {
    return (int) getOrDefault(sliceBytes);
  }

  /** Value of {@link #outerRate()}. */
  public final double getOuterRate() {
    return (double) getOrDefault(outerRate);
  }

  /** Value of {@link #outerMomentum()}. */
  public final double getOuterMomentum() {
    return (double) getOrDefault(outerMomentum);
  }

  /** Value of {@link #outerNesterov()}. */
  public final boolean getOuterNesterov() {
    return (boolean) getOrDefault(outerNesterov);
  }

  /** Value of {@link #checkpointDir()}. */
  public final String getCheckpointDir() {
    return getOrDefault(checkpointDir);
  }

  /** Value of {@link #checkpointInterval()}. */
  public final int getCheckpointInterval() {
    return (int) getOrDefault(checkpointInterval);
  }

  /** Value of {@link #keepCheckpoints()}. */
  public final int getKeepCheckpoints() {
    return (int) getOrDefault(keepCheckpoints);
  }

  /** Value of {@link #validationInterval()}. */
  public final int getValidationInterval() {
    return (int) getOrDefault(validationInterval);
  }

  /** Value of {@link #metric()}. */
  public final String getMetric() {
    return getOrDefault(metric);
  }

  /** Value of {@link #earlyStoppingRounds()}. */
  public final int getEarlyStoppingRounds() {
    return (int) getOrDefault(earlyStoppingRounds);
  }

  /** Value of {@link #tensorboardDir()}. */
  public final String getTensorboardDir() {
    return getOrDefault(tensorboardDir);
  }

  /** Value of {@link #mlflowUri()}. */
  public final String getMlflowUri() {
    return getOrDefault(mlflowUri);
  }

  /** Value of {@link #engine()}. */
  public final String getEngine() {
    return getOrDefault(engine);
  }

  /** Value of {@link #precision()}. */
  public final String getPrecision() {
    return getOrDefault(precision);
  }

  /** Value of {@link #convolution()}. */
  public final String getConvolution() {
    return getOrDefault(convolution);
  }

  /** Value of {@link #device()}. */
  public final String getDevice() {
    return getOrDefault(device);
  }

  /** Sets {@link #featuresCol()}. */
  public final StokerClassifier setFeaturesCol(String value) {
    set(featuresCol, value);
    return self();
  }

  /** Sets {@link #inputCol()}. */
  public final StokerClassifier setInputCol(String value) {
    set(inputCol, value);
    return self();
  }

  /** Sets {@link #labelCol()}. */
  public final StokerClassifier setLabelCol(String value) {
    set(labelCol, value);
    return self();
  }

  /** Sets {@link #weightCol()}. */
  public final StokerClassifier setWeightCol(String value) {
    set(weightCol, value);
    return self();
  }

  /** Sets {@link #validationIndicatorCol()}. */
  public final StokerClassifier setValidationIndicatorCol(String value) {
    set(validationIndicatorCol, value);
    return self();
  }

  /** Sets {@link #predictionCol()}. */
  public final StokerClassifier setPredictionCol(String value) {
    set(predictionCol, value);
    return self();
  }

  /** Sets {@link #probabilityCol()}. */
  public final StokerClassifier setProbabilityCol(String value) {
    set(probabilityCol, value);
    return self();
  }

  /** Sets {@link #rawPredictionCol()}. */
  public final StokerClassifier setRawPredictionCol(String value) {
    set(rawPredictionCol, value);
    return self();
  }

  /** Sets {@link #predictedLabelCol()}. */
  public final StokerClassifier setPredictedLabelCol(String value) {
    set(predictedLabelCol, value);
    return self();
  }

  /** Sets {@link #errorCol()}. */
  public final StokerClassifier setErrorCol(String value) {
    set(errorCol, value);
    return self();
  }

  /** Sets {@link #thresholds()}. */
  public final StokerClassifier setThresholds(double[] value) {
    set(thresholds, value);
    return self();
  }

  /** Sets {@link #numClasses()}. */
  public final StokerClassifier setNumClasses(int value) {
    set(numClasses, value);
    return self();
  }

  /** Sets {@link #imageSize()}. */
  public final StokerClassifier setImageSize(int value) {
    set(imageSize, value);
    return self();
  }

  /** Sets {@link #imageChannels()}. */
  public final StokerClassifier setImageChannels(int value) {
    set(imageChannels, value);
    return self();
  }

  /** Sets {@link #maxRejected()}. */
  public final StokerClassifier setMaxRejected(double value) {
    set(maxRejected, value);
    return self();
  }

  /** Sets {@link #cacheDir()}. */
  public final StokerClassifier setCacheDir(String value) {
    set(cacheDir, value);
    return self();
  }

  /** Sets {@link #model()}. */
  public final StokerClassifier setModel(String value) {
    set(model, value);
    return self();
  }

  /** Sets {@link #initModel()}. */
  public final StokerClassifier setInitModel(String value) {
    set(initModel, value);
    return self();
  }

  /** Sets {@link #freeze()}. */
  public final StokerClassifier setFreeze(String value) {
    set(freeze, value);
    return self();
  }

  /** Sets {@link #normalization()}. */
  public final StokerClassifier setNormalization(String value) {
    set(normalization, value);
    return self();
  }

  /** Sets {@link #numWorkers()}. */
  public final StokerClassifier setNumWorkers(int value) {
    set(numWorkers, value);
    return self();
  }

  /** Sets {@link #batchSize()}. */
  public final StokerClassifier setBatchSize(int value) {
    set(batchSize, value);
    return self();
  }

  /** Sets {@link #localSteps()}. */
  public final StokerClassifier setLocalSteps(int value) {
    set(localSteps, value);
    return self();
  }

  /** Sets {@link #localStepsCoefficient()}. */
  public final StokerClassifier setLocalStepsCoefficient(double value) {
    set(localStepsCoefficient, value);
    return self();
  }

  /** Sets {@link #maxIter()}. */
  public final StokerClassifier setMaxIter(int value) {
    set(maxIter, value);
    return self();
  }

  /** Sets {@link #everyStepEpochs()}. */
  public final StokerClassifier setEveryStepEpochs(int value) {
    set(everyStepEpochs, value);
    return self();
  }

  /** Sets {@link #stepSize()}. */
  public final StokerClassifier setStepSize(double value) {
    set(stepSize, value);
    return self();
  }

  /** Sets {@link #schedule()}. */
  public final StokerClassifier setSchedule(String value) {
    set(schedule, value);
    return self();
  }

  /** Sets {@link #rateFactor()}. */
  public final StokerClassifier setRateFactor(double value) {
    set(rateFactor, value);
    return self();
  }

  /** Sets {@link #rateEpochs()}. */
  public final StokerClassifier setRateEpochs(double value) {
    set(rateEpochs, value);
    return self();
  }

  /** Sets {@link #warmUp()}. */
  public final StokerClassifier setWarmUp(double value) {
    set(warmUp, value);
    return self();
  }

  /** Sets {@link #biasRate()}. */
  public final StokerClassifier setBiasRate(double value) {
    set(biasRate, value);
    return self();
  }

  /** Sets {@link #layerRates()}. */
  public final StokerClassifier setLayerRates(String value) {
    set(layerRates, value);
    return self();
  }

  /** Sets {@link #momentum()}. */
  public final StokerClassifier setMomentum(double value) {
    set(momentum, value);
    return self();
  }

  /** Sets {@link #weightDecay()}. */
  public final StokerClassifier setWeightDecay(double value) {
    set(weightDecay, value);
    return self();
  }

  /** Sets {@link #clipNorm()}. */
  public final StokerClassifier setClipNorm(double value) {
    set(clipNorm, value);
    return self();
  }

  /** Sets {@link #labelSmoothing()}. */
  public final StokerClassifier setLabelSmoothing(double value) {
    set(labelSmoothing, value);
    return self();
  }

  /** Sets {@link #classWeights()}. */
  public final StokerClassifier setClassWeights(String value) {
    set(classWeights, value);
    return self();
  }

  /** Sets {@link #augmentations()}. */
  public final StokerClassifier setAugmentations(String[] value) {
    set(augmentations, value);
    return self();
  }

  /** Sets {@link #mixup()}. */
  public final StokerClassifier setMixup(double value) {
    set(mixup, value);
    return self();
  }

  /** Sets {@link #sampling()}. */
  public final StokerClassifier setSampling(String value) {
    set(sampling, value);
    return self();
  }

  /** Sets {@link #seed()}. */
  public final StokerClassifier setSeed(long value) {
    set(seed, value);
    return self();
  }

  /** Sets {@link #updaterState()}. */
  public final StokerClassifier setUpdaterState(String value) {
    set(updaterState, value);
    return self();
  }

  /** Sets {@link #wire()}. */
  public final StokerClassifier setWire(String value) {
    set(wire, value);
    return self();
  }

  /** Sets {@link #overlapSteps()}. */
  public final StokerClassifier setOverlapSteps(int value) {
    set(overlapSteps, value);
    return self();
  }

  /** Sets {@link #sliceBytes()}. */
  public final StokerClassifier setSliceBytes(int value) {
    set(sliceBytes, value);
    return self();
  }

  /** Sets {@link #outerRate()}. */
  public final StokerClassifier setOuterRate(double value) {
    set(outerRate, value);
    return self();
  }

  /** Sets {@link #outerMomentum()}. */
  public final StokerClassifier setOuterMomentum(double value) {
    set(outerMomentum, value);
    return self();
  }

  /** Sets {@link #outerNesterov()}. */
  public final StokerClassifier setOuterNesterov(boolean value) {
    set(outerNesterov, value);
    return self();
  }

  /** Sets {@link #checkpointDir()}. */
  public final StokerClassifier setCheckpointDir(String value) {
    set(checkpointDir, value);
    return self();
  }

  /** Sets {@link #checkpointInterval()}. */
  public final StokerClassifier setCheckpointInterval(int value) {
    set(checkpointInterval, value);
    return self();
  }

  /** Sets {@link #keepCheckpoints()}. */
  public final StokerClassifier setKeepCheckpoints(int value) {
    set(keepCheckpoints, value);
    return self();
  }

  /** Sets {@link #validationInterval()}. */
  public final StokerClassifier setValidationInterval(int value) {
    set(validationInterval, value);
    return self();
  }

  /** Sets {@link #metric()}. */
  public final StokerClassifier setMetric(String value) {
    set(metric, value);
    return self();
  }

  /** Sets {@link #earlyStoppingRounds()}. */
  public final StokerClassifier setEarlyStoppingRounds(int value) {
    set(earlyStoppingRounds, value);
    return self();
  }

  /** Sets {@link #tensorboardDir()}. */
  public final StokerClassifier setTensorboardDir(String value) {
    set(tensorboardDir, value);
    return self();
  }

  /** Sets {@link #mlflowUri()}. */
  public final StokerClassifier setMlflowUri(String value) {
    set(mlflowUri, value);
    return self();
  }

  /** Sets {@link #engine()}. */
  public final StokerClassifier setEngine(String value) {
    set(engine, value);
    return self();
  }

  /** Sets {@link #precision()}. */
  public final StokerClassifier setPrecision(String value) {
    set(precision, value);
    return self();
  }

  /** Sets {@link #convolution()}. */
  public final StokerClassifier setConvolution(String value) {
    set(convolution, value);
    return self();
  }

  /** Sets {@link #device()}. */
  public final StokerClassifier setDevice(String value) {
    set(device, value);
    return self();
  }

  @Override
  public final String uid() {
    return uid;
  }

  abstract StokerClassifier self();
}
