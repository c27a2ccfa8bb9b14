// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A question to a {@link DriverEndpoint}, or its answer. It travels as bytes: as an object of
 * Java's it would be twice as long, most of it names of classes.
 *
 * @param numbers whole numbers
 * @param texts texts of up to 64 KiB
 * @param measures other numbers, which keep every bit
 */
public record DriverMessage(List<Long> numbers, List<String> texts, List<Double> measures) {
  public DriverMessage {
    numbers = List.copyOf(numbers);
    texts = List.copyOf(texts);
    measures = List.copyOf(measures);
  }

  /** The message as {@link #decode} reads it. */
  public byte[] encode() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(numbers.size());
      for (long number : numbers) {
        out.writeLong(number);
      }
      out.writeInt(texts.size());
      for (String text : texts) {
        out.writeUTF(text);
      }
      for (double measure : measures) {
        out.writeDouble(measure);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * A message that was encoded.
   *
   * @throws UncheckedIOException if it ends too early
   */
  public static DriverMessage decode(byte[] message) {
    List<Long> numbers = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    List<Double> measures = new ArrayList<>();
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(message))) {
      for (int rest = in.readInt(); rest > 0; rest--) {
        numbers.add(in.readLong());
      }
      for (int rest = in.readInt(); rest > 0; rest--) {
        texts.add(in.readUTF());
      }
      while (in.available() > 0) {
        measures.add(in.readDouble());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new DriverMessage(numbers, texts, measures);
  }
}
