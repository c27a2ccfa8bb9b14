// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.SerializationStream;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;

/**
 * Writes records to shuffle files and blocks in their own format. Java's serialization would keep
 * every record of a map task in memory until the last one is written, which is a second copy of the
 * whole model.
 *
 * <p>A record is its partition (int32, big-endian), and then the header and the content of its
 * {@link RecordFormat}.
 *
 * @param <V> the type of a record
 */
public final class RecordSerializer<V> extends Serializer implements Serializable {
  private static final long serialVersionUID = 1L;

  private final RecordFormat<V> format;

  /** A serializer of records in a format. */
  public RecordSerializer(RecordFormat<V> format) {
    this.format = format;
  }

  /** A record as two buffers, the second of which is its content and not a copy of it. */
  public ByteBuffer[] write(V record) {
    return new ByteBuffer[] {
      ByteBuffer.wrap(header(record)), ByteBuffer.wrap(format.content(record))
    };
  }

  private byte[] header(V record) {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(header);
    try {
      out.writeInt(format.partition(record));
      format.writeHeader(record, out);
      return header.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads one record. */
  public V read(InputStream in) throws IOException {
    DataInputStream data = new DataInputStream(in);
    return format.read(data.readInt(), data);
  }

  /**
   * Says that a record does not depend on those before it. With that, none of Spark's shuffle
   * writers keeps records as objects in order to sort them.
   */
  @Override
  public boolean supportsRelocationOfSerializedObjects() {
    return true;
  }

  @Override
  public SerializerInstance newInstance() {
    return new Instance();
  }

  private final class Instance extends SerializerInstance {
    @Override
    public SerializationStream serializeStream(OutputStream out) {
      return new Writer(out);
    }

    @Override
    public DeserializationStream deserializeStream(InputStream in) {
      return new Reader(new DataInputStream(in));
    }

    @Override
    public <T> ByteBuffer serialize(T object, ClassTag<T> type) {
      throw streamsOnly();
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassTag<T> type) {
      throw streamsOnly();
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassLoader loader, ClassTag<T> type) {
      throw streamsOnly();
    }

    private static UnsupportedOperationException streamsOnly() {
      return new UnsupportedOperationException("Records are written to streams only");
    }
  }

  private final class Writer extends SerializationStream {
    private final OutputStream out;

    Writer(OutputStream out) {
      this.out = out;
    }

    /** Writes nothing: the key is the record's partition, which the record itself begins with. */
    @Override
    public <T> SerializationStream writeKey(T key, ClassTag<T> type) {
      return this;
    }

    @Override
    public <T> SerializationStream writeValue(T value, ClassTag<T> type) {
      return writeObject(value, type);
    }

    @Override
    @SuppressWarnings("unchecked") // Spark's interface leaves the type to the caller
    public <T> SerializationStream writeObject(T object, ClassTag<T> type) {
      try {
        V record = (V) object;
        out.write(header(record));
        out.write(format.content(record));
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void flush() {
      try {
        out.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      try {
        out.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Spark reads alternately a key, with which a record begins, and its value. */
  private final class Reader extends DeserializationStream {
    private final DataInputStream in;
    private int partition;

    Reader(DataInputStream in) {
      this.in = in;
    }

    @Override
    @SuppressWarnings("unchecked") // as above
    public <T> T readKey(ClassTag<T> type) {
      try {
        partition = in.readInt();
        return (T) Integer.valueOf(partition);
      } catch (EOFException end) {
        throw undeclared(end);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    @SuppressWarnings("unchecked") // as above
    public <T> T readValue(ClassTag<T> type) {
      try {
        return (T) format.read(partition, in);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public <T> T readObject(ClassTag<T> type) {
      throw new UnsupportedOperationException("A record is read as a key and a value");
    }

    /** Spark's iterators end at an EOFException, which {@link #readKey} does not declare. */
    @SuppressWarnings("unchecked") // The cast is erased, so that any exception can be thrown.
    private static <E extends Throwable> RuntimeException undeclared(Throwable end) throws E {
      throw (E) end;
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
