// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.safetensors;

import io.stoker.failure.Check;
import io.stoker.models.interchange.AssembledVector;
import io.stoker.models.interchange.ImportedModel;
import io.stoker.models.interchange.MappedTensor;
import io.stoker.models.interchange.ModelTensors;
import io.stoker.models.interchange.PortableMetadata;
import io.stoker.models.spec.ModelSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Reads the parameters of a model from a safetensors file: a {@code state_dict} of torchvision, or
 * a file that {@link SafetensorsWriter} wrote.
 */
public final class SafetensorsImport {
  /** Names that a {@code DataParallel} module puts before all others. */
  private static final String PARALLEL = "module.";

  private static final int MOST_NAMED = 5;

  private final String name;
  private final SafetensorsFile file;
  private final String prefix;

  private SafetensorsImport(String name, SafetensorsFile file) {
    this.name = name;
    this.file = file;
    boolean parallel =
        !file.names().isEmpty()
            && file.names().stream().allMatch(tensor -> tensor.startsWith(PARALLEL));
    this.prefix = parallel ? PARALLEL : "";
  }

  /**
   * Finds a model's parameters in a file. The number of classes is that of the file.
   *
   * @param name the file's name, for messages
   * @param file the file
   * @param model the model for a number of classes
   * @param classes any number of classes that the model can have
   * @throws io.stoker.failure.InputException if the file is of another model: a tensor is missing,
   *     has another shape, or is not of the model
   * @throws io.stoker.failure.DamagedException if values have a type that parameters cannot have
   */
  public static ImportedModel read(
      String name, SafetensorsFile file, IntFunction<ModelSpec> model, int classes) {
    return new SafetensorsImport(name, file).read(model, classes);
  }

  private ImportedModel read(IntFunction<ModelSpec> models, int classes) {
    ModelSpec model = sized(models, classes);
    AssembledVector vector = new AssembledVector();
    Set<String> expected = new HashSet<>();
    for (MappedTensor tensor : tensors(model)) {
      expected.add(prefix + tensor.name());
      add(tensor, model, vector);
    }
    requireNoOther(expected, model);
    vector.requireComplete(0, model.parameterCount());
    return new ImportedModel(model, vector, PortableMetadata.read(file.metadata(), name));
  }

  /** The model for the classes that the file has; a model file may have its own number. */
  private ModelSpec sized(IntFunction<ModelSpec> models, int classes) {
    ModelSpec any = models.apply(classes);
    List<MappedTensor> tensors = tensors(any);
    requirePresent(tensors, any.name());
    Optional<MappedTensor> scores = scores(tensors, tensors(models.apply(classes + 1)));
    if (scores.isEmpty()) {
      return any;
    }
    long found = file.shape(prefix + scores.get().name()).stream().findFirst().orElse(0L);
    Check.input(
        found >= 2 && found <= Integer.MAX_VALUE,
        "Cannot import %s: tensor %s is for %d classes (at least 2 are needed)",
        name,
        scores.get().name(),
        found);
    return models.apply((int) found);
  }

  /** Under Stoker's own names if the file has all of them, else under torchvision's. */
  private List<MappedTensor> tensors(ModelSpec model) {
    List<MappedTensor> own = ModelTensors.own(model);
    return own.stream().allMatch(tensor -> has(tensor) || isOptional(tensor))
        ? own
        : ModelTensors.of(model);
  }

  private static boolean isOptional(MappedTensor tensor) {
    return tensor.presence() == MappedTensor.Presence.ZERO_IF_ABSENT;
  }

  private boolean has(MappedTensor tensor) {
    return file.names().contains(prefix + tensor.name());
  }

  /** The last weights that depend on the number of classes, which is their first dimension. */
  private static Optional<MappedTensor> scores(List<MappedTensor> some, List<MappedTensor> more) {
    return IntStream.range(0, some.size())
        .filter(i -> some.get(i).dimensions().size() > 1)
        .filter(i -> !some.get(i).dimensions().equals(more.get(i).dimensions()))
        .mapToObj(some::get)
        .reduce((first, second) -> second);
  }

  private void requirePresent(List<MappedTensor> tensors, String model) {
    List<String> missing =
        tensors.stream()
            .filter(tensor -> !isOptional(tensor) && !has(tensor))
            .map(MappedTensor::name)
            .toList();
    Check.input(
        missing.isEmpty(),
        "Cannot import %s: it is not of model %s, of which %d tensors are missing: %s; the file has"
            + " %s",
        name,
        model,
        missing.size(),
        some(missing),
        some(file.names().stream().toList()));
  }

  private void add(MappedTensor tensor, ModelSpec model, AssembledVector vector) {
    if (!has(tensor)) {
      vector.addZeros(tensor);
      return;
    }
    List<Long> shape = file.shape(prefix + tensor.name());
    Check.input(
        shape.equals(tensor.dimensions()),
        "Cannot import %s: its tensor %s is %s, that of model %s is %s",
        name,
        tensor.name(),
        shape,
        model.name(),
        tensor.dimensions());
    vector.add(tensor, file.values(prefix + tensor.name()));
  }

  private void requireNoOther(Set<String> expected, ModelSpec model) {
    List<String> others = new ArrayList<>();
    for (String tensor : file.names()) {
      if (!expected.contains(tensor) && !isForTrainingOnly(tensor, model)) {
        others.add(tensor);
      }
    }
    Check.input(
        others.isEmpty(),
        "Cannot import %s: model %s has no place for %d of its tensors: %s",
        name,
        model.name(),
        others.size(),
        some(others));
  }

  /** A counter of batch normalization, and the side classifiers of GoogLeNet. */
  private boolean isForTrainingOnly(String tensor, ModelSpec model) {
    return tensor.endsWith(".num_batches_tracked")
        || (model.name().equals("googlenet")
            && (tensor.startsWith(prefix + "aux1.") || tensor.startsWith(prefix + "aux2.")));
  }

  private static String some(List<String> names) {
    String first =
        names.stream()
            .limit(MOST_NAMED)
            .map(SafetensorsFile::printable)
            .collect(Collectors.joining(", "));
    return names.size() > MOST_NAMED ? first + ", ..." : names.isEmpty() ? "none" : first;
  }
}
