// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.interchange;

import io.stoker.failure.Check;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which file to import, and what the file does not say.
 *
 * @param weights the file, a URI
 * @param format its format
 * @param model the zoo's name or YAML file of the model, for a format without layers; empty for one
 *     with layers
 * @param inputSize the height and width of the model's input, where it takes several
 * @param imageSize the height and width of the images of which the model takes the middle
 * @param mean of each channel, in pixel units; the file's where not given
 * @param standardDeviation what each channel is divided by, in pixel units
 * @param classNames in label order; the file's where not given, or numbers
 */
public record ImportRequest(
    String weights,
    ExportFormat format,
    String model,
    OptionalInt inputSize,
    OptionalInt imageSize,
    Optional<List<Double>> mean,
    Optional<List<Double>> standardDeviation,
    Optional<List<String>> classNames) {
  public ImportRequest {
    mean = mean.map(List::copyOf);
    standardDeviation = standardDeviation.map(List::copyOf);
    classNames = classNames.map(List::copyOf);
    Check.input(
        format == ExportFormat.ONNX || !model.isBlank(),
        "Missing model: say --model NAME, the model that the weights are of (stoker models lists"
            + " them)");
    Check.input(
        format == ExportFormat.SAFETENSORS || model.isBlank(),
        "Cannot use --model %s: an ONNX file has its own layers",
        model);
    Check.input(
        mean.isPresent() == standardDeviation.isPresent(),
        "--mean and --deviation go together: the model subtracts the one and divides by the other");
  }
}
