// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import io.stoker.base.LittleEndian;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32;

/** Reads one model file from end to end and checks all of it. */
final class ModelFileVerifier {
  /** Larger entries than these are never written. */
  static final int MAXIMUM_JSON_BYTES = 8 << 20;

  private static final int MAXIMUM_NAME_BYTES = 64;
  private static final int CHUNK_BYTES = 1 << 18;

  private final String name;
  private final ZipLayout zip = new ZipLayout();
  private InputStream stream;

  ModelFileVerifier(String name) {
    this.name = name;
  }

  ModelFile verify(StreamSource file) throws IOException {
    try (InputStream opened = new BufferedInputStream(file.open(), CHUNK_BYTES)) {
      stream = opened;
      ZipLayout.Entry first = nextHeader();
      if (!first.name().equals(ModelFileWriter.METADATA)) {
        throw new InputException(
            "Not a Stoker model file: %s (its first entry is %s, not stoker.json; which holds the classes and the normalisation)"
                .formatted(name, printable(first.name())));
      }
      MetadataJson description = MetadataJson.read(readBytes(first), name);
      ConfigurationCheck.check(readBytes(nextHeader(ModelFileWriter.CONFIGURATION)), name);
      verifyNormalizer(description.metadata());
      FiniteCheck finite = new FiniteCheck();
      long count = description.metadata().model().parameterCount();
      VectorLocation parameters =
          verifyVector(ModelFileWriter.COEFFICIENTS, count, description.parametersSha256(), finite);
      Optional<VectorLocation> updaterState =
          verifyIfThere(
              ModelFileWriter.updaterEntry(description.metadata().model()),
              count * description.updaterVectors(),
              description.updaterStateSha256());
      verifyIfThere(
          ModelFileWriter.UPDATER_STATE,
          StockMoments.of(description.metadata().model()).count(),
          description.stockMomentsSha256());
      Optional<VectorLocation> outerMomentum =
          verifyIfThere(ModelFileWriter.OUTER_MOMENTUM, count, description.outerMomentumSha256());
      FiniteCheck averageFinite = new FiniteCheck();
      Optional<ModelFile.Ema> ema =
          verifyIfThere(ModelFileWriter.EMA, count, description.emaSha256(), averageFinite)
              .map(location -> new ModelFile.Ema(location, averageFinite));
      byte[] directory = zip.directory();
      if (!Arrays.equals(readFully(directory.length), directory) || stream.read() >= 0) {
        throw damaged("its zip directory does not fit its entries");
      }
      return new ModelFile(
          description,
          zip.position() + directory.length,
          parameters,
          finite,
          updaterState,
          outerMomentum,
          ema);
    }
  }

  private ZipLayout.Entry nextHeader(String expected) throws IOException {
    ZipLayout.Entry entry = nextHeader();
    if (!entry.name().equals(expected)) {
      throw damaged(
          String.format(
              Locale.ROOT,
              "the entry after byte %d is %s, not %s",
              zip.position(),
              printable(entry.name()),
              expected));
    }
    return entry;
  }

  private ZipLayout.Entry nextHeader() throws IOException {
    byte[] fixed = stream.readNBytes(ZipLayout.LOCAL_HEADER_BYTES);
    ByteBuffer header = LittleEndian.bytes(fixed);
    if (zip.position() == 0) {
      checkKind(header);
    }
    if (fixed.length < ZipLayout.LOCAL_HEADER_BYTES) {
      throw truncated();
    }
    int nameBytes = Short.toUnsignedInt(header.getShort(26));
    if (header.getInt(0) != ZipLayout.LOCAL_SIGNATURE || nameBytes > MAXIMUM_NAME_BYTES) {
      throw damaged("there is no entry at byte " + zip.position());
    }
    String entryName = new String(readFully(nameBytes), StandardCharsets.ISO_8859_1);
    ZipLayout.Entry entry =
        new ZipLayout.Entry(
            entryName, Integer.toUnsignedLong(header.getInt(22)), header.getInt(14));
    byte[] expected = ZipLayout.localHeader(entry);
    if (Arrays.equals(fixed, 0, fixed.length, expected, 0, fixed.length)) {
      return entry;
    }
    if (zip.position() == 0 && entryName.equals(ModelFileWriter.METADATA)) {
      throw new InputException(
          "Cannot read model file %s: another program has packed it again, with compression"
              .formatted(name));
    }
    if (zip.position() == 0) {
      return entry;
    }
    throw damaged(String.format(Locale.ROOT, "the header at byte %d is altered", zip.position()));
  }

