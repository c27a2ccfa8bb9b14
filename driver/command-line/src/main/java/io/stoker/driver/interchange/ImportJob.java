// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.interchange;

import io.stoker.data.storage.OutputFile;
import io.stoker.driver.checkpoint.Calibration;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.command.Line;
import io.stoker.driver.config.ModelReference;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFile;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.interchange.ImportedModel;
import io.stoker.models.interchange.PortableMetadata;
import io.stoker.models.onnx.OnnxReader;
import io.stoker.models.safetensors.SafetensorsFile;
import io.stoker.models.safetensors.SafetensorsImport;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Makes a model file of weights, or of a model, of another program. */
public final class ImportJob {
  /** Mean and deviation of ImageNet's colours, from 0 to 255, as torchvision's weights expect. */
  static final List<Double> IMAGENET_MEAN = List.of(123.675, 116.28, 103.53);

  static final List<Double> IMAGENET_DEVIATION = List.of(58.395, 57.12, 57.375);

  /** Any number of classes serves to build a model whose real number the file has. */
  private static final int ANY_CLASSES = 1000;

  private static final double LARGEST_PIXEL = 255;

  /** The largest message of protobuf. */
  private static final long MAXIMUM_ONNX_BYTES = Integer.MAX_VALUE;

  /** With what stock Deeplearning4j would go on training; it is not used otherwise. */
  private static final StepSettings SETTINGS = new StepSettings(0.01f, 0, 0);

  /**
   * What was imported.
   *
   * @param metadata the model and everything else that prediction needs
   * @param parametersSha256 the digest of the canonical vector
   * @param normalization where mean and deviation are from
   */
  public record Result(
      ModelMetadata metadata, String parametersSha256, Normalization normalization) {}

  /** Where a mean and a deviation are from. */
  public enum Normalization {
    /** The user gave them. */
    OPTIONS,
    /** The file says them. */
    FILE,
    /** ImageNet's, for colour images. */
    IMAGENET,
    /** Pixels are divided by 255, for grey images. */
    FRACTIONS
  }

  private ImportJob() {}

  /**
   * Imports a model.
   *
   * @param request what to import
   * @param output takes the model file
   * @param hadoop how to reach the weights
   * @throws io.stoker.failure.InputException if the file is of another model, or has layers that
   *     Stoker does not have
   * @throws DamagedException if the file is broken
   */
  public static Result run(ImportRequest request, OutputFile output, Configuration hadoop) {
    Path path = Locations.absolute(request.weights(), hadoop);
    String name = Locations.plain(path.toString());
    try (HadoopBytes file = HadoopBytes.open(path, hadoop)) {
      ImportedModel imported =
          switch (request.format()) {
            case ONNX -> onnx(name, file, request);
            case SAFETENSORS -> safetensors(name, file, request);
          };
      ModelMetadata metadata = metadata(imported, request);
      ModelFile[] written = new ModelFile[1];
      output.write(
          stream -> {
            written[0] =
                ModelFileWriter.of(metadata, SETTINGS, imported.parameters()).write(stream);
            written[0].requireFinite(name);
          });
      imported
          .metadata()
          .temperature()
          .filter(temperature -> temperature != 1)
          .map(temperature -> Calibration.imported(temperature, written[0].parametersSha256()))
          .ifPresent(calibration -> calibration.write(output.path(), hadoop));
      return new Result(metadata, written[0].parametersSha256(), normalization(imported, request));
    } catch (EOFException e) {
      throw new DamagedException("Cannot read %s: it was cut while it was read".formatted(name), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + name, e);
    }
  }

  private static ImportedModel safetensors(String name, HadoopBytes file, ImportRequest request)
      throws IOException {
    ModelSpec usual = model(request, ANY_CLASSES); // A wrong name is the first thing to say.
    SafetensorsFile opened = SafetensorsFile.open(name, file);
    Optional<Shape> input =
        inputOf(opened, name, request.model())
            .map(
                written ->
                    request.inputSize().isEmpty()
                        ? written
                        : new Shape(
                            usual.input().height(), usual.input().width(), written.channels()));
    return SafetensorsImport.read(
        name,
        opened,
        classes ->
            input
                .map(shape -> ModelReference.resolve(request.model(), shape, classes))
                .orElseGet(() -> model(request, classes)),
        ANY_CLASSES);
  }

  /** The input of a file's model, if the file says it and is of that model. */
  private static Optional<Shape> inputOf(SafetensorsFile file, String name, String model) {
    return model.equals(file.metadata().get(PortableMetadata.MODEL))
        ? PortableMetadata.read(file.metadata(), name).input()
        : Optional.empty();
  }

  private static ModelSpec model(ImportRequest request, int classes) {
    return ModelReference.sized(request.model(), request.inputSize(), classes);
  }

  private static ImportedModel onnx(String name, HadoopBytes file, ImportRequest request)
      throws IOException {
    Check.input(
        file.bytes() <= MAXIMUM_ONNX_BYTES,
        "Cannot import %s: it has %d bytes, an ONNX file has at most %d",
        name,
        file.bytes(),
        MAXIMUM_ONNX_BYTES);
    // protobuf reads a tensor in pieces, and then joins them.
    if (2 * file.bytes() > Runtime.getRuntime().maxMemory()) {
      throw new ResourceException(
          Line.of(
              "Cannot import %s: it takes %d MiB of the heap, which has %d (say --driver-memory)",
              name, (2 * file.bytes()) >> 20, Runtime.getRuntime().maxMemory() >> 20));
    }
    return OnnxReader.read(name, new BufferedInputStream(file.stream()), request.inputSize());
  }

  private static ModelMetadata metadata(ImportedModel imported, ImportRequest request) {
    ModelSpec model = imported.model();
    Shape input = model.input();
    Shape images =
        request.imageSize().isPresent()
            ? new Shape(
                request.imageSize().getAsInt(), request.imageSize().getAsInt(), input.channels())
            : imported.metadata().images().orElse(input);
    List<String> names =
        request
            .classNames()
            .or(imported.metadata()::classNames)
            .orElseGet(
                () -> IntStream.range(0, model.classes()).mapToObj(Integer::toString).toList());
    boolean colour = input.channels() == IMAGENET_MEAN.size();
    return new ModelMetadata(
            model,
            images,
            names,
            request
                .mean()
                .or(imported.metadata()::mean)
                .orElse(colour ? IMAGENET_MEAN : all(input.channels(), 0)),
            request
                .standardDeviation()
                .or(imported.metadata()::standardDeviation)
                .orElse(colour ? IMAGENET_DEVIATION : all(input.channels(), LARGEST_PIXEL)),
            TrainingClock.START)
        .withExactPixels(imported.metadata().exactPixels());
  }

  private static List<Double> all(int channels, double value) {
    return Collections.nCopies(channels, value);
  }

  private static Normalization normalization(ImportedModel imported, ImportRequest request) {
    if (request.mean().isPresent()) {
      return Normalization.OPTIONS;
    }
    if (imported.metadata().mean().isPresent()) {
      return Normalization.FILE;
    }
    return imported.model().input().channels() == IMAGENET_MEAN.size()
        ? Normalization.IMAGENET
        : Normalization.FRACTIONS;
  }
}
