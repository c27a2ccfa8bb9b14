// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.LayerTimes;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.onednn.rules.Rounding;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.Quantization;
import java.util.List;
import java.util.Optional;

/**
 * {@link io.stoker.models.spec.CompositeSpec.Residual}. The sum overwrites the output of the body,
 * unless the body's backward pass reads it. In inference, a convolution at the end of the body
 * computes the sum, see {@link Summand}.
 */
final class CompiledResidual implements CompiledLayer {
  private final Workspace workspace;
  private final LayerChain body;
  private final LayerChain shortcut;
  private final LayerChain after;
  private final Runnable addition;

  /** Makes integers of the input, where the block reads it as such. */
  private Runnable quantization = () -> {};

  /** Where the backward pass of the body begins; copies the gradient if the body overwrites it. */
  private Runnable copyGradient = () -> {};

  private Runnable addGradients = () -> {};
  private boolean bodyBackward;
  private boolean shortcutBackward;

  CompiledResidual(
      Workspace workspace,
      FlatVectors vectors,
      Placed placed,
      Tensor input,
      boolean overwrite,
      LayerCompiler.Fusion fusion) {
    this.workspace = workspace;
    List<Placed> parts = placed.inner();
    Optional<Quantization.Range> range =
        fusion.isAllowed() ? workspace.range(placed) : Optional.empty();
    Tensor read = range.map(known -> integers(input, known)).orElse(input);
    LayerCompiler.Fusion summands =
        fusion.inside(workspace.rounding().isSumRounded(placed, fusion.isReaderRounding()));
    // Both ways read the input, in both passes: neither may overwrite it.
    shortcut = new LayerChain(workspace, vectors, parts.get(1), read, false, summands);
    boolean rectified = Rounding.isRectifier(parts.get(2).inner(), 0);
    Optional<Summand> summand = Optional.empty();
    if (LayerCompiler.canAdd(workspace, parts.get(0).inner(), fusion)) {
      boolean own = !shortcut.output().sharesMemoryWith(input);
      boolean isOverwritten = own ? !shortcut.needsOutput() : overwrite;
      summand =
          Optional.of(
              new Summand(
                  shortcut.output(),
                  range.filter(known -> shortcut.isIdentity()),
                  isOverwritten,
                  rectified));
    }
    Optional<Quantization.Range> reader =
        workspace.rounding().rangeAfter(parts.get(2).inner(), rectified ? 1 : 0, fusion.reader());
    LayerCompiler.Fusion ofBody =
        summand.map(values -> summands.readIn(reader).addingTo(values)).orElse(summands);
    body = new LayerChain(workspace, vectors, parts.get(0), read, false, ofBody);
    Tensor sum = body.output();
    if (summand.isPresent()) {
      addition = () -> {};
    } else {
      if (body.needsOutput() || sum.sharesMemoryWith(input)) {
        sum = workspace.transientTensor(sum.layout());
      }
      addition = Joins.add(workspace, body.output(), shortcut.output(), sum);
    }
    int computed = summand.isPresent() && rectified ? 1 : 0;
    after =
        new LayerChain(workspace, vectors, parts.get(2), sum, true, fusion.afterFirst(computed));
  }

  /** The input as integers, which the layer before has written, or this block makes. */
  private Tensor integers(Tensor input, Quantization.Range range) {
    int type = QuantizedLayer.type(range);
    if (input.layout().type() == type) {
      return input;
    }
    Tensor images = workspace.asImages(input);
    Layout layout = Layout.channelsLast(type, images.layout().dimensions());
    Reorder toIntegers =
        workspace.multiply(images, workspace.transientTensor(layout), 1 / range.scale());
    quantization = toIntegers::run;
    return toIntegers.to();
  }

  @Override
  public Tensor output() {
    return after.output();
  }

  @Override
  public boolean needsOutput() {
    return after.needsOutput();
  }

  @Override
  public boolean overwritesOutputGradient() {
    return true;
  }

  @Override
  public void requireInferenceGradient() {
    body.requireInferenceGradient();
    shortcut.requireInferenceGradient();
    after.requireInferenceGradient();
  }

  @Override
  public void timeInnerLayers(LayerTimes times) {
    body.timeInnerLayers(times);
    shortcut.timeInnerLayers(times);
    after.timeInnerLayers(times);
  }

  @Override
  public void forward(Pass pass) {
    quantization.run();
    shortcut.forward(pass);
    body.forward(pass);
    addition.run();
    after.forward(pass);
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    bodyBackward = inputGradientNeeded || body.learns();
    shortcutBackward = inputGradientNeeded || shortcut.learns();
    Tensor gradient = after.prepareBackward(outputGradient, bodyBackward || shortcutBackward);
    Tensor byBody = gradient;
    if (bodyBackward) {
      byBody = body.prepareBackward(bodyGradient(gradient), inputGradientNeeded);
    }
    Tensor byShortcut = gradient;
    if (shortcutBackward) {
      byShortcut = shortcut.prepareBackward(gradient, inputGradientNeeded);
    }
    if (inputGradientNeeded) {
      addGradients = Joins.add(workspace, byBody, byShortcut);
    }
    return byBody;
  }

  /** The body comes first, and the shortcut needs the gradient as it was. */
  private Tensor bodyGradient(Tensor gradient) {
    if (!shortcutBackward || !body.overwritesOutputGradient()) {
      return gradient;
    }
    Tensor own = workspace.transientTensor(gradient.layout());
    copyGradient = Joins.copy(gradient, own);
    return own;
  }

  @Override
  public void backward(Pass pass) {
    after.backward(pass);
    if (bodyBackward) {
      copyGradient.run();
      body.backward(pass);
    }
    if (shortcutBackward) {
      shortcut.backward(pass);
    }
    addGradients.run();
  }
}
