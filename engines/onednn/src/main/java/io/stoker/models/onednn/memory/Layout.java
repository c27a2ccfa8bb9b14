// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.memory;

import io.stoker.base.Division;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The dimensions of a tensor, the type of its values (fp32 or bf16) and their order in memory:
 * oneDNN's memory descriptor.
 *
 * @param descriptor the native structure, freed with this object
 */
public record Layout(dnnl_memory_desc_t descriptor) {
  /** The channels of a block where the processor has AVX-512. */
  public static final int BLOCK = 16;

  /** Row-major. */
  public static Layout plain(long... dimensions) {
    return tagged(dimensions, rowMajor(dimensions.length));
  }

  private static int rowMajor(int rank) {
    return switch (rank) {
      case 1 -> dnnl.dnnl_a;
      case 2 -> dnnl.dnnl_ab;
      case 3 -> dnnl.dnnl_abc;
      case 4 -> dnnl.dnnl_abcd;
      case 5 -> dnnl.dnnl_abcde;
      default -> throw new IllegalArgumentException("Invalid rank: " + rank);
    };
  }

  /** A layout by strides: the distance of neighbours in memory along each dimension. */
  public static Layout strided(long[] dimensions, long... strides) {
    dnnl_memory_desc_t descriptor = new dnnl_memory_desc_t();
    OneDnn.check(
        dnnl.dnnl_memory_desc_init_by_strides(
            descriptor, dimensions.length, dimensions, dnnl.dnnl_f32, strides),
        "describe a tensor");
    return new Layout(descriptor);
  }

  /**
   * Images in blocks of {@value #BLOCK} channels.
   *
   * @param dimensions {@code [examples, channels, height, width]}
   */
  public static Layout blocked(long... dimensions) {
    return tagged(dimensions, dnnl.dnnl_aBcd16b);
  }

  /** These dimensions and this type, in blocks of {@value #BLOCK} channels. */
  public Layout inBlocks() {
    return tagged(dimensions(), dnnl.dnnl_aBcd16b, type());
  }

  /** Whether these are images in blocks of eight channels, as oneDNN has them for AVX2. */
  public boolean isInBlocksOfEight() {
    return descriptor.ndims() == 4 && sameAs(inBlocksOfEight(dimensions()[1]));
  }

  /** Images of this size and type with some number of channels, in blocks of eight. */
  public Layout inBlocksOfEight(long channels) {
    long[] dimensions = dimensions();
    dimensions[1] = channels;
    return tagged(dimensions, ChannelBlock.EIGHT.tag, type());
  }

  /** The channels with those that fill up the last block of eight. */
  public long channelsOfFullBlocks() {
    int block = ChannelBlock.EIGHT.channels;
    return Division.ceiling(dimensions()[1], block) * block;
  }

  /**
   * Images with the channels of a pixel side by side.
   *
   * @param type oneDNN's number of the type of the values
   * @param dimensions {@code [examples, channels, height, width]}
   */
  public static Layout channelsLast(int type, long... dimensions) {
    return tagged(dimensions, dnnl.dnnl_acdb, type);
  }

  /** The weights of an LSTM, gate by gate {@code [units, inputs]} row-major. */
  public static Layout recurrent(long inputs, long units) {
    return tagged(new long[] {1, 1, inputs, 4, units}, dnnl.dnnl_ldgoi);
  }

  /** A layout whose order the primitive chooses. */
  public static Layout any(long... dimensions) {
    return tagged(dimensions, dnnl.dnnl_format_tag_any);
  }

  private static Layout tagged(long[] dimensions, int tag) {
    return tagged(dimensions, tag, dnnl.dnnl_f32);
  }

  private static Layout tagged(long[] dimensions, int tag, int type) {
    dnnl_memory_desc_t descriptor = new dnnl_memory_desc_t();
    OneDnn.check(
        dnnl.dnnl_memory_desc_init_by_tag(descriptor, dimensions.length, dimensions, type, tag),
        "describe a tensor");
    return new Layout(descriptor);
  }

