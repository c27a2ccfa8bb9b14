// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.base.Sha256;
import io.stoker.data.image.ImageShape;
import io.stoker.data.storage.Storage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/**
 * Writes one shard. Equal samples in equal order give equal bytes: nothing in the file says when or
 * where it was written.
 *
 * <p>The columns are uncompressed. JPEG and PNG are compressed already; raw images are small and
 * read many times; and the bytes then depend on no native compression library.
 */
public final class ShardWriter implements AutoCloseable {
  /** The size of a row group: what a reader takes into memory at a time. */
  public static final int BLOCK_BYTES = 1 << 20;

  private final Path file;
  private final MessageDigest digest = Sha256.digest();
  private final ParquetWriter<ShardSample> parquet;
  private FSDataOutputStream stream;
  private long bytes;

  /** The end of the file, which is not written yet; null before its writer begins with it. */
  private ByteArrayOutputStream tail;

  /**
   * Creates the file, or overwrites it.
   *
   * @param file the shard
   * @param encoding of every image
   * @param hadoop how to reach the filesystem
   * @throws IOException if it cannot be created
   */
  public ShardWriter(Path file, ShardEncoding encoding, Configuration hadoop) throws IOException {
    this(file, encoding, ShardColumns.PLAIN, hadoop);
  }

  /**
   * Creates the file likewise, with chosen columns.
   *
   * @param columns which it has
   * @throws IOException if it cannot be created
   */
  public ShardWriter(Path file, ShardEncoding encoding, ShardColumns columns, Configuration hadoop)
      throws IOException {
    this.file = file;
    this.parquet =
        new Builder(new HashedOutput(hadoop), encoding, columns)
            // It says nothing, and Hadoop's own takes milliseconds to read.
            .withConf(new Configuration(false))
            .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
            .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
            .withRowGroupSize((long) BLOCK_BYTES)
            .withPageSize(BLOCK_BYTES)
            .withMinRowCountForPageSizeCheck(1)
            .withMaxRowCountForPageSizeCheck(64)
            .withMaxPaddingSize(0)
            .withDictionaryEncoding(false)
            .withDictionaryEncoding(ShardSchema.LABEL, true)
            .withDictionaryEncoding(ShardSchema.HEIGHT, true)
            .withDictionaryEncoding(ShardSchema.WIDTH, true)
            .withDictionaryEncoding(ShardSchema.CHANNELS, true)
            .withDictionaryEncoding(ShardSchema.ENCODING, true)
            // Smallest and largest image of a row group are of no use to anyone.
            .withStatisticsTruncateLength(64)
            .withColumnIndexTruncateLength(64)
            .build();
  }

  /**
   * Appends a row.
   *
   * @throws IOException if it cannot be written
   */
  public void write(ShardSample sample) throws IOException {
    parquet.write(sample);
  }

  /**
   * Closes the file, which is complete then.
   *
   * @return what the manifest says about it
   * @throws IOException if the end cannot be written
   */
  public ShardFile finish() throws IOException {
    tail = new ByteArrayOutputStream();
    parquet.close();
    List<Integer> rowGroups =
        parquet.getFooter().getBlocks().stream()
            .map(BlockMetaData::getRowCount)
            .map(Math::toIntExact)
            .toList();
    return new ShardFile(
        file.getName(),
        rowGroups.stream().mapToLong(Integer::longValue).sum(),
        rowGroups,
        bytes,
        Sha256.hex(digest));
  }

