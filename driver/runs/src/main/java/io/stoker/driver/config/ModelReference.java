// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelYaml;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import io.stoker.worker.eval.ModelInput;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the model that {@code --model} names: one of the zoo, or one in a YAML file. */
public final class ModelReference {
  private static final Logger LOG = LoggerFactory.getLogger(ModelReference.class);

  private ModelReference() {}

  /**
   * The model for a data set.
   *
   * @param reference a name, or the path of a file that ends in {@code .yaml} or {@code .yml}
   * @param images the shape of the data's images
   * @param classes how many classes the data has
   * @throws InputException if there is no such model, or it does not fit the data
   */
  public static ModelSpec resolve(String reference, Shape images, int classes) {
    ModelSpec model =
        isFile(reference)
            ? ModelYaml.read(Path.of(reference), classes)
            : Zoo.model(reference, images, classes);
    requireFit(model, images, classes);
    return model;
  }

  /**
   * The shape of images that a model is made for; one of the zoo may take others too.
   *
   * @param reference a name, or the path of a YAML file
   * @param classes how many classes the data has
   * @throws InputException if there is no such model
   */
  public static Shape input(String reference, int classes) {
    return sized(reference, OptionalInt.empty(), classes).input();
  }

  /**
   * Makes sure that a model takes a data set's images, or windows of them, and tells its classes
   * apart.
   *
   * @throws InputException if it does not; it says both shapes
   */
  public static void requireFit(ModelSpec model, Shape images, int classes) {
    Shape input = model.input();
    Check.input(
        input.channels() == images.channels(),
        "Model %s does not fit the data: it takes images of %s, the data's are %s (prepare them"
            + " with --channels %d)",
        model.name(),
        input,
        images,
        input.channels());
    Check.input(
        input.height() <= images.height() && input.width() <= images.width(),
        "Model %s does not fit the data: it takes images of %s, the data's are %s (larger ones are"
            + " cropped: prepare them with --size %d or more)",
        model.name(),
        input,
        images,
        Math.max(input.height(), input.width()));
    Check.input(
        model.classes() == classes,
        "Model %s does not fit the data: it has %d classes, the data has %d",
        model.name(),
        model.classes(),
        classes);
  }

  /**
   * Warns if a data set's images are of another size than those that a model was trained on: it is
   * shown the middle of them, in which things have another size than it has learnt.
   */
  public static void warnOfOtherSize(ModelMetadata trained, ImageShape images) {
    if (!trained.images().equals(ModelInput.shape(images))) {
      LOG.warn(
          "Model {} was trained on images of {}, the data's are {}: it is shown the middle {} of"
              + " each (prepare the data with --size {})",
          trained.model().name(),
          trained.images(),
          images,
          trained.model().input(),
          trained.images().height());
    }
  }

  /**
   * The model for images of one size, whatever the data.
   *
   * @param reference a name, or the path of a file that ends in {@code .yaml} or {@code .yml}
   * @param size the height and width of the images, for a model of the zoo; that which it was made
   *     for if not given
   * @param classes how many classes it tells apart; a file may have its own number
   * @throws InputException if there is no such model, or it does not have that size
   */
  public static ModelSpec sized(String reference, OptionalInt size, int classes) {
    if (isFile(reference)) {
      Check.input(size.isEmpty(), "Cannot use --input-size with a file, which has its own input");
      return ModelYaml.read(Path.of(reference), classes);
    }
    return size.isPresent()
        ? Zoo.sized(reference, size.getAsInt(), classes)
        : Zoo.model(reference, classes);
  }

  /** Whether a reference is the path of a file that is not there. */
  public static boolean isMissingFile(String reference) {
    return isFile(reference) && Files.notExists(Path.of(reference));
  }

  /** Whether a reference is the path of a file. */
  public static boolean isFile(String reference) {
    return reference.endsWith(".yaml") || reference.endsWith(".yml");
  }

  /**
   * The model of a definition that was read before.
   *
   * @param yaml the definition
   * @param name what to call it in an error
   * @param classes how many classes the data has
   */
  public static ModelSpec parse(String yaml, String name, int classes) {
    try {
      return ModelYaml.read(
          new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)), name, classes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
