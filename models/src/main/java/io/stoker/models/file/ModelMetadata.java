package io.stoker.models.file;

import io.stoker.failure.Check;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.util.List;

/**
 * What is known of a trained model beside its parameters: all that prediction needs.
 *
 * @param model the layers
 * @param images the shape of the data's images, of which the model took a part or all
 * @param classNames the classes' names, in label order
 * @param mean the mean of each channel, in pixel units (0 to 255), that images are centred by
 * @param standardDeviation the deviation of each channel, in pixel units, that images are divided
 *     by
 * @param clock how far training has come
 */
public record ModelMetadata(
    ModelSpec model,
    Shape images,
    List<String> classNames,
    List<Double> mean,
    List<Double> standardDeviation,
    TrainingClock clock) {
  public ModelMetadata {
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

  /** That of a model that took the data's images whole. */
  public ModelMetadata(
      ModelSpec model,
      List<String> classNames,
      List<Double> mean,
      List<Double> standardDeviation,
      TrainingClock clock) {
    this(model, model.input(), classNames, mean, standardDeviation, clock);
  }
}
