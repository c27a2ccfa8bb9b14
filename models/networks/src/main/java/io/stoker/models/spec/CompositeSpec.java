// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import java.util.ArrayList;
import java.util.List;

/**
 * A layer that consists of layers. Its parameters are those of its {@link #parts}, one after the
 * other: depth-first, in the order in which the data flows.
 */
public sealed interface CompositeSpec extends LayerSpec {
  /**
   * Layers one after the other. An empty sequence passes its input on.
   *
   * @param name a name for tables and options; blank for none
   * @param layers the layers, first to last
   */
  record Sequence(String name, List<LayerSpec> layers) implements CompositeSpec {
    /** Passes its input on, as the shortcut of most residual blocks does. */
    public static final Sequence IDENTITY = new Sequence("", List.of());

    public Sequence {
      layers = List.copyOf(layers);
      Composites.checkName(name);
      Composites.checkInner(layers);
    }

    /** A sequence without a name. */
    public static Sequence of(LayerSpec... layers) {
      return new Sequence("", List.of(layers));
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitSequence(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      Shape shape = input;
      for (LayerSpec layer : layers) {
        shape = layer.outputShape(shape);
      }
      return shape;
    }

    @Override
    public List<LayerSpec> children() {
      return layers;
    }

    @Override
    public List<Part> parts(Shape input) {
      List<Part> parts = new ArrayList<>();
      Shape shape = input;
      for (LayerSpec layer : layers) {
        parts.add(new Part(layer, shape));
        shape = layer.outputShape(shape);
      }
      return List.copyOf(parts);
    }

    /** A layer inside is the first if none before it has parameters. */
    @Override
    public double backwardFlops(Shape input, boolean first) {
      double sum = 0;
      boolean firstInside = first;
      for (Part part : parts(input)) {
        sum += part.layer().backwardFlops(part.input(), firstInside);
        firstInside &= part.layer().parameters(part.input()).isEmpty();
      }
      return sum;
    }

    @Override
    public String label() {
      return Composites.label("sequence", name);
    }
  }

  /**
   * A residual block (He et al., 2016, "Deep Residual Learning for Image Recognition", equations 1
   * and 2): {@code after(body(in) + shortcut(in))}. Body and shortcut must give the same shape.
   *
   * @param name a name for tables and options; blank for none
   * @param body the layers that learn the difference
   * @param shortcut the layers past the body; empty for the input as it is
   * @param after the layers after the sum, such as a rectifier; may be empty
   */
  record Residual(String name, Sequence body, Sequence shortcut, Sequence after)
      implements CompositeSpec {
    public Residual {
      Composites.checkName(name);
      Check.input(
          !body.layers().isEmpty(),
          "Invalid %s: its body has no layers, so there is nothing to add",
          Composites.label("residual", name));
      for (Sequence part : List.of(body, shortcut, after)) {
        Composites.checkUnnamed(name, part);
      }
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitResidual(this);
    }

    private Shape sum(Shape input) {
      Shape left = body.outputShape(input);
      Shape right = shortcut.outputShape(input);
      Check.input(
          left.equals(right),
          "Cannot add in %s: its body gives %s, its shortcut %s (they must be equal)",
          label(),
          left,
          right);
      return left;
    }

    @Override
    public Shape outputShape(Shape input) {
      return after.outputShape(sum(input));
    }

    @Override
    public List<LayerSpec> children() {
      return List.of(body, shortcut, after);
    }

    @Override
    public List<Part> parts(Shape input) {
      return List.of(new Part(body, input), new Part(shortcut, input), new Part(after, sum(input)));
    }

    @Override
    public long flops(Shape input) {
      return CompositeSpec.super.flops(input) + sum(input).features();
    }

    /** The gradients by the input of body and shortcut are added. */
    @Override
    public double backwardFlops(Shape input, boolean first) {
      boolean learns = !body.parameters(input).isEmpty() || !shortcut.parameters(input).isEmpty();
      return (first ? 0 : input.features())
          + body.backwardFlops(input, first)
          + shortcut.backwardFlops(input, first)
          + after.backwardFlops(sum(input), first && !learns);
    }

    @Override
    public String label() {
      return Composites.label("residual", name);
    }
  }

