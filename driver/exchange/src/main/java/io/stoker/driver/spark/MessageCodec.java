// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Writes records as bytes and reads them again: the questions to a {@link DriverEndpoint}, and its
 * answers. Spark deserializes objects with a class loader that does not know the classes of the
 * job, and Java's serialization would be several times as long, most of it names of classes.
 *
 * <p>A record is written as its components, in their order. These are {@code boolean}, {@code int},
 * {@code long}, {@code double}, strings of up to 64 KiB, values of enums, {@link Measurements},
 * records, and optional values and lists of these. Of a sealed interface, the number of the
 * record's class is written first.
 */
public final class MessageCodec {
  private MessageCodec() {}

  /**
   * The bytes of a message.
   *
   * @param type the record's class, or a sealed interface that permits it
   */
  public static <T> byte[] encode(Class<T> type, T message) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      write(type, message, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * The message that was encoded.
   *
   * @param type as it was given to {@link #encode}
   * @throws UncheckedIOException if the bytes end too early
   */
  public static <T> T decode(Class<T> type, byte[] message) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(message))) {
      return type.cast(read(type, in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Type type, Object value, DataOutputStream out) throws IOException {
    if (type instanceof ParameterizedType generic) {
      List<?> elements = value instanceof Optional<?> one ? one.stream().toList() : (List<?>) value;
      out.writeInt(elements.size());
      for (Object element : elements) {
        write(generic.getActualTypeArguments()[0], element, out);
      }
    } else if (type == boolean.class) {
      out.writeBoolean((boolean) value);
    } else if (type == int.class) {
      out.writeInt((int) value);
    } else if (type == long.class) {
      out.writeLong((long) value);
    } else if (type == double.class) {
      out.writeDouble((double) value);
    } else if (type == String.class) {
      out.writeUTF((String) value);
    } else if (value instanceof Measurements measured) {
      for (double number : measured.numbers()) {
        out.writeDouble(number);
      }
    } else if (value instanceof Enum<?> constant) {
      out.writeByte(
          Arrays.asList(constant.getDeclaringClass().getEnumConstants()).indexOf(constant));
    } else {
      if (((Class<?>) type).isSealed()) {
        List<Class<?>> permitted = Arrays.asList(((Class<?>) type).getPermittedSubclasses());
        out.writeByte(permitted.indexOf(value.getClass()));
      }
      for (RecordComponent component : value.getClass().getRecordComponents()) {
        write(component.getGenericType(), valueOf(component, value), out);
      }
    }
  }

  private static Object read(Type type, DataInputStream in) throws IOException {
    if (type instanceof ParameterizedType generic) {
      List<Object> elements = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        elements.add(read(generic.getActualTypeArguments()[0], in));
      }
      return generic.getRawType() == Optional.class ? elements.stream().findFirst() : elements;
    }
    if (type == boolean.class) {
      return in.readBoolean();
    }
    if (type == int.class) {
      return in.readInt();
    }
    if (type == long.class) {
      return in.readLong();
    }
    if (type == double.class) {
      return in.readDouble();
    }
    if (type == String.class) {
      return in.readUTF();
    }
    if (type == Measurements.class) {
      List<Double> numbers = new ArrayList<>();
      while (numbers.size() < Measure.values().length) {
        numbers.add(in.readDouble());
      }
      return Measurements.read(numbers.iterator());
    }
    Class<?> named = (Class<?>) type;
    if (named.isEnum()) {
      return named.getEnumConstants()[in.readByte()];
    }
    return readRecord(named.isSealed() ? named.getPermittedSubclasses()[in.readByte()] : named, in);
  }

  private static Object readRecord(Class<?> type, DataInputStream in) throws IOException {
    RecordComponent[] components = type.getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = read(components[i].getGenericType(), in);
    }
    try {
      Constructor<?> canonical =
          type.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class[]::new));
      canonical.setAccessible(true);
      return canonical.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot make a " + type, e);
    }
  }

  private static Object valueOf(RecordComponent component, Object message) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(message);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot read " + component, e);
    }
  }
}
