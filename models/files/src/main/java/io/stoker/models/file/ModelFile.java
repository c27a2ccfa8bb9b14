// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import java.io.IOException;
import java.util.Optional;

/** A model file whose every byte has been checked: its contents, and where its vectors lie. */
public final class ModelFile {
  private final MetadataJson description;
  private final long bytes;
  private final VectorLocation parameters;
  private final FiniteCheck finite;
  private final Optional<VectorLocation> updaterState;
  private final Optional<VectorLocation> outerMomentum;
  private final Optional<Ema> ema;

  /**
   * The moving average of the parameters in a file.
   *
   * @param location where it lies
   * @param finite whether its values are finite
   */
  record Ema(VectorLocation location, FiniteCheck finite) {}

  ModelFile(
      MetadataJson description,
      long bytes,
      VectorLocation parameters,
      FiniteCheck finite,
      Optional<VectorLocation> updaterState,
      Optional<VectorLocation> outerMomentum,
      Optional<Ema> ema) {
    this.description = description;
    this.bytes = bytes;
    this.parameters = parameters;
    this.finite = finite;
    this.updaterState = updaterState;
    this.outerMomentum = outerMomentum;
    this.ema = ema;
  }

  /**
   * Reads a file once from end to end and checks all of it, in constant memory. Memory is allocated
   * for bytes that have arrived, not for sizes that the file claims, and no code in the file is
   * run.
   *
   * @param name the file's name, for error messages
   * @param file opens the file
   * @throws io.stoker.failure.InputException if it is another kind of file
   * @throws io.stoker.failure.DamagedException if it is not as it was written
   * @throws IOException if it cannot be read
   */
  public static ModelFile verify(String name, StreamSource file) throws IOException {
    return new ModelFileVerifier(name).verify(file);
  }

  /** The model and everything else that prediction needs. */
  public ModelMetadata metadata() {
    return description.metadata();
  }

  /** The SHA-256 of the parameters as little-endian fp32, in hexadecimal. */
  public String parametersSha256() {
    return description.parametersSha256();
  }

  /**
   * Makes sure that all parameters are finite: with others, a network predicts NaN or nonsense.
   * {@link #verify} accepts them, because the file is as it was written.
   *
   * @param name the file's name, for the message
   * @throws io.stoker.failure.DamagedException if a parameter is NaN or infinite; it says how many
   *     are, and where the first one is
   */
  public void requireFinite(String name) {
    finite.require(name, metadata().model());
  }

  /** The file's size. */
  public long bytes() {
    return bytes;
  }

  /** Where the canonical parameter vector lies. */
  public VectorLocation parameters() {
    return parameters;
  }

  /** Where the velocity of momentum lies, if the file has it. */
  public Optional<VectorLocation> updaterState() {
    return updaterState;
  }

  /**
   * Where the momentum of the outer step, which follows each averaging, lies, if the file has it.
   */
  public Optional<VectorLocation> outerMomentum() {
    return outerMomentum;
  }

  /** Where the moving average of the parameters over the steps of training lies, if any. */
  public Optional<VectorLocation> ema() {
    return ema.map(Ema::location);
  }

  /**
   * This file as the model whose parameters are the moving average: {@link #parameters}, {@link
   * #parametersSha256} and {@link #requireFinite} are those of the average, and there are no other
   * vectors, because momentum belongs to the last parameters.
   *
   * @return empty if the file has no moving average
   */
  public Optional<ModelFile> averaged() {
    return ema.map(
        average ->
            new ModelFile(
                new MetadataJson(
                    metadata(),
                    description.emaSha256().orElseThrow(),
                    Optional.empty(),
                    1,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty()),
                bytes,
                average.location(),
                average.finite(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()));
  }
}
