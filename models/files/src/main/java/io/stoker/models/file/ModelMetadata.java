// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import io.stoker.failure.Check;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.Shape;
import java.io.Serializable;
import java.util.List;

/**
 * A trained model without its parameters: everything else that prediction needs.
 *
 * @param model the layers
 * @param images the shape of the data's images; the model was trained on all or a part of each
 * @param classNames the names of the classes, in label order
 * @param mean the mean of each channel in pixel units (0 to 255), which is subtracted from images
 * @param standardDeviation the standard deviation of each channel in pixel units, by which images
 *     are divided
 * @param exactPixels whether image files are decoded in full for it, as they were for the training
 *     data
 * @param clock the progress of training
 * @param quantization which layers are computed in int8
 */
public record ModelMetadata(
    ModelSpec model,
    Shape images,
    List<String> classNames,
    List<Double> mean,
    List<Double> standardDeviation,
    boolean exactPixels,
    TrainingClock clock,
    Quantization quantization)
    implements Serializable {
  public ModelMetadata {
    quantization.requireLayersOf(model);
    classNames = List.copyOf(classNames);
    mean = List.copyOf(mean);
    standardDeviation = List.copyOf(standardDeviation);
    Check.input(
        classNames.size() == model.classes(),
        "Invalid class names: %d (model %s has %d classes)",
        classNames.size(),
        model.name(),
        model.classes());
    Shape input = model.input();
    Check.input(
        images.height() >= input.height()
            && images.width() >= input.width()
            && images.channels() == input.channels(),
        "Invalid images: %s (model %s takes %s of them)",
        images,
        model.name(),
        input);
    int channels = input.channels();
    Check.input(
        mean.size() == channels && standardDeviation.size() == channels,
        "Invalid channel statistics: %d means and %d standard deviations (the model has %d"
            + " channels)",
        mean.size(),
        standardDeviation.size(),
        channels);
    Check.input(
        mean.stream().allMatch(Double::isFinite)
            && standardDeviation.stream().allMatch(value -> Double.isFinite(value) && value > 0),
        "Invalid channel statistics: means %s, standard deviations %s (must be finite, and"
            + " deviations > 0)",
        mean,
        standardDeviation);
  }

  /**
   * The metadata of a model whose layers are all computed in floating point, and for which large
   * JPEG files are decoded at a fraction of their size.
   */
  public ModelMetadata(
      ModelSpec model,
      Shape images,
      List<String> classNames,
      List<Double> mean,
      List<Double> standardDeviation,
      TrainingClock clock) {
    this(model, images, classNames, mean, standardDeviation, false, clock, Quantization.NONE);
  }

  /** This metadata, with other layers in int8. */
  public ModelMetadata with(Quantization layers) {
    return new ModelMetadata(
        model, images, classNames, mean, standardDeviation, exactPixels, clock, layers);
  }

  /** This metadata, with image files decoded in full or not. */
  public ModelMetadata withExactPixels(boolean exact) {
    return new ModelMetadata(
        model, images, classNames, mean, standardDeviation, exact, clock, quantization);
  }

  /**
   * That of the model over square images of another size. Images of its data are as large, or as
   * large as those of the training, if these are larger.
   *
   * @param size the height and width of the images that the network sees
   * @throws io.stoker.failure.InputException if the model does not take that size
   */
  public ModelMetadata atSize(int size) {
    Shape data =
        new Shape(
            Math.max(images.height(), size), Math.max(images.width(), size), images.channels());
    return new ModelMetadata(
        model.atSize(size),
        data,
        classNames,
        mean,
        standardDeviation,
        exactPixels,
        clock,
        quantization);
  }

  /** The metadata of a model that was trained on whole images. */
  public ModelMetadata(
      ModelSpec model,
      List<String> classNames,
      List<Double> mean,
      List<Double> standardDeviation,
      TrainingClock clock) {
    this(model, model.input(), classNames, mean, standardDeviation, clock);
  }
}
