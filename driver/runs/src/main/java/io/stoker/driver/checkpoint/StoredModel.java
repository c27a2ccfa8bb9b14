// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.base.Sha256;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.models.engine.Network;
import io.stoker.models.file.ModelFile;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.VectorLocation;
import io.stoker.models.file.VectorSink;
import io.stoker.models.file.VectorSource;
import io.stoker.models.spec.Quantization;
import io.stoker.worker.eval.Temperature;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A model file that was read from end to end, and found to be what was written. */
public final class StoredModel {
  private final Path path;
  private final Path origin;
  private final ModelFile whole;

  /** The file, or what it would be with the moving average in place of the last parameters. */
  private final ModelFile file;

  private final ModelMetadata metadata;
  private final Optional<Checkpoint> checkpoint;
  private final Optional<Calibration> calibration;

  private StoredModel(
      Path path,
      Path origin,
      ModelFile whole,
      ModelFile file,
      ModelMetadata metadata,
      Optional<Checkpoint> checkpoint,
      Optional<Calibration> calibration) {
    this.path = path;
    this.origin = origin;
    this.whole = whole;
    this.file = file;
    this.metadata = metadata;
    this.checkpoint = checkpoint;
    this.calibration = calibration;
  }

  /**
   * Reads a file from end to end.
   *
   * @param checkpoint whose manifest it is compared with; empty where it has none
   * @param hadoop how to reach the file
   * @throws DamagedException if it is not as it was written
   */
  public static StoredModel verify(
      Path file, Optional<Checkpoint> checkpoint, Configuration hadoop) {
    try {
      FileSystem fileSystem = Storage.of(file, hadoop);
      if (checkpoint.isPresent()) {
        compare(file, checkpoint.get().manifest().file(), fileSystem);
      }
      ModelFile model = ModelFile.verify(file.toString(), () -> fileSystem.open(file));
      Set<String> parameters =
          Stream.concat(Stream.of(model), model.averaged().stream())
              .map(ModelFile::parametersSha256)
              .collect(Collectors.toSet());
      Optional<Calibration> calibration = Calibration.read(file, parameters, hadoop);
      return new StoredModel(file, file, model, model, model.metadata(), checkpoint, calibration);
    } catch (FileNotFoundException e) {
      throw new DamagedException("Cannot read %s: it is missing".formatted(file), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  private static void compare(Path file, ModelBlob expected, FileSystem fileSystem)
      throws IOException {
    long bytes = fileSystem.getFileStatus(file).getLen();
    Check.undamaged(
        bytes == expected.bytes(),
        "Cannot read %s: it has %d bytes, the manifest says %d",
        file,
        bytes,
        expected.bytes());
    try (InputStream in = fileSystem.open(file)) {
      String sha256 = Sha256.hex(in);
      Check.undamaged(
          sha256.equals(expected.sha256()),
          "Cannot read %s: SHA-256 is %s, the manifest says %s",
          file,
          sha256,
          expected.sha256());
    }
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** Where a user has named it, which is not where it is read if there is a copy. */
  public Path origin() {
    return origin;
  }

  /**
   * This model, read from a copy of its file.
   *
   * @param copy where a copy of the file is, or will be before it is read
   */
  public StoredModel copiedTo(Path copy) {
    return new StoredModel(copy, origin, whole, file, metadata, Optional.empty(), calibration);
  }

  /**
   * The SHA-256 of the file.
   *
   * @param hadoop how to reach the file
   */
  public String sha256(Configuration hadoop) {
    if (checkpoint.isPresent()) {
      return checkpoint.get().manifest().file().sha256();
    }
    try (InputStream in = Storage.of(path, hadoop).open(path)) {
      return Sha256.hex(in);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + path, e);
    }
  }

  /** The model, and what is known of it. */
  public ModelMetadata metadata() {
    return metadata;
  }

  /** The SHA-256 of the parameters as little-endian fp32 in canonical order. */
  public String parametersSha256() {
    return file.parametersSha256();
  }

  /** The checkpoint that it is part of, where it is in one. */
  public Optional<Checkpoint> checkpoint() {
    return checkpoint;
  }

  /**
   * This model with the parameters that a user asks for: those of the last step, or their moving
   * average, if it has one.
   *
   * @throws io.stoker.failure.InputException if the average is asked for, and is not there
   */
  public StoredModel with(ParameterChoice choice) {
    Optional<ModelFile> averaged =
        choice == ParameterChoice.LAST ? Optional.empty() : whole.averaged();
    Check.input(
        averaged.isPresent() || choice != ParameterChoice.EMA,
        "Cannot use the moving average of %s: it was trained without --ema and --swa (say"
            + " --parameters last)",
        origin);
    return new StoredModel(
        path, origin, whole, averaged.orElse(whole), metadata, checkpoint, calibration);
  }

  /**
   * This model over square images of another size. Images of its data are as large, or as large as
   * those of the training, if these are larger.
   *
   * @param size the height and width of the images that the network sees
   * @throws io.stoker.failure.InputException if the model does not take that size
   */
  public StoredModel atSize(int size) {
    return with(metadata.atSize(size));
  }

  /** This model with all image files decoded in full. */
  public StoredModel withExactPixels() {
    return with(metadata.withExactPixels(true));
  }

  /** This model with other layers in int8. */
  public StoredModel with(Quantization quantization) {
    return with(metadata.with(quantization));
  }

  private StoredModel with(ModelMetadata other) {
    return new StoredModel(path, origin, whole, file, other, checkpoint, calibration);
  }

  /** Which of the file's parameters are this model's: {@code EMA} or {@code LAST}. */
  public ParameterChoice choice() {
    return file == whole ? ParameterChoice.LAST : ParameterChoice.EMA;
  }

  /** How the probabilities of these parameters were calibrated, if they were. */
  public Optional<Calibration> calibration() {
    return calibration.filter(each -> each.parametersSha256().equals(parametersSha256()));
  }

  /** The calibration that is kept for the other parameters of the file, in place of this one. */
  public Optional<Calibration> otherCalibration() {
    return calibration.filter(each -> !each.parametersSha256().equals(parametersSha256()));
  }

  /** What its probabilities are changed by; 1 if they were not calibrated. */
  public Temperature temperature() {
    return calibration().map(each -> new Temperature(each.temperature())).orElse(Temperature.ONE);
  }

  /** Where in the file its parameters are. */
  public VectorLocation parametersLocation() {
    return file.parameters();
  }

  /** Its parameters and, where it has them, its updater state, for tasks to read. */
  public StoredVectors vectors() {
    return new StoredVectors(
        path.toString(),
        file.parameters().byteOffset(),
        file.updaterState().map(VectorLocation::byteOffset).orElse(0L),
        file.outerMomentum().map(VectorLocation::byteOffset).orElse(0L),
        file.ema().map(VectorLocation::byteOffset).orElse(0L));
  }

  /** Its parameters with momenta of zeros. */
  public StoredVectors parameters() {
    return new StoredVectors(path.toString(), file.parameters().byteOffset(), 0, 0, 0);
  }

  /**
   * Makes sure that the model can be computed with: see {@link ModelFile#requireFinite}.
   *
   * @throws io.stoker.failure.DamagedException if a parameter is NaN or infinite
   */
  public void requireFinite() {
    file.requireFinite(origin.toString());
  }

  /**
   * Sets a network's parameters, for prediction in this process.
   *
   * @param network of the same model
   * @param hadoop how to reach the file
   * @throws io.stoker.failure.DamagedException if a parameter is NaN or infinite
   */
  public void load(Network network, Configuration hadoop) {
    requireFinite();
    copyParameters(network::writeParameters, hadoop);
  }

  /**
   * Its parameters, to be read in ranges.
   *
   * @param hadoop how to reach the file
   */
  public VectorSource parameterSource(Configuration hadoop) {
    return (offset, target) ->
        file.parameters().read(() -> Storage.of(path, hadoop).open(path), offset, target);
  }

  /**
   * Copies all parameters, finite or not.
   *
   * @param sink takes them in ranges, first to last
   * @param hadoop how to reach the file
   */
  public void copyParameters(VectorSink sink, Configuration hadoop) {
    try {
      file.parameters().copy(() -> Storage.of(path, hadoop).open(path), sink);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + path, e);
    }
  }
}
