// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SCALE_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Primitive;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_batch_normalization_desc_t;
import org.bytedeco.dnnl.global.dnnl;

/**
 * {@link LayerSpec.BatchNormalization}, and the rectifier after it where there is one: one pass
 * over the values computes both. In the canonical vector, scale, shift, running mean and the
 * logarithm of the running deviation follow each other; oneDNN reads the first two as one tensor.
 */
final class CompiledBatchNormalization implements CompiledLayer {
  private static final int WITH_RUNNING_STATISTICS =
      dnnl.dnnl_use_scaleshift | dnnl.dnnl_use_global_stats;

  private final Workspace workspace;
  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final LayerSpec.BatchNormalization layer;
  private final RunningStatistics statistics;

  /** oneDNN's flag for a rectifier after the normalization, or 0. */
  private final int fused;

  /** Which values the rectifier let through; empty without one. */
  private final Map<Integer, Tensor> passed;

  private final Layout perChannel;
  private final Layout scaleAndShift;
  private final Tensor input;
  private final Tensor output;
  private final Tensor batchMean;
  private final Tensor batchVariance;
  private final Tensor runningVariance;
  private final PrimitiveDescriptor operation;
  private final Primitive training;
  private final Primitive inference;
  private Primitive backward;

  /** The gradients of the running statistics; null until the first backward pass. */
  private FloatBuffer meanSteps;

  private FloatBuffer deviationSteps;

  private Primitive inferenceBackward;
  private boolean inferenceGradient;

  CompiledBatchNormalization(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.BatchNormalization layer,
      Tensor source,
      boolean rectified) {
    this.workspace = workspace;
    this.vectors = vectors;
    this.placed = placed;
    this.layer = layer;
    statistics = new RunningStatistics(vectors, placed);
    fused = rectified ? dnnl.dnnl_fuse_norm_relu : 0;
    int channels = placed.input().channels();
    perChannel = Layout.plain(channels);
    scaleAndShift = Layout.plain(2, channels);
    input = workspace.asImages(source);
    output = workspace.transientTensor(source.layout());
    batchMean = workspace.tensor(perChannel);
    batchVariance = workspace.tensor(perChannel);
    runningVariance = workspace.tensor(perChannel);
    operation =
        workspace.operation(describe(dnnl.dnnl_forward_training, dnnl.dnnl_use_scaleshift | fused));
    passed =
        rectified ? Map.of(DNNL_ARG_WORKSPACE, workspace.tensor(operation.workspace())) : Map.of();
    training = forward(operation, batchMean, batchVariance, passed);
    inference =
        forward(
            workspace.operation(
                describe(dnnl.dnnl_forward_inference, WITH_RUNNING_STATISTICS | fused)),
            workspace.parameters(perChannel, vectors.parameters(placed, 2)),
            runningVariance,
            Map.of());
  }

  private dnnl_batch_normalization_desc_t describe(int kind, int flags) {
    dnnl_batch_normalization_desc_t description = new dnnl_batch_normalization_desc_t();
    OneDnn.check(
        dnnl.dnnl_batch_normalization_forward_desc_init(
            description, kind, input.layout().descriptor(), layer.epsilon(), flags),
        "describe batch normalization");
    return description;
  }

