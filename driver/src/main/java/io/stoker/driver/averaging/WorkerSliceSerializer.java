package io.stoker.driver.averaging;

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
 * Puts pieces on the shuffle's wire as they are. Java's own serialization would hold on to every
 * piece of a worker until its last one is written, which is a second copy of the whole model.
 *
 * <p>A record is: slice, worker (int32), executor (modified UTF-8), examples (int64), length
 * (int32), the content; all but the content big-endian.
 */
final class WorkerSliceSerializer extends Serializer implements Serializable {
  private static final long serialVersionUID = 1L;

  /** A file's stream takes native memory for each read, and maps it anew where it is much. */
  private static final int READ_BYTES = 1 << 16;

  /**
   * A record does not depend on those before it. So Spark never keeps pieces as objects in order to
   * sort them, whichever of its shuffle writers it takes.
   */
  @Override
  public boolean supportsRelocationOfSerializedObjects() {
    return true;
  }

  @Override
  public SerializerInstance newInstance() {
    return new Instance();
  }

  /** All of a record but its content. */
  static ByteBuffer header(WorkerSlice piece) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    try {
      out.writeInt(piece.slice());
      out.writeInt(piece.worker());
      out.writeUTF(piece.executor());
      out.writeLong(piece.examples());
      out.writeInt(piece.content().length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ByteBuffer.wrap(bytes.toByteArray());
  }

  private static final class Instance extends SerializerInstance {
    @Override
    public SerializationStream serializeStream(OutputStream out) {
      return new Writer(new DataOutputStream(out));
    }

    @Override
    public DeserializationStream deserializeStream(InputStream in) {
      return new Reader(new DataInputStream(in));
    }

    @Override
    public <T> ByteBuffer serialize(T object, ClassTag<T> type) {
      throw new UnsupportedOperationException("A piece travels in a stream only");
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassTag<T> type) {
      throw new UnsupportedOperationException("A piece travels in a stream only");
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassLoader loader, ClassTag<T> type) {
      throw new UnsupportedOperationException("A piece travels in a stream only");
    }
  }

  private static final class Writer extends SerializationStream {
    private final DataOutputStream out;

    Writer(DataOutputStream out) {
      this.out = out;
    }

    @Override
    public <T> SerializationStream writeKey(T key, ClassTag<T> type) {
      return this;
    }

    @Override
    public <T> SerializationStream writeValue(T value, ClassTag<T> type) {
      return writeObject(value, type);
    }

    @Override
    public <T> SerializationStream writeObject(T object, ClassTag<T> type) {
      WorkerSlice piece = (WorkerSlice) object;
      try {
        out.write(header(piece).array());
        out.write(piece.content());
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

  /** Reads alternately a key, which opens a record, and its value. */
  private static final class Reader extends DeserializationStream {
    private final DataInputStream in;
    private int slice;

    Reader(DataInputStream in) {
      this.in = in;
    }

    @Override
    @SuppressWarnings("unchecked") // Spark's interface leaves the type to the caller
    public <T> T readKey(ClassTag<T> type) {
      try {
        slice = in.readInt();
        return (T) Integer.valueOf(slice);
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
        int worker = in.readInt();
        String executor = in.readUTF();
        long examples = in.readLong();
        byte[] content = new byte[in.readInt()];
        for (int from = 0; from < content.length; from += READ_BYTES) {
          in.readFully(content, from, Math.min(READ_BYTES, content.length - from));
        }
        return (T) WorkerSlice.of(slice, worker, executor, examples, content);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public <T> T readObject(ClassTag<T> type) {
      throw new UnsupportedOperationException("A piece is read as a key and a value");
    }

    /** Spark's iterators end at an EOFException, which readKey does not declare. */
    @SuppressWarnings("unchecked") // erased: throws whatever it is given
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
