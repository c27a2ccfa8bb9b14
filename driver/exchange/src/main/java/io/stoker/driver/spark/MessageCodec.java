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
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Writes records as bytes and reads them again: the questions to a {@link DriverEndpoint}, and its
 * answers. Spark deserializes objects with a class loader that does not know the classes of the
 * job, and Java's serialization would be several times as long, most of it names of classes.
 *
 * <p>A record is written as its components, in their order. These are {@code boolean}, {@code int},
 * {@code long}, {@code double}, strings of up to 64 KiB, values of enums, {@link Measurements},
 * records, and optional values and lists of records and of {@link Integer}. Of a sealed interface,
 * the number of the record's class is written first.
 */
public final class MessageCodec {
  /** What reflection knows of each class, which it would look up again for each message. */
  private static final ClassValue<Form> FORMS =
      new ClassValue<>() {
        @Override
        protected Form computeValue(Class<?> type) {
          return Form.of(type);
        }
      };

  private MessageCodec() {}

  /**
   * How values of a class are written; parts that the class does not have are empty.
   *
   * @param components the types of a record's components
   * @param accessors the methods that return them
   * @param canonical a record's constructor
   * @param permitted the classes of a sealed interface
   * @param constants the values of an enum
   */
  private record Form(
      List<Type> components,
      List<Method> accessors,
      Optional<Constructor<?>> canonical,
      List<Class<?>> permitted,
      List<Object> constants) {
    static Form of(Class<?> type) {
      List<RecordComponent> components =
          type.isRecord() ? List.of(type.getRecordComponents()) : List.of();
      List<Method> accessors = components.stream().map(RecordComponent::getAccessor).toList();
      accessors.forEach(accessor -> accessor.setAccessible(true));
      return new Form(
          components.stream().map(RecordComponent::getGenericType).toList(),
          accessors,
          type.isRecord() ? Optional.of(canonical(type, components)) : Optional.empty(),
          type.isSealed() ? List.of(type.getPermittedSubclasses()) : List.of(),
          type.isEnum() ? List.of(type.getEnumConstants()) : List.of());
    }

    private static Constructor<?> canonical(Class<?> type, List<RecordComponent> components) {
      Stream<Class<?>> parameters = components.stream().map(RecordComponent::getType);
      try {
        Constructor<?> canonical = type.getDeclaredConstructor(parameters.toArray(Class[]::new));
        canonical.setAccessible(true);
        return canonical;
      } catch (NoSuchMethodException e) {
        throw new IllegalStateException("Cannot make a " + type, e);
      }
    }
  }

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
    } else if (type == int.class || type == Integer.class) {
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
      out.writeByte(FORMS.get(constant.getDeclaringClass()).constants().indexOf(constant));
    } else {
      if (((Class<?>) type).isSealed()) {
        out.writeByte(FORMS.get((Class<?>) type).permitted().indexOf(value.getClass()));
      }
      Form form = FORMS.get(value.getClass());
      for (int i = 0; i < form.components().size(); i++) {
        write(form.components().get(i), valueOf(form.accessors().get(i), value), out);
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
    if (type == int.class || type == Integer.class) {
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
      return FORMS.get(named).constants().get(in.readByte());
    }
    return readRecord(
        named.isSealed() ? FORMS.get(named).permitted().get(in.readByte()) : named, in);
  }

  private static Object readRecord(Class<?> type, DataInputStream in) throws IOException {
    Form form = FORMS.get(type);
    Object[] values = new Object[form.components().size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = read(form.components().get(i), in);
    }
    try {
      return form.canonical().orElseThrow().newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot make a " + type, e);
    }
  }

  private static Object valueOf(Method accessor, Object message) {
    try {
      return accessor.invoke(message);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot read " + accessor, e);
    }
  }
}
