// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import io.stoker.failure.Check;
import io.stoker.models.dl4j.GraphConfiguration;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Writes a model as a Deeplearning4j model file, a zip that stock {@code ComputationGraph.load}
 * reads. Equal contents give equal bytes. The writer reads each vector in ranges, twice: once for
 * the checksums and once for the file. So memory does not grow with the model.
 */
public final class ModelFileWriter {
  static final String METADATA = "stoker.json";
  static final String CONFIGURATION = "configuration.json";
  static final String NORMALIZER = "normalizer.bin";
  static final String COEFFICIENTS = "coefficients.bin";
  static final String UPDATER_STATE = "updaterState.bin";
  private static final String VELOCITY = "velocity.bin";
  static final String OUTER_MOMENTUM = "outerMomentum.bin";
  static final String EMA = "ema.bin";

  /** With more parameters, a file would need the 64-bit extension of zip. */
  private static final long MAXIMUM_PARAMETERS = 500_000_000;

  private static final int CHUNK_VALUES = 1 << 16;

  private final ModelMetadata metadata;
  private final StepSettings settings;
  private final VectorSource parameters;
  private final Optional<VectorSource> updaterState;
  private final Optional<VectorSource> outerMomentum;
  private final Optional<VectorSource> ema;

  private ModelFileWriter(
      ModelMetadata metadata,
      StepSettings settings,
      VectorSource parameters,
      Optional<VectorSource> updaterState,
      Optional<VectorSource> outerMomentum,
      Optional<VectorSource> ema) {
    this.metadata = metadata;
    this.settings = settings;
    this.parameters = parameters;
    this.updaterState = updaterState;
    this.outerMomentum = outerMomentum;
    this.ema = ema;
    long count = metadata.model().parameterCount();
    Check.input(
        count <= MAXIMUM_PARAMETERS,
        "Model %s is too large for a model file: %d parameters (at most %d)",
        metadata.model().name(),
        count,
        MAXIMUM_PARAMETERS);
  }

