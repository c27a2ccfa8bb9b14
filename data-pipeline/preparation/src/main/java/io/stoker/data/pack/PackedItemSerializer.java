// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.apache.spark.rdd.ShuffledRDD;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.SerializationStream;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.Tuple2;
import scala.math.Ordering$;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Shuffles items in {@link PackedItemFormat}. An item is the key; its value is not written. */
final class PackedItemSerializer extends Serializer implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * Sends items to partitions, in which they are sorted.
   *
   * @param <T> the type of the items
   */
  static <T extends PackedItem> JavaRDD<T> shuffle(
      JavaRDD<T> items, Partitioner partitioner, Comparator<T> order) {
    ClassTag<T> type = items.classTag();
    ClassTag<Boolean> value = ClassTag$.MODULE$.apply(Boolean.class);
    RDD<Tuple2<T, Boolean>> pairs = items.mapToPair(item -> new Tuple2<>(item, Boolean.TRUE)).rdd();
    RDD<Tuple2<T, Boolean>> shuffled =
        new ShuffledRDD<T, Boolean, Boolean>(pairs, partitioner, type, value, value)
            .setKeyOrdering(Ordering$.MODULE$.comparatorToOrdering(order))
            .setSerializer(new PackedItemSerializer());
    return new JavaRDD<>(shuffled, ClassTag$.MODULE$.apply(Tuple2.class)).map(Tuple2::_1);
  }

  /** An item does not depend on those before it: no shuffle writer has to keep items as objects. */
  @Override
  public boolean supportsRelocationOfSerializedObjects() {
    return true;
  }

  @Override
  public SerializerInstance newInstance() {
    return new Instance();
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
      return new UnsupportedOperationException("Items are written to streams only");
    }
  }

  private static final class Writer extends SerializationStream {
    private final DataOutputStream out;

    Writer(DataOutputStream out) {
      this.out = out;
    }

    @Override
    public <T> SerializationStream writeObject(T object, ClassTag<T> type) {
      try {
        PackedItemFormat.write((PackedItem) object, out);
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public <T> SerializationStream writeValue(T value, ClassTag<T> type) {
      return this;
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

  private static final class Reader extends DeserializationStream {
    private final DataInputStream in;

    Reader(DataInputStream in) {
      this.in = in;
    }

    @Override
    @SuppressWarnings("unchecked") // Spark's interface leaves the type to the caller.
    public <T> T readObject(ClassTag<T> type) {
      try {
        return (T) PackedItemFormat.read(in);
      } catch (EOFException end) {
        throw undeclared(end);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    @SuppressWarnings("unchecked") // as above
    public <T> T readValue(ClassTag<T> type) {
      return (T) Boolean.TRUE;
    }

    /** Spark's iterators end at an EOFException, which {@link #readObject} does not declare. */
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
