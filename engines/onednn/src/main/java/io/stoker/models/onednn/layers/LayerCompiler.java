// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.onednn.rules.Rounding;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Compiles one layer for one batch size.
 *
 * @param workspace owns the layer's tensors
 * @param vectors the network's parameters and gradients
 * @param placed the layer
 * @param input the output of the layer before, or the images
 * @param overwrite whether an activation may overwrite its input
 * @param fusion whether a layer may compute layers after it along with its own output
 * @param epilogue the layers after it that it computes along
 * @param rectifies whether it computes the gradient of a rectifier before it as well
 */
record LayerCompiler(
    Workspace workspace,
    FlatVectors vectors,
    ModelSpec.Placed placed,
    Tensor input,
    boolean overwrite,
    Fusion fusion,
    Epilogue epilogue,
    boolean rectifies)
    implements LayerVisitor<CompiledLayer> {
  /**
   * What layers know of their neighbours.
   *
   * @param isAllowed whether a rectifier is computed along with the convolution, dense layer or
   *     batch normalization before it, and in inference, a batch normalization along with the
   *     convolution before it
   * @param isReaderRounding whether what reads the output of the last layer rounds it, see {@link
   *     Rounding}
   * @param reader the range in which what reads the output of the last layer takes integers
   * @param summand to which the last convolution adds its output
   * @param computed how many layers, from the first, are computed before
   */
  record Fusion(
      boolean isAllowed,
      boolean isReaderRounding,
      Optional<Quantization.Range> reader,
      Optional<Summand> summand,
      int computed) {
    /** Each layer is computed alone: its own output can be looked at. */
    static final Fusion NONE = new Fusion(false, false, Optional.empty(), Optional.empty(), 0);

    static final Fusion ALLOWED = new Fusion(true, false, Optional.empty(), Optional.empty(), 0);

    /** The same for layers inside of another one. */
    Fusion inside(boolean readerRounds) {
      return new Fusion(isAllowed, readerRounds, Optional.empty(), Optional.empty(), 0);
    }

    /** The same for layers whose output is read by layers that take integers of a range. */
    Fusion readIn(Optional<Quantization.Range> range) {
      return new Fusion(isAllowed, isReaderRounding, range, summand, computed);
    }

    Fusion addingTo(Summand shortcut) {
      return new Fusion(isAllowed, isReaderRounding, reader, Optional.of(shortcut), 0);
    }

    Fusion afterFirst(int layers) {
      return new Fusion(isAllowed, isReaderRounding, reader, summand, layers);
    }
  }

  /** The compiler of a layer that is computed alone. */
  LayerCompiler(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      Tensor input,
      boolean overwrite,
      Fusion fusion) {
    this(workspace, vectors, placed, input, overwrite, fusion, Epilogue.NONE, false);
  }

  /**
   * Compiles layers one after the other.
   *
   * @param overwrite whether the first may overwrite the input
   */
  static List<CompiledLayer> chain(
      Workspace workspace,
      FlatVectors vectors,
      List<ModelSpec.Placed> placed,
      Tensor input,
      boolean overwrite,
      Fusion fusion) {
    boolean inference = workspace.purpose() == Purpose.INFERENCE;
    List<CompiledLayer> layers = new ArrayList<>();
    Tensor last = input;
    boolean mayOverwrite = overwrite;
    int fused = fusion.computed();
    boolean rectifies = false;
    for (int i = 0; i < placed.size(); i++) {
      if (fused > 0) {
        fused--;
        boolean whole = inference || isNormalization(placed.get(i - 1));
        rectifies = !whole && i + 1 < placed.size() && Rounding.isMaximum(placed.get(i + 1));
        boolean elsewhere = whole || rectifies;
        layers.add(
            elsewhere ? new FusedLayer(last) : CompiledActivation.rectified(workspace, last));
        mayOverwrite = elsewhere;
        continue;
      } else if (inference && placed.get(i).layer() instanceof LayerSpec.Dropout) {
        layers.add(new FusedLayer(last));
        continue;
      }
      Epilogue epilogue =
          fusion.isAllowed() ? epilogue(workspace, placed, i, fusion) : Epilogue.NONE;
      Rounding rounding = workspace.rounding();
      boolean reader = rounding.isReaderRounding(placed, i + 1, fusion.isReaderRounding());
      int moment = workspace.moment();
      CompiledLayer layer =
          new LayerCompiler(
                  workspace,
                  vectors,
                  placed.get(i),
                  last,
                  mayOverwrite,
                  fusion.inside(reader).readIn(rounding.rangeAfter(placed, i + 1, fusion.reader())),
                  epilogue,
                  rectifies)
              .compile();
      rectifies = false;
      if (inference) {
        workspace.endAllSince(moment, layer.output());
      }
      if (!last.sharesMemoryWith(input)
          && !last.sharesMemoryWith(layer.output())
          && (inference || (mayOverwrite && !layer.needsInput()))) {
        workspace.end(last);
      }
      layers.add(layer);
      last = layer.output();
      mayOverwrite = !layer.needsOutput();
      fused = epilogue.layers();
    }
    return layers;
  }

  /** What a layer computes along. */
  private static Epilogue epilogue(
      Workspace workspace, List<ModelSpec.Placed> placed, int i, Fusion fusion) {
    boolean inference = workspace.purpose() == Purpose.INFERENCE;
    ModelSpec.Placed layer = placed.get(i);
    boolean convolution = Quantization.isConvolution(layer);
    if (!convolution && !isNormalization(layer) && !(layer.layer() instanceof LayerSpec.Dense)) {
      return Epilogue.NONE;
    }
    // A dense layer's weights are large, and are multiplied as they are, unless they are in int8.
    boolean folds = inference && (convolution || isInInt8(workspace, layer));
    Optional<ModelSpec.Placed> normalization =
        placed.stream()
            .skip(i + 1L)
            .limit(folds ? 1 : 0)
            .filter(LayerCompiler::isNormalization)
            .findFirst();
    int next = i + 1 + (normalization.isPresent() ? 1 : 0);
    Optional<Summand> summand = next == placed.size() ? fusion.summand() : Optional.empty();
    boolean rectified = Rounding.isRectifier(placed, next);
    int after = next + (rectified ? 1 : 0);
    boolean rounded = workspace.rounding().isAfter(placed, i, after, fusion.isReaderRounding());
    return new Epilogue(
        normalization,
        rectified || summand.filter(Summand::isRectified).isPresent(),
        rounded,
        isInInt8(workspace, layer)
            ? workspace.rounding().rangeAfter(placed, after, fusion.reader())
            : Optional.empty(),
        summand);
  }

  /**
   * Whether the last of some layers is a convolution that can add its output to a summand, but for
   * a normalization that it computes along.
   */
  static boolean canAdd(Workspace workspace, List<ModelSpec.Placed> placed, Fusion fusion) {
    return fusion.isAllowed()
        && workspace.purpose() == Purpose.INFERENCE
        && Quantization.lastConvolution(placed)
            .filter(last -> !workspace.kernel(last).isRearranged())
            .isPresent();
  }

  private static boolean isInInt8(Workspace workspace, ModelSpec.Placed layer) {
    return Quantization.isPossible(layer) && workspace.kernel(layer) == Kernel.INT8;
  }

  private static boolean isNormalization(ModelSpec.Placed placed) {
    return placed.layer() instanceof LayerSpec.BatchNormalization;
  }

  CompiledLayer compile() {
    return placed.layer().accept(this);
  }

  private CompiledLayer observed(CompiledLayer layer) {
    return workspace.isObserved() ? new ObservedLayer(workspace, placed, input, layer) : layer;
  }

  private CompiledLayer quantized(Window window, Function<Workspace, GroupedFilters> parameters) {
    return new QuantizedConvolution(
        workspace, vectors, placed, window, parameters, input, epilogue);
  }

  @Override
  public CompiledLayer visitConvolution(LayerSpec.Convolution layer) {
    Kernel kernel = workspace.kernel(placed);
    if (kernel == Kernel.INT8) {
      return quantized(layer.window(), in -> new GroupedFilters(in, vectors, placed, layer));
    }
    return observed(
        kernel.isRearranged()
            ? new RearrangedConvolution(workspace, vectors, placed, layer, input, epilogue)
            : new CompiledConvolution(workspace, vectors, placed, layer, input, epilogue));
  }

  @Override
  public CompiledLayer visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
    return workspace.kernel(placed) == Kernel.INT8
        ? quantized(layer.window(), in -> new GroupedFilters(in, vectors, placed, layer))
        : observed(new CompiledConvolution(workspace, vectors, placed, layer, input, epilogue));
  }

  @Override
  public CompiledLayer visitPooling(LayerSpec.Pooling layer) {
    return new CompiledPooling(workspace, placed, layer, input, rectifies);
  }

  @Override
  public CompiledLayer visitChannelPadding(LayerSpec.ChannelPadding layer) {
    return new CompiledChannelPadding(workspace, placed, input);
  }

  @Override
  public CompiledLayer visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
    return new CompiledGlobalPooling(workspace, placed, input);
  }

  @Override
  public CompiledLayer visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
    return new CompiledResponseNormalization(workspace, layer, input);
  }

  @Override
  public CompiledLayer visitBatchNormalization(LayerSpec.BatchNormalization layer) {
    return new CompiledBatchNormalization(
        workspace, vectors, placed, layer, input, epilogue.rectified());
  }

  @Override
  public CompiledLayer visitActivation(LayerSpec.Activation layer) {
    return new CompiledActivation(workspace, layer.function(), input, overwrite);
  }

  @Override
  public CompiledLayer visitScaling(LayerSpec.Scaling layer) {
    return new CompiledScaling(workspace, layer, input, overwrite);
  }

  @Override
  public CompiledLayer visitDropout(LayerSpec.Dropout layer) {
    return new CompiledDropout(workspace, placed.index(), layer, input);
  }

  @Override
  public CompiledLayer visitLstm(LayerSpec.Lstm layer) {
    return new CompiledLstm(workspace, vectors, placed, layer, input);
  }

  @Override
  public CompiledLayer visitDense(LayerSpec.Dense layer) {
    return workspace.kernel(placed) == Kernel.INT8
        ? new QuantizedDense(workspace, vectors, placed, layer, input, epilogue)
        : observed(new CompiledDense(workspace, vectors, placed, layer, input, epilogue));
  }

  @Override
  public CompiledLayer visitSequence(CompositeSpec.Sequence layer) {
    return new LayerChain(workspace, vectors, placed, input, overwrite, fusion);
  }

  @Override
  public CompiledLayer visitResidual(CompositeSpec.Residual layer) {
    return new CompiledResidual(workspace, vectors, placed, input, overwrite, fusion);
  }

  @Override
  public CompiledLayer visitBranches(CompositeSpec.Branches layer) {
    return new CompiledBranches(workspace, vectors, placed, input, fusion.inside(false));
  }

  @Override
  public CompiledLayer visitChannelGate(CompositeSpec.ChannelGate layer) {
    return new CompiledChannelGate(workspace, vectors, placed, input, fusion.inside(false));
  }
}