  /**
   * A file without updater state.
   *
   * @param metadata the model and everything else that prediction needs
   * @param settings the settings with which Deeplearning4j would continue training
   * @param parameters the canonical vector
   */
  public static ModelFileWriter of(
      ModelMetadata metadata, StepSettings settings, VectorSource parameters) {
    return new ModelFileWriter(
        metadata, settings, parameters, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * This file with the updater state in it: the velocity of momentum, or the first moments of AdamW
   * and then the second moments.
   *
   * @throws IllegalArgumentException if the settings have no updater state
   */
  public ModelFileWriter withUpdaterState(VectorSource velocity) {
    if (settings.stateVectors() == 0) {
      throw new IllegalArgumentException("Without momentum there is no updater state");
    }
    return new ModelFileWriter(
        metadata, settings, parameters, Optional.of(velocity), outerMomentum, ema);
  }

  /** This file with the momentum of the outer step, which follows each averaging, in it. */
  public ModelFileWriter withOuterMomentum(VectorSource momentum) {
    return new ModelFileWriter(
        metadata, settings, parameters, updaterState, Optional.of(momentum), ema);
  }

  /** This file with the moving average of the parameters over the steps of training in it. */
  public ModelFileWriter withEma(VectorSource average) {
    return new ModelFileWriter(
        metadata, settings, parameters, updaterState, outerMomentum, Optional.of(average));
  }

  private byte[] configuration() {
    String json = GraphConfiguration.of(metadata.model(), settings).toJson();
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    Check.input(
        bytes.length <= ModelFileVerifier.MAXIMUM_JSON_BYTES,
        "Model %s is too large for a model file: its configuration has %d bytes (at most %d; each"
            + " group of a convolution takes some thousand: use depthwise-conv)",
        metadata.model().name(),
        bytes.length,
        ModelFileVerifier.MAXIMUM_JSON_BYTES);
    return bytes;
  }

  /**
   * Writes the file.
   *
   * @param stream takes the bytes; left open
   * @return the written file's description
   * @throws io.stoker.failure.InputException if the model's graph is too large to be read again
   */
  public ModelFile write(OutputStream stream) throws IOException {
    byte[] configuration = configuration();
    Checksums parameterSums = Checksums.of(parameters, metadata.model().parameterCount());
    long count = metadata.model().parameterCount();
    long stateCount = count * settings.stateVectors();
    Optional<Checksums> updaterSums = sums(updaterState, stateCount);
    StockMoments stock = StockMoments.of(metadata.model());
    Optional<VectorSource> stockMoments =
        updaterState.filter(state -> settings.isAdam() && !stock.isCanonical()).map(stock::of);
    Optional<Checksums> stockSums = sums(stockMoments, stock.count());
    Optional<Checksums> outerSums = sums(outerMomentum, count);
    Optional<Checksums> emaSums = sums(ema, count);
    MetadataJson description =
        new MetadataJson(
            metadata,
            parameterSums.sha256(),
            updaterSums.map(Checksums::sha256),
            settings.stateVectors(),
            stockSums.map(Checksums::sha256),
            outerSums.map(Checksums::sha256),
            emaSums.map(Checksums::sha256));
    ZipLayout zip = new ZipLayout();
    writeBytes(METADATA, description.write(), zip, stream);
    writeBytes(CONFIGURATION, configuration, zip, stream);
    byte[] normalizer = Nd4jFormat.normalizer(metadata.mean(), metadata.standardDeviation());
    writeBytes(NORMALIZER, normalizer, zip, stream);
    VectorLocation parameterPlace =
        writeVector(COEFFICIENTS, parameters, parameterSums, zip, stream);
    Optional<VectorLocation> updaterPlace =
        writeIfThere(updaterEntry(metadata.model()), updaterState, updaterSums, zip, stream);
    writeIfThere(UPDATER_STATE, stockMoments, stockSums, zip, stream);
    Optional<VectorLocation> outerPlace =
        writeIfThere(OUTER_MOMENTUM, outerMomentum, outerSums, zip, stream);
    Optional<VectorLocation> emaPlace = writeIfThere(EMA, ema, emaSums, zip, stream);
    byte[] directory = zip.directory();
    stream.write(directory);
    return new ModelFile(
        description,
        zip.position() + directory.length,
        parameterPlace,
        parameterSums.finite(),
        updaterPlace,
        outerPlace,
        emaPlace.map(place -> new ModelFile.Ema(place, emaSums.orElseThrow().finite())));
  }

  private static Optional<Checksums> sums(Optional<VectorSource> vector, long count)
      throws IOException {
    return vector.isPresent() ? Optional.of(Checksums.of(vector.get(), count)) : Optional.empty();
  }

  private static void writeBytes(String name, byte[] bytes, ZipLayout zip, OutputStream stream)
      throws IOException {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    stream.write(zip.append(new ZipLayout.Entry(name, bytes.length, (int) crc.getValue())));
    stream.write(bytes);
  }

  private static Optional<VectorLocation> writeIfThere(
      String name,
      Optional<VectorSource> source,
      Optional<Checksums> sums,
      ZipLayout zip,
      OutputStream stream)
      throws IOException {
    return source.isPresent()
        ? Optional.of(writeVector(name, source.get(), sums.orElseThrow(), zip, stream))
        : Optional.empty();
  }

  private static VectorLocation writeVector(
      String name, VectorSource source, Checksums sums, ZipLayout zip, OutputStream stream)
      throws IOException {
    long count = sums.count();
    long size = Nd4jFormat.size(count);
    stream.write(zip.append(new ZipLayout.Entry(name, size, sums.crc())));
    stream.write(Nd4jFormat.header(count));
    forEachChunk(source, count, (bytes, length) -> stream.write(bytes, 0, length));
    return new VectorLocation(zip.position() - count * Float.BYTES, count);
  }

  private interface Chunk {
    void take(byte[] bigEndian, int length) throws IOException;
  }

  private static void forEachChunk(VectorSource source, long count, Chunk consumer)
      throws IOException {
    byte[] bytes = new byte[(int) Math.min(CHUNK_VALUES, count) * Float.BYTES];
    for (long offset = 0; offset < count; offset += CHUNK_VALUES) {
      int length = (int) Math.min(bytes.length, (count - offset) * Float.BYTES);
      source.read(
          offset, ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.BIG_ENDIAN).asFloatBuffer());
      consumer.take(bytes, length);
    }
  }

  /**
   * The checksums of a vector.
   *
   * @param count how many values it has
   * @param crc of its entry in the zip, header included
   * @param sha256 of its values as little-endian fp32, in hexadecimal
   * @param finite whether its values are finite
   */
  private record Checksums(long count, int crc, String sha256, FiniteCheck finite) {
    static Checksums of(VectorSource source, long count) throws IOException {
      CRC32 crc = new CRC32();
      crc.update(Nd4jFormat.header(count));
      VectorDigest digest = new VectorDigest();
      FiniteCheck finite = new FiniteCheck();
      forEachChunk(
          source,
          count,
          (bytes, length) -> {
            crc.update(bytes, 0, length);
            FloatBuffer values =
                ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.BIG_ENDIAN).asFloatBuffer();
            finite.add(values);
            digest.update(values);
          });
      return new Checksums(count, (int) crc.getValue(), digest.hex(), finite);
    }
  }

  /**
   * The name of the updater state's entry. Deeplearning4j's own state has no values for running
   * statistics, nor moments for filters that whiten. So the state of a model with either has
   * another name; {@link StockMoments} come after it.
   */
  static String updaterEntry(ModelSpec model) {
    return StockMoments.of(model).isCanonical() ? UPDATER_STATE : VELOCITY;
  }
}