  /**
   * Branches that all read the same input, and whose outputs are concatenated along the channels,
   * as in Szegedy et al., 2015, "Going Deeper with Convolutions", section 4. Their outputs must
   * have the same height and width.
   *
   * @param name a name for tables and options; blank for none
   * @param branches at least two, the channels of the first first; one of them may be empty, which
   *     passes the input on
   */
  record Branches(String name, List<Sequence> branches) implements CompositeSpec {
    public Branches {
      branches = List.copyOf(branches);
      Composites.checkName(name);
      String label = Composites.label("branches", name);
      Check.input(
          branches.size() >= 2,
          "Invalid %s: a join of %d (at least 2 branches are needed)",
          label,
          branches.size());
      Check.input(
          branches.stream().filter(branch -> branch.layers().isEmpty()).count() <= 1,
          "Invalid %s: more than one branch has no layers",
          label);
      for (Sequence branch : branches) {
        Composites.checkUnnamed(name, branch);
      }
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitBranches(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      Shape first = branches.get(0).outputShape(input);
      long channels = first.channels();
      for (int i = 1; i < branches.size(); i++) {
        Shape next = branches.get(i).outputShape(input);
        Check.input(
            next.height() == first.height() && next.width() == first.width(),
            "Cannot concatenate in %s: branch 1 gives %s, branch %d gives %s (heights and widths"
                + " must be equal)",
            label(),
            first,
            i + 1,
            next);
        channels += next.channels();
      }
      Check.input(
          channels <= Shape.MAXIMUM_FEATURES,
          "Cannot concatenate in %s: %d channels (must be at most %d)",
          label(),
          channels,
          Shape.MAXIMUM_FEATURES);
      return new Shape(first.height(), first.width(), (int) channels);
    }

    @Override
    public List<LayerSpec> children() {
      return List.copyOf(branches);
    }

    @Override
    public List<Part> parts(Shape input) {
      return branches.stream().map(branch -> new Part(branch, input)).toList();
    }

    /** The gradients by the input of all branches are added. */
    @Override
    public double backwardFlops(Shape input, boolean first) {
      double sums = first ? 0 : (branches.size() - 1.0) * input.features();
      return sums
          + branches.stream().mapToDouble(branch -> branch.backwardFlops(input, first)).sum();
    }

    @Override
    public String label() {
      return Composites.label("branches", name);
    }
  }

  /**
   * Scales each channel by a value that other layers compute of the same input: {@code out[c, y, x]
   * = in[c, y, x] * gate(in)[c]}. With a global average, two dense layers and a sigmoid it is
   * squeeze and excitation (Hu et al., 2018, "Squeeze-and-Excitation Networks", section 3).
   *
   * @param name a name for tables and options; blank for none
   * @param gate the layers that compute a value for each channel
   */
  record ChannelGate(String name, Sequence gate) implements CompositeSpec {
    public ChannelGate {
      Composites.checkName(name);
      Composites.checkUnnamed(name, gate);
      Check.input(
          !gate.layers().isEmpty(),
          "Invalid %s: it has no layers, so there is nothing to scale with",
          Composites.label("channel-gate", name));
    }

    /**
     * Squeeze and excitation.
     *
     * @param channels the channels of the input
     * @param reduction the ratio of the channels to the units of the first dense layer
     */
    public static ChannelGate squeezeExcitation(String name, int channels, int reduction) {
      Check.input(
          reduction >= 1 && reduction <= channels,
          "Invalid reduction: %d (must be between 1 and the %d channels)",
          reduction,
          channels);
      return new ChannelGate(
          name,
          Sequence.of(
              new GlobalAveragePooling(),
              new Dense(channels / reduction, Initializer.Rule.HE, 0),
              new Activation(ActivationFunction.RELU),
              new Dense(channels, Initializer.Rule.GLOROT, 0),
              new Activation(ActivationFunction.SIGMOID)));
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitChannelGate(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      Shape factors = gate.outputShape(input);
      Check.input(
          factors.equals(Shape.vector(input.channels())),
          "Cannot scale in %s: its layers give %s (must be a value for each of the %d channels)",
          label(),
          factors,
          input.channels());
      return input;
    }

    @Override
    public List<LayerSpec> children() {
      return List.of(gate);
    }

    @Override
    public List<Part> parts(Shape input) {
      return List.of(new Part(gate, input));
    }

    @Override
    public long flops(Shape input) {
      return CompositeSpec.super.flops(input) + input.features();
    }

    /** The gradients by channels and factors are products; those by the input are added. */
    @Override
    public double backwardFlops(Shape input, boolean first) {
      return (first ? 2.0 : 4.0) * input.features() + gate.backwardFlops(input, first);
    }

    @Override
    public String label() {
      return Composites.label("channel-gate", name);
    }
  }
}
