// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.RejectedInput;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * How samples and outcomes are written between the stages of a job: fields one after the other,
 * big-endian, strings and images after their length. Java's serialization takes most of the time of
 * a job whose images are small.
 */
final class PackedItemFormat {
  private static final byte SAMPLE = 0;
  private static final byte ACCEPTED = 1;
  private static final byte REJECTED = 2;

  private PackedItemFormat() {}

  static void write(PackedItem item, DataOutput out) throws IOException {
    if (item instanceof PackedSample sample) {
      out.writeByte(SAMPLE);
      write(sample, out);
    } else if (item instanceof SampleOutcome.Accepted accepted) {
      out.writeByte(ACCEPTED);
      write(accepted.sample(), out);
      out.writeInt(accepted.imageBytes());
      out.writeLong(accepted.fingerprintHigh());
      out.writeLong(accepted.fingerprintLow());
      accepted.sums().write(out);
    } else {
      RejectedInput input = ((SampleOutcome.Rejected) item).input();
      out.writeByte(REJECTED);
      write(input.path(), out);
      write(input.reason(), out);
    }
  }

  static PackedItem read(DataInput in) throws IOException {
    byte kind = in.readByte();
    return switch (kind) {
      case SAMPLE -> readSample(in);
      case ACCEPTED ->
          new SampleOutcome.Accepted(
              readSample(in), in.readInt(), in.readLong(), in.readLong(), ChannelSums.read(in));
      case REJECTED ->
          new SampleOutcome.Rejected(new RejectedInput(readString(in), readString(in)));
      default -> throw new IOException("Unknown kind of item: " + kind);
    };
  }

  private static void write(PackedSample sample, DataOutput out) throws IOException {
    out.writeInt(sample.split());
    out.writeLong(sample.order());
    out.writeLong(sample.sampleId());
    out.writeInt(sample.label());
    write(sample.path(), out);
    out.writeInt(sample.shape().height());
    out.writeInt(sample.shape().width());
    out.writeInt(sample.shape().channels());
    write(sample.image(), out);
    out.writeFloat(sample.weight());
  }

  private static PackedSample readSample(DataInput in) throws IOException {
    return new PackedSample(
        in.readInt(),
        in.readLong(),
        in.readLong(),
        in.readInt(),
        readString(in),
        new ImageShape(in.readInt(), in.readInt(), in.readInt()),
        readBytes(in),
        in.readFloat());
  }

  private static void write(String text, DataOutput out) throws IOException {
    write(text.getBytes(StandardCharsets.UTF_8), out);
  }

  private static String readString(DataInput in) throws IOException {
    return new String(readBytes(in), StandardCharsets.UTF_8);
  }

  private static void write(byte[] bytes, DataOutput out) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static byte[] readBytes(DataInput in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }
}
