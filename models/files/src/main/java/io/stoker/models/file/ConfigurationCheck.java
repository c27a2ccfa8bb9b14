// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.failure.DamagedException;
import java.io.IOException;
import java.util.Set;

/**
 * Checks the entry {@code configuration.json}. Stoker does not read it, but stock Deeplearning4j
 * creates an object of any class that it names. So a file that names other classes than Stoker
 * writes counts as damaged.
 */
final class ConfigurationCheck {
  private static final Set<String> CLASSES =
      Set.of(
          "org.deeplearning4j.nn.conf.distribution.NormalDistribution",
          "org.deeplearning4j.nn.conf.distribution.UniformDistribution",
          "org.deeplearning4j.nn.conf.dropout.Dropout",
          "org.deeplearning4j.nn.conf.dropout.SpatialDropout",
          "org.deeplearning4j.nn.conf.graph.ElementWiseVertex",
          "org.deeplearning4j.nn.conf.graph.LayerVertex",
          "org.deeplearning4j.nn.conf.graph.MergeVertex",
          "org.deeplearning4j.nn.conf.graph.PreprocessorVertex",
          "org.deeplearning4j.nn.conf.graph.ReshapeVertex",
          "org.deeplearning4j.nn.conf.graph.ScaleVertex",
          "org.deeplearning4j.nn.conf.graph.SubsetVertex",
          "org.deeplearning4j.nn.conf.inputs.InputType$InputTypeConvolutional",
          "org.deeplearning4j.nn.conf.layers.ActivationLayer",
          "org.deeplearning4j.nn.conf.layers.BatchNormalization",
          "org.deeplearning4j.nn.conf.layers.ConvolutionLayer",
          "org.deeplearning4j.nn.conf.layers.DenseLayer",
          "org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D",
          "org.deeplearning4j.nn.conf.layers.DropoutLayer",
          "org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer",
          "org.deeplearning4j.nn.conf.layers.LSTM",
          "org.deeplearning4j.nn.conf.layers.LocalResponseNormalization",
          "org.deeplearning4j.nn.conf.layers.LossLayer",
          "org.deeplearning4j.nn.conf.layers.OutputLayer",
          "org.deeplearning4j.nn.conf.layers.SubsamplingLayer",
          "org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer",
          "org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep",
          "org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor",
          "org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor",
          "org.deeplearning4j.nn.weights.WeightInitConstant",
          "org.deeplearning4j.nn.weights.WeightInitDistribution",
          "org.deeplearning4j.nn.weights.WeightInitRelu",
          "org.deeplearning4j.nn.weights.WeightInitXavier",
          "org.deeplearning4j.nn.weights.WeightInitXavierUniform",
          "org.nd4j.linalg.activations.impl.ActivationCube",
          "org.nd4j.linalg.activations.impl.ActivationIdentity",
          "org.nd4j.linalg.activations.impl.ActivationLReLU",
          "org.nd4j.linalg.activations.impl.ActivationReLU",
          "org.nd4j.linalg.activations.impl.ActivationReLU6",
          "org.nd4j.linalg.activations.impl.ActivationSigmoid",
          "org.nd4j.linalg.activations.impl.ActivationSoftmax",
          "org.nd4j.linalg.activations.impl.ActivationSwish",
          "org.nd4j.linalg.activations.impl.ActivationTanH",
          "org.nd4j.linalg.learning.config.Adam",
          "org.nd4j.linalg.learning.config.Nesterovs",
          "org.nd4j.linalg.learning.config.Sgd",
          "org.nd4j.linalg.learning.regularization.L2Regularization",
          "org.nd4j.linalg.learning.regularization.WeightDecay",
          "org.nd4j.linalg.lossfunctions.impl.LossMCXENT",
          "org.nd4j.linalg.schedule.FixedSchedule");

  private ConfigurationCheck() {}

  /**
   * Checks that the configuration is JSON and names only classes that Stoker writes.
   *
   * @throws DamagedException if not
   */
  static void check(byte[] bytes, String file) {
    JsonNode tree;
    try {
      tree = MetadataJson.MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw new DamagedException(
          "Damaged model file %s: configuration.json is not JSON".formatted(file), e);
    }
    if (!tree.path("vertices").isObject()) {
      throw new DamagedException(
          "Damaged model file %s: configuration.json has no vertices".formatted(file));
    }
    check(tree, file);
  }

  /** Only class names contain a dot; so the check needs no list of the keys that hold them. */
  private static void check(JsonNode node, String file) {
    if (node.isTextual() && node.textValue().contains(".") && !CLASSES.contains(node.textValue())) {
      throw new DamagedException(
          "Damaged model file %s: configuration.json names a class that Stoker never writes: %s"
              .formatted(file, MetadataJson.MAPPER.valueToTree(node.textValue())));
    }
    for (JsonNode child : node) {
      check(child, file);
    }
  }
}