  /**
   * Closes the file. Without {@link #finish()} before, it is no shard yet, and is to be deleted.
   */
  @Override
  public void close() {
    try {
      if (stream != null && tail == null) {
        // Of two attempts of a task that was given up, another one may have written the shard.
        Storage.abandon(stream);
      } else if (stream != null) {
        stream.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write shard " + file, e);
    }
  }

  /** Passes bytes to the file, counting and hashing them on their way. */
  private final class HashedOutput implements OutputFile {
    private final Configuration hadoop;

    HashedOutput(Configuration hadoop) {
      this.hadoop = hadoop;
    }

    @Override
    public PositionOutputStream create(long blockSizeHint) throws IOException {
      return createOrOverwrite(blockSizeHint);
    }

    @Override
    public PositionOutputStream createOrOverwrite(long blockSizeHint) throws IOException {
      FSDataOutputStream out = Storage.of(file, hadoop).create(file, true);
      stream = out;
      return new PositionOutputStream() {
        @Override
        public long getPos() {
          return tail == null ? bytes : bytes + tail.size();
        }

        @Override
        public void write(int value) throws IOException {
          write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] source, int offset, int length) throws IOException {
          if (tail == null) {
            pass(source, offset, length);
          } else {
            tail.write(source, offset, length);
          }
        }

        @Override
        public void flush() throws IOException {
          out.flush();
        }

        @Override
        public void close() throws IOException {
          if (tail != null) {
            byte[] end = SortedFooter.sorted(tail.toByteArray());
            pass(end, 0, end.length);
          }
          out.close();
        }

        private void pass(byte[] source, int offset, int length) throws IOException {
          out.write(source, offset, length);
          digest.update(source, offset, length);
          bytes += length;
        }
      };
    }

    @Override
    public boolean supportsBlockSize() {
      return false;
    }

    @Override
    public long defaultBlockSize() {
      return 0;
    }

    @Override
    public String getPath() {
      return file.toString();
    }
  }

  private static final class Builder extends ParquetWriter.Builder<ShardSample, Builder> {
    private final ShardEncoding encoding;
    private final ShardColumns columns;

    Builder(OutputFile output, ShardEncoding encoding, ShardColumns columns) {
      super(output);
      this.encoding = encoding;
      this.columns = columns;
    }

    @Override
    protected Builder self() {
      return this;
    }

    @SuppressWarnings("deprecation") // of Parquet 1.17; 1.13 has no other
    @Override
    protected WriteSupport<ShardSample> getWriteSupport(Configuration hadoop) {
      return new RowWriter(encoding, columns);
    }
  }

  private static final class RowWriter extends WriteSupport<ShardSample> {
    private final Binary encoding;
    private final ShardColumns columns;
    private RecordConsumer consumer;
    private int field;

    RowWriter(ShardEncoding encoding, ShardColumns columns) {
      this.columns = columns;
      this.encoding = Binary.fromString(encoding.name());
    }

    @SuppressWarnings("deprecation") // of Parquet 1.17; 1.13 has no other
    @Override
    public WriteContext init(Configuration hadoop) {
      return new WriteContext(columns.schema(), Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer recordConsumer) {
      consumer = recordConsumer;
    }

    @Override
    public void write(ShardSample sample) {
      ImageShape shape = sample.shape();
      consumer.startMessage();
      field = 0;
      add(ShardSchema.SAMPLE_ID, () -> consumer.addLong(sample.sampleId()));
      add(ShardSchema.LABEL, () -> consumer.addInteger(sample.label()));
      add(ShardSchema.PATH, () -> consumer.addBinary(Binary.fromString(sample.path())));
      add(ShardSchema.HEIGHT, () -> consumer.addInteger(shape.height()));
      add(ShardSchema.WIDTH, () -> consumer.addInteger(shape.width()));
      add(ShardSchema.CHANNELS, () -> consumer.addInteger(shape.channels()));
      add(ShardSchema.ENCODING, () -> consumer.addBinary(encoding));
      add(
          ShardSchema.IMAGE,
          () -> consumer.addBinary(Binary.fromConstantByteArray(sample.image())));
      if (columns == ShardColumns.WEIGHTED) {
        add(ShardSchema.WEIGHT, () -> consumer.addFloat(sample.weight()));
      }
      consumer.endMessage();
    }

    private void add(String name, Runnable value) {
      consumer.startField(name, field);
      value.run();
      consumer.endField(name, field++);
    }
  }
}
