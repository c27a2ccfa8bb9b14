// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.models.interchange.AssembledVector;
import io.stoker.models.interchange.ImportedModel;
import io.stoker.models.interchange.LayerTensors;
import io.stoker.models.interchange.MappedTensor;
import io.stoker.models.interchange.PortableMetadata;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Makes a model of the steps of a graph, from the last one back to the images. */
final class GraphAssembly {
  /** What is known of a model whose graph normalises images so. */
  interface Normalized {
    PortableMetadata by(Optional<List<Double>> mean, Optional<List<Double>> deviation);
  }

  /** A layer, and the tensors of all plain layers in it, in the order of the canonical vector. */
  private record Item(LayerSpec layer, List<Weights> weights) {}

  /** The tensors of the layer of a node. */
  private record Weights(String node, List<Optional<OnnxTensor>> tensors) {}

  /** A model's layers may not lie deeper in each other. */
  private static final int DEEPEST = 16;

  private final String file;
  private int depth;
  private final Set<GraphStep> used = new HashSet<>();

  GraphAssembly(String file) {
    this.file = file;
  }

  /**
   * The model.
   *
   * @param name its name
   * @param input the shape of an image
   * @param last the step that computes the scores
   * @param normalized what is known of the model
   * @throws InputException if the steps are no tree of layers
   */
  ImportedModel model(String name, Shape input, GraphStep last, Normalized normalized) {
    GraphStep first = last;
    while (first.dominator().isPresent()) {
      first = first.dominator().get();
    }
    GraphStep.Start start = (GraphStep.Start) first;
    List<Item> items = sequence(last, start);
    ModelSpec model;
    try {
      model = new ModelSpec(name, input, items.stream().map(Item::layer).toList());
    } catch (InputException e) {
      throw new InputException("Cannot import %s: %s".formatted(file, e.getMessage()), e);
    }
    List<Weights> weights = items.stream().flatMap(item -> item.weights().stream()).toList();
    return new ImportedModel(
        model, parameters(model, weights), normalized.by(start.mean(), start.deviation()));
  }

  /** The layers after one step, up to another. */
  private List<Item> sequence(GraphStep last, GraphStep before) {
    List<Item> items = new ArrayList<>();
    GraphStep step = last;
    while (step != before) {
      Check.input(
          used.add(step),
          "Cannot import %s: %s is read at several places that do not join as a residual block or"
              + " branches do",
          file,
          step.node());
      if (step instanceof GraphStep.Chain chain) {
        boolean plain = chain.weights().isEmpty();
        items.add(
            new Item(
                chain.layer(),
                plain ? List.of() : List.of(new Weights(chain.node(), chain.weights()))));
      } else if (step instanceof GraphStep.Join join) {
        items.add(join(join));
      } else {
        throw new InputException(
            "Cannot import %s: %s is no part of a layer".formatted(file, step.node()));
      }
      step = step.dominator().orElseThrow();
    }
    Collections.reverse(items);
    return joined(items);
  }

  private Item join(GraphStep.Join join) {
    Check.input(
        ++depth <= DEEPEST,
        "Cannot import %s: branches lie in each other deeper than %d at %s",
        file,
        DEEPEST,
        join.node());
    GraphStep fork = join.dominator().orElseThrow();
    List<List<Item>> branches = new ArrayList<>();
    for (GraphStep input : join.inputs()) {
      branches.add(sequence(input, fork));
    }
    depth--;
    try {
      return switch (join.kind()) {
        case SUM -> residual(branches.get(0), branches.get(1));
        case PRODUCT ->
            new Item(new CompositeSpec.ChannelGate("", layers(branches.get(1))), weights(branches));
        case CONCATENATION ->
            new Item(
                new CompositeSpec.Branches("", branches.stream().map(this::layers).toList()),
                weights(branches));
      };
    } catch (InputException e) {
      throw new InputException(
          "Cannot import %s: %s: %s".formatted(file, join.node(), e.getMessage()), e);
    }
  }

  /** The longer of two branches is the body, the other one the shortcut. */
  private Item residual(List<Item> left, List<Item> right) {
    List<Item> body = left.size() >= right.size() ? left : right;
    List<Item> shortcut = body == left ? right : left;
    return new Item(
        new CompositeSpec.Residual(
            "", layers(body), layers(shortcut), CompositeSpec.Sequence.IDENTITY),
        weights(List.of(body, shortcut)));
  }

  private CompositeSpec.Sequence layers(List<Item> items) {
    return new CompositeSpec.Sequence("", items.stream().map(Item::layer).toList());
  }

  private static List<Weights> weights(List<List<Item>> branches) {
    return branches.stream()
        .flatMap(List::stream)
        .flatMap(item -> item.weights().stream())
        .toList();
  }

  /** A rectifier after a sum is part of the residual block. */
  private static List<Item> joined(List<Item> items) {
    List<Item> joined = new ArrayList<>();
    for (Item item : items) {
      Item before = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (item.layer() instanceof LayerSpec.Activation
          && before != null
          && before.layer() instanceof CompositeSpec.Residual block
          && block.after().layers().isEmpty()) {
        CompositeSpec.Residual whole =
            new CompositeSpec.Residual(
                block.name(),
                block.body(),
                block.shortcut(),
                CompositeSpec.Sequence.of(item.layer()));
        joined.set(joined.size() - 1, new Item(whole, before.weights()));
      } else {
        joined.add(item);
      }
    }
    return joined;
  }

  private AssembledVector parameters(ModelSpec model, List<Weights> weights) {
    AssembledVector vector = new AssembledVector();
    int next = 0;
    for (ModelSpec.Placed placed : model.leaves()) {
      List<MappedTensor> tensors = LayerTensors.of(placed, LayerTensors.GateOrder.ONNX);
      if (tensors.isEmpty()) {
        continue;
      }
      Weights present = weights.get(next);
      next++;
      for (int i = 0; i < tensors.size(); i++) {
        add(tensors.get(i), present.tensors().get(i), present.node(), vector);
      }
    }
    vector.requireComplete(0, model.parameterCount());
    return vector;
  }

  private void add(
      MappedTensor tensor, Optional<OnnxTensor> values, String node, AssembledVector vector) {
    if (values.isEmpty()) {
      vector.addZeros(tensor);
      return;
    }
    Check.input(
        values.get().dimensions().equals(tensor.dimensions()),
        "Cannot import %s: the %s of %s is %s (must be %s)",
        file,
        tensor.name(),
        node,
        values.get().dimensions(),
        tensor.dimensions());
    vector.add(tensor, values.get().source());
  }
}
