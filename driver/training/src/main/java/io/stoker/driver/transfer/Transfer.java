// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.transfer;

import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.slice.SliceSource;
import io.stoker.failure.InputException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.ParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Which layers of a model begin with the parameters of a trained one: those at the same place with
 * parameters of the same shapes. A model for other classes so has a new last layer, and all else
 * from the trained one (Yosinski et al., 2014, "How transferable are features in deep neural
 * networks?").
 */
public final class Transfer {
  private final StoredModel trained;
  private final ModelSpec model;
  private final List<Integer> copied = new ArrayList<>();
  private final List<Integer> fresh = new ArrayList<>();

  /**
   * @param trained the trained model
   * @param model the model that begins
   * @throws io.stoker.failure.InputException if no layer can be copied
   * @throws io.stoker.failure.DamagedException if a trained parameter is NaN or infinite
   */
  public Transfer(StoredModel trained, ModelSpec model) {
    trained.requireFinite();
    this.trained = trained;
    this.model = model;
    List<Placed> there = trained.metadata().model().placed();
    for (Placed here : model.placed()) {
      if (!here.parameters().isEmpty()) {
        boolean same =
            here.index() < there.size()
                && here.layer().getClass() == there.get(here.index()).layer().getClass()
                && shapes(here).equals(shapes(there.get(here.index())));
        (same ? copied : fresh).add(here.index());
      }
    }
    if (copied.isEmpty()) {
      throw new InputException(mismatch(trained.metadata().model()));
    }
  }

  private String mismatch(ModelSpec other) {
    return String.format(
        Locale.ROOT,
        "Cannot begin with %s: model %s (%s, %d classes) has no layer of the shape and at the place"
            + " of one of model %s (%s, %d classes); %s (./stoker models %s shows its layers)",
        trained.origin(),
        other.name(),
        other.input(),
        other.classes(),
        model.name(),
        model.input(),
        model.classes(),
        difference(other.placed()),
        trained.origin());
  }

  /** What the first layer with parameters is in both models. */
  private String difference(List<Placed> there) {
    Placed here = model.placed().get(fresh.get(0));
    return "layer %s is %s here, and there %s"
        .formatted(
            here.path(),
            described(here),
            here.index() < there.size() ? described(there.get(here.index())) : "there is none");
  }

  private static String described(Placed placed) {
    String label = placed.layer().label();
    if (placed.parameters().isEmpty()) {
      return label;
    }
    return placed.inner().isEmpty()
        ? label + " with parameters of " + shapes(placed)
        : label + " with %s parameters".formatted(placed.parameterCount());
  }

  /** Of a layer that consists of layers, the shapes of all of them. */
  private static List<List<Integer>> shapes(Placed placed) {
    return placed.parameters().stream().map(ParameterSpec::dimensions).toList();
  }

  /** The layers that are not copied, by their index. */
  public List<Integer> fresh() {
    return List.copyOf(fresh);
  }

  /**
   * Where the model has its parameters from.
   *
   * @param initial the first values of what is not copied
   */
  public SliceSource source(SliceSource initial) {
    if (fresh.isEmpty()) {
      return trained.parameters();
    }
    List<Placed> there = trained.metadata().model().placed();
    List<Placed> here = model.placed();
    return new TransferredValues(
        initial,
        trained.parameters(),
        copied.stream()
            .map(
                layer ->
                    new TransferredValues.Span(
                        there.get(layer).parameterOffset(),
                        here.get(layer).parameterOffset(),
                        here.get(layer).parameterCount()))
            .toList());
  }

  /** The numbers of copied and new layers, for the log. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d of %d layers with parameters from %s%s",
        copied.size(),
        copied.size() + fresh.size(),
        trained.origin(),
        fresh.isEmpty()
            ? ""
            : fresh.stream()
                .map(i -> (i + 1) + " (" + model.placed().get(i).layer().label() + ")")
                .collect(Collectors.joining(", ", "; new: ", "")));
  }
}