  /**
   * A layout for images whose channels are those of several others: in blocks of channels where the
   * first of the others has such blocks and each one fills its own, and channels last in bfloat16
   * where the first has them last; else row-major. The type is that of the first.
   *
   * @param parts {@code [examples, channels, height, width]} each
   * @param channels the sum of their channels
   */
  public static Layout joined(List<Layout> parts, long channels) {
    long[] whole = parts.get(0).dimensions();
    whole[1] = channels;
    Layout first = parts.get(0);
    for (ChannelBlock block : ChannelBlock.values()) {
      boolean fills = parts.stream().allMatch(part -> part.dimensions()[1] % block.channels == 0);
      if (fills && first.sameAs(tagged(first.dimensions(), block.tag, first.type()))) {
        return tagged(whole, block.tag, first.type());
      }
    }
    return first.type() == dnnl.dnnl_bf16
            && first.sameAs(channelsLast(first.type(), first.dimensions()))
        ? channelsLast(first.type(), whole)
        : plain(whole).rowMajorOf(first.type());
  }

  /**
   * The channels of all examples as those of one image, over the same memory.
   *
   * @throws IllegalArgumentException if this is no layout of {@link #joined}
   */
  public Layout asOneExample() {
    long[] here = dimensions();
    return asOneExample(here[2], here[3]);
  }

  /** A value for each channel of {@link #asOneExample}, in the same order. */
  public Layout ofChannels() {
    return asOneExample(1, 1);
  }

  private Layout asOneExample(long height, long width) {
    long[] here = dimensions();
    long[] whole = {1, here[0] * here[1], height, width};
    for (ChannelBlock block : ChannelBlock.values()) {
      if (here[1] % block.channels == 0 && sameAs(tagged(here, block.tag))) {
        return tagged(whole, block.tag);
      }
    }
    if (!sameAs(plain(here))) {
      throw new IllegalArgumentException("Neither row-major nor in whole blocks of channels");
    }
    return plain(whole);
  }

  /** The orders of images in blocks of channels. */
  private enum ChannelBlock {
    SIXTEEN(16, dnnl.dnnl_aBcd16b),
    EIGHT(8, dnnl.dnnl_aBcd8b);

    private final int channels;
    private final int tag;

    ChannelBlock(int channels, int tag) {
      this.channels = channels;
      this.tag = tag;
    }
  }

  /** Some channels of images in this layout; they share its memory. */
  public Layout channels(long first, long count) {
    long[] dimensions = dimensions();
    dimensions[1] = count;
    return box(dimensions, 0, first, 0, 0);
  }

  /** Some values along each dimension; they share the memory of this layout. */
  public Layout box(long[] dimensions, long... first) {
    dnnl_memory_desc_t part = new dnnl_memory_desc_t();
    OneDnn.check(
        dnnl.dnnl_memory_desc_init_submemory(part, descriptor, dimensions, first),
        "describe a part of a tensor");
    return new Layout(part);
  }

  /** These dimensions in an order that the primitive chooses. */
  public Layout anyOrder() {
    return any(dimensions());
  }

  /** These dimensions in an order that the primitive chooses, with a type by oneDNN's number. */
  public Layout anyOrderOf(int type) {
    return tagged(dimensions(), dnnl.dnnl_format_tag_any, type);
  }

  /** These dimensions row by row, with a type by oneDNN's number. */
  public Layout rowMajorOf(int type) {
    return tagged(dimensions(), rowMajor(descriptor.ndims()), type);
  }

  /** oneDNN's number of the type of the values. */
  public int type() {
    return descriptor.data_type();
  }

  /** The bytes of a value. */
  public long valueBytes() {
    return dnnl.dnnl_data_type_size(type());
  }

  public long[] dimensions() {
    long[] dimensions = new long[descriptor.ndims()];
    for (int i = 0; i < dimensions.length; i++) {
      dimensions[i] = descriptor.dims().get(i);
    }
    return dimensions;
  }

  /** The number of values, without padding. */
  public long elements() {
    return LongStream.of(dimensions()).reduce(1, Math::multiplyExact);
  }

  /** The bytes in memory, including the padding that a blocked order needs. */
  public long bytes() {
    return dnnl.dnnl_memory_desc_get_size(descriptor);
  }

  /** Whether the values of the last dimension are apart, as in depthwise filters. */
  public boolean isChannelsLast() {
    return descriptor.format_desc_blocking().strides().get(descriptor.ndims() - 1) != 1;
  }

  /** Whether there is no padding between or after the values. */
  public boolean isDense() {
    return elements() * valueBytes() == bytes();
  }

  public boolean sameAs(Layout other) {
    return dnnl.dnnl_memory_desc_equal(descriptor, other.descriptor) == 1;
  }
}
