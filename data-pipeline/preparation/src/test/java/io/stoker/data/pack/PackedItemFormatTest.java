// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.RejectedInput;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackedItemFormatTest {
  private static PackedSample sample(int channels, int bytes) {
    byte[] image = new byte[bytes];
    image[bytes - 1] = -1;
    ImageShape shape = new ImageShape(1, bytes, channels);
    return new PackedSample(2, Long.MIN_VALUE, 7, 3, "größe/图 1.png", shape, image, 0.25f);
  }

  private static SampleOutcome.Accepted accepted(int channels) {
    ChannelSums sums = new ChannelSums();
    byte[] values = {1, -1, 7, 9, 100, -128};
    sums.add(new Pixels(new ImageShape(1, values.length / channels, channels), values));
    return SampleOutcome.Accepted.of(sample(channels, 6), sums);
  }

  private static List<PackedItem> throughBlocks(List<PackedItem> items) {
    List<PackedItem> result = new ArrayList<>();
    PackedBlocks.of(items.iterator())
        .forEachRemaining(
            block -> PackedBlocks.items(block, PackedItem.class).forEachRemaining(result::add));
    return result;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void keepsAllFields(int channels) {
    SampleOutcome.Accepted accepted = accepted(channels);
    PackedItem rejected = new SampleOutcome.Rejected(new RejectedInput("a b", "no image"));
    PackedSample sample = sample(channels, 6);
    List<PackedItem> result = throughBlocks(List.of(sample, accepted, rejected));
    assertThat(result)
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactly(sample, accepted, rejected);
    assertThat(((SampleOutcome.Accepted) result.get(1)).sums().statistics())
        .isEqualTo(accepted.sums().statistics());
  }

  @Test
  void cutsItemsIntoBlocksOfAMegabyteAndReadsBackThoseOfOneType() {
    List<PackedItem> items = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      items.add(sample(1, 300_000));
      items.add(accepted(1));
    }
    List<byte[]> blocks = new ArrayList<>();
    PackedBlocks.of(items.iterator()).forEachRemaining(blocks::add);
    assertThat(blocks).hasSize(2);
    List<SampleOutcome> outcomes = new ArrayList<>();
    for (byte[] block : blocks) {
      Iterator<SampleOutcome> ofBlock = PackedBlocks.items(block, SampleOutcome.class);
      ofBlock.forEachRemaining(outcomes::add);
    }
    assertThat(outcomes).hasSize(7);
  }

  @Test
  void refusesWhatIsNoItem() {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(new byte[] {9, 0, 0}));
    assertThatThrownBy(() -> PackedItemFormat.read(in))
        .isInstanceOf(IOException.class)
        .hasMessage("Unknown kind of item: 9");
  }
}