  private void checkKind(ByteBuffer header) {
    if (header.remaining() == 0) {
      throw damaged("it is empty");
    }
    if (header.remaining() < Integer.BYTES || header.getInt(0) != ZipLayout.LOCAL_SIGNATURE) {
      throw new InputException(
          "Not a model file: %s (it does not begin like a zip)".formatted(name));
    }
  }

  /** The data of a small entry. */
  private byte[] readBytes(ZipLayout.Entry entry) throws IOException {
    if (entry.size() > MAXIMUM_JSON_BYTES) {
      throw damaged(String.format(Locale.ROOT, "%s claims %d bytes", entry.name(), entry.size()));
    }
    byte[] bytes = readFully((int) entry.size());
    CRC32 crc = new CRC32();
    crc.update(bytes);
    check(entry, crc);
    zip.append(entry);
    return bytes;
  }

  private void verifyNormalizer(ModelMetadata metadata) throws IOException {
    ZipLayout.Entry entry = nextHeader(ModelFileWriter.NORMALIZER);
    byte[] expected = Nd4jFormat.normalizer(metadata.mean(), metadata.standardDeviation());
    if (entry.size() != expected.length || !Arrays.equals(readBytes(entry), expected)) {
      throw damaged("normalizer.bin does not fit stoker.json");
    }
  }

  private Optional<VectorLocation> verifyIfThere(
      String entryName, long count, Optional<String> sha256) throws IOException {
    return verifyIfThere(entryName, count, sha256, new FiniteCheck());
  }

  private Optional<VectorLocation> verifyIfThere(
      String entryName, long count, Optional<String> sha256, FiniteCheck finite)
      throws IOException {
    return sha256.isEmpty()
        ? Optional.empty()
        : Optional.of(verifyVector(entryName, count, sha256.get(), finite));
  }

  private VectorLocation verifyVector(
      String entryName, long count, String sha256, FiniteCheck finite) throws IOException {
    ZipLayout.Entry entry = nextHeader(entryName);
    byte[] header = Nd4jFormat.header(count);
    if (entry.size() != Nd4jFormat.size(count)) {
      throw damaged(
          String.format(
              Locale.ROOT,
              "%s has %d bytes, the model's %d values take %d",
              entryName,
              entry.size(),
              count,
              Nd4jFormat.size(count)));
    }
    if (!Arrays.equals(readFully(header.length), header)) {
      throw damaged(
          String.format(Locale.ROOT, "%s is not an fp32 vector of %d values", entryName, count));
    }
    CRC32 crc = new CRC32();
    crc.update(header);
    VectorDigest digest = new VectorDigest();
    byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, count * Float.BYTES)];
    for (long left = count * Float.BYTES; left > 0; ) {
      int length = (int) Math.min(chunk.length, left);
      if (stream.readNBytes(chunk, 0, length) < length) {
        throw truncated();
      }
      crc.update(chunk, 0, length);
      FloatBuffer values =
          ByteBuffer.wrap(chunk, 0, length).order(ByteOrder.BIG_ENDIAN).asFloatBuffer();
      finite.add(values);
      digest.update(values);
      left -= length;
    }
    check(entry, crc);
    String actual = digest.hex();
    if (!actual.equals(sha256)) {
      throw damaged(
          "the SHA-256 of %s is %s, stoker.json says %s".formatted(entryName, actual, sha256));
    }
    zip.append(entry);
    return new VectorLocation(zip.position() - count * Float.BYTES, count);
  }

  private void check(ZipLayout.Entry entry, CRC32 crc) {
    if ((int) crc.getValue() != entry.crc()) {
      throw damaged("the checksum of %s is wrong".formatted(entry.name()));
    }
  }

  /** Allocates memory for bytes that arrive, not for those that the file claims. */
  private byte[] readFully(int length) throws IOException {
    byte[] bytes = stream.readNBytes(length);
    if (bytes.length < length) {
      throw truncated();
    }
    return bytes;
  }

  private DamagedException truncated() {
    return damaged("it is truncated");
  }

  private DamagedException damaged(String reason) {
    return new DamagedException("Damaged model file %s: %s".formatted(name, reason));
  }

  private static String printable(String entryName) {
    return entryName.replaceAll("[^ -~]", "?");
  }
}
