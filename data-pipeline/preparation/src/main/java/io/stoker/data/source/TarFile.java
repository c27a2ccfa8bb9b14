// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.ArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A tar file, plain or gzipped, read from start to end. Files inside it that are tar files
 * themselves, such as those of ImageNet's classes, are entered. Nothing is written to disk.
 */
final class TarFile implements Closeable {
  private static final int BUFFER_BYTES = 1 << 16;

  /**
   * For names the library is told that each byte is a character, so that none is lost. When told
   * UTF-8 it decodes invalid bytes to question marks; when told nothing it takes the encoding of
   * the process's locale.
   */
  private static final String BYTES = "ISO-8859-1";

  private final Path file;
  private final NotedFailures stored;
  private final boolean gzipped;
  private final ZeroTail outerBytes;
  private final TarArchiveInputStream outer;

  /** The tar file inside the tar file that is being read, or null. */
  private TarArchiveInputStream inner;

  private ZeroTail innerBytes;

  private String innerName = "";
  private TarArchiveEntry entry;
  private boolean hasEntries;

  TarFile(FileSystem fileSystem, Path file) throws IOException {
    this.file = file;
    this.stored = new NotedFailures(fileSystem.open(file));
    InputStream raw = new BufferedInputStream(stored, BUFFER_BYTES);
    try {
      raw.mark(2);
      this.gzipped = raw.read() == 0x1F && raw.read() == 0x8B;
      raw.reset();
      this.outerBytes = new ZeroTail(gzipped ? new GZIPInputStream(raw, BUFFER_BYTES) : raw);
      this.outer = new TarArchiveInputStream(outerBytes, BYTES);
    } catch (IOException e) {
      raw.close();
      throw damaged(e);
    }
  }

  /**
   * Goes to the next file.
   *
   * @return whether there is one
   * @throws InputException if it is not a tar file
   * @throws DamagedException if it is a damaged one, or ends early
   */
  boolean next() {
    try {
      while (true) {
        ArchiveEntry next = (inner == null ? outer : inner).getNextEntry();
        entry = (TarArchiveEntry) next;
        hasEntries |= entry != null;
        if (entry == null) {
          (inner == null ? outerBytes : innerBytes).checkEnd();
        }
        if (entry == null && inner == null) {
          return false;
        }
        if (entry == null) {
          inner = null;
          innerName = "";
        } else if (isFile() && inner == null && isTarName(entry.getName())) {
          innerName = text(entry.getName());
          innerBytes = new ZeroTail(outer);
          inner = new TarArchiveInputStream(innerBytes, BYTES);
        } else {
          return true;
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      throw damaged(e);
    }
  }

  /** Whether the entry is a file, of a name that stays inside the archive. */
  boolean isFile() {
    return entry.isFile()
        && !entry.isSymbolicLink()
        && !entry.isLink()
        && entry.getSize() >= 0
        && !entry.getName().startsWith("/")
        && !("/" + entry.getName() + "/").contains("/../");
  }

  /**
   * The entry's name; that of a file in an inner archive starts with the archive's, less .tar. A
   * name that is not UTF-8 is taken for ISO 8859-1.
   */
  String name() {
    String whole = text(entry.getName());
    String own = whole.startsWith("./") ? whole.substring(2) : whole;
    return innerName.isEmpty()
        ? own
        : innerName.substring(innerName.startsWith("./") ? 2 : 0, innerName.length() - 4)
            + "/"
            + own;
  }

  /** The entry's length in bytes, as the archive says. */
  long length() {
    return entry.getSize();
  }

  /**
   * The entry's bytes.
   *
   * @throws DamagedException if the archive ends before
   */
  byte[] read() {
    try {
      byte[] bytes = (inner == null ? outer : inner).readNBytes((int) entry.getSize());
      if (bytes.length < entry.getSize()) {
        throw new EOFException();
      }
      return bytes;
    } catch (IOException e) {
      throw damaged(e);
    }
  }

  /** Bytes as text; what was in a PAX header is text already. */
  private static String text(String name) {
    if (name.chars().anyMatch(c -> c > 0xFF)) {
      return name;
    }
    try {
      return UTF_8
          .newDecoder() // Which refuses what is not UTF-8.
          .decode(ByteBuffer.wrap(name.getBytes(ISO_8859_1)))
          .toString();
    } catch (CharacterCodingException e) {
      return name;
    }
  }

  static boolean isTarName(String name) {
    return name.endsWith(".tar");
  }

  /** What is wrong with the file, where the storage has not failed. */
  private StokerException damaged(Exception cause) {
    try {
      stored.rethrow();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
    return hasEntries || (gzipped && isOfGzip(cause))
        ? new DamagedException("Cannot read " + file + ": truncated or damaged", cause)
        : new InputException(
            "Cannot read " + file + ": truncated, damaged or not a tar file", cause);
  }

  private static boolean isOfGzip(Throwable failure) {
    return failure instanceof ZipException
        || failure instanceof EOFException
        || (failure.getCause() != null && isOfGzip(failure.getCause()));
  }

  @Override
  public void close() throws IOException {
    outer.close();
  }

  /**
   * Counts the zeros that were read last, not those skipped. An archive ends with records of zeros;
   * the library takes the end of the file for the end of the archive, and would not notice what is
   * cut off.
   */
  private static final class ZeroTail extends FilterInputStream {
    private static final int RECORD_BYTES = 512;

    private long zeros;

    ZeroTail(InputStream in) {
      super(in);
    }

    void checkEnd() throws EOFException {
      if (zeros < RECORD_BYTES) {
        throw new EOFException("the end of the archive is missing");
      }
    }

    @Override
    public int read() throws IOException {
      int value = super.read();
      if (value >= 0) {
        zeros = value == 0 ? zeros + 1 : 0;
      }
      return value;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int read = super.read(target, offset, length);
      for (int i = Math.max(0, read - RECORD_BYTES); i < read; i++) {
        zeros = target[offset + i] == 0 ? zeros + 1 : 0;
      }
      return read;
    }
  }
}