  private Primitive forward(
      PrimitiveDescriptor of, Tensor mean, Tensor variance, Map<Integer, Tensor> more) {
    Map<Integer, Tensor> tensors = new HashMap<>(more);
    tensors.putAll(
        Map.of(
            DNNL_ARG_SRC,
            input,
            DNNL_ARG_DST,
            workspace.asImages(output),
            DNNL_ARG_MEAN,
            mean,
            DNNL_ARG_VARIANCE,
            variance,
            DNNL_ARG_SCALE_SHIFT,
            workspace.parameters(scaleAndShift, vectors.parameters(placed, 0))));
    return workspace.compile(of, tensors);
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public void requireInferenceGradient() {
    inferenceGradient = true;
  }

  @Override
  public void forward(Pass pass) {
    if (pass.isTraining()) {
      training.run();
    } else {
      FloatBuffer variances = runningVariance.buffer();
      for (int i = 0; i < variances.capacity(); i++) {
        variances.put(i, (float) statistics.variance(i));
      }
      inference.run();
    }
  }

  private dnnl_batch_normalization_desc_t describeGradient(int kind, int flags) {
    dnnl_batch_normalization_desc_t description = new dnnl_batch_normalization_desc_t();
    OneDnn.check(
        dnnl.dnnl_batch_normalization_backward_desc_init(
            description,
            kind,
            input.layout().descriptor(),
            input.layout().descriptor(),
            layer.epsilon(),
            flags),
        "describe batch normalization's gradient");
    return description;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    dnnl_batch_normalization_desc_t description =
        describeGradient(dnnl.dnnl_backward, dnnl.dnnl_use_scaleshift | fused);
    Tensor inputGradient = workspace.transientTensor(output.layout());
    if (inferenceGradient) {
      inferenceBackward = compileInferenceGradient(outputGradient, inputGradient);
    }
    Map<Integer, Tensor> tensors = new HashMap<>(passed);
    tensors.putAll(
        Map.of(
            DNNL_ARG_SRC,
            input,
            DNNL_ARG_MEAN,
            batchMean,
            DNNL_ARG_VARIANCE,
            batchVariance,
            DNNL_ARG_SCALE_SHIFT,
            workspace.parameters(scaleAndShift, vectors.parameters(placed, 0)),
            DNNL_ARG_DIFF_DST,
            workspace.asImages(outputGradient),
            DNNL_ARG_DIFF_SRC,
            workspace.asImages(inputGradient),
            DNNL_ARG_DIFF_SCALE_SHIFT,
            workspace.parameters(scaleAndShift, vectors.gradients(placed, 0))));
    backward = workspace.compile(workspace.operation(description, operation), tensors);
    meanSteps = vectors.gradients(placed, 2).asBuffer();
    deviationSteps = vectors.gradients(placed, 3).asBuffer();
    return inputGradient;
  }

  /**
   * In inference mode, the layer is a factor and a summand for each channel. oneDNN has no such
   * pass without the gradients by both, which are not used.
   */
  private Primitive compileInferenceGradient(Tensor outputGradient, Tensor inputGradient) {
    dnnl_batch_normalization_desc_t description =
        describeGradient(dnnl.dnnl_backward, WITH_RUNNING_STATISTICS);
    PrimitiveDescriptor there =
        workspace.operation(describe(dnnl.dnnl_forward_training, WITH_RUNNING_STATISTICS));
    return workspace.compile(
        workspace.operation(description, there),
        Map.of(
            DNNL_ARG_SRC,
            input,
            DNNL_ARG_MEAN,
            workspace.parameters(perChannel, vectors.parameters(placed, 2)),
            DNNL_ARG_VARIANCE,
            runningVariance,
            DNNL_ARG_SCALE_SHIFT,
            workspace.parameters(scaleAndShift, vectors.parameters(placed, 0)),
            DNNL_ARG_DIFF_DST,
            workspace.asImages(outputGradient),
            DNNL_ARG_DIFF_SRC,
            workspace.asImages(inputGradient),
            DNNL_ARG_DIFF_SCALE_SHIFT,
            workspace.tensor(scaleAndShift)));
  }

  @Override
  public void backward(Pass pass) {
    if (!pass.isTraining()) {
      inferenceBackward.run();
      return;
    }
    backward.run();
    for (int i = 0; i < placed.input().channels(); i++) {
      meanSteps.put(i, (1 - layer.decay()) * (statistics.mean(i) - batchMean.buffer().get(i)));
      double variance =
          layer.decay() * statistics.variance(i)
              + (1 - layer.decay()) * batchVariance.buffer().get(i);
      deviationSteps.put(i, (float) (statistics.logDeviation(i) - StrictMath.log10(variance) / 2));
    }
  }
}
