// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.image.ImageShape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SortedRowsTest {
  private static final ImageShape SHAPE = new ImageShape(1, 1, 1);

  @Test
  void rowsOfAllBlocksFollowTheUnsignedKey() {
    Random random = new Random(3);
    List<PackedSample> samples = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      samples.add(sample(i, random.nextLong()));
    }
    SortedRows rows = SortedRows.of(blocks(samples, 7), PackedBlock::order);

    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      assertThat(rows.endOfEqual(i)).isEqualTo(i + 1);
      ids.add(rows.get(i, PackedBlock::sampleId));
    }

    assertThat(ids)
        .isEqualTo(
            samples.stream()
                .sorted(Comparator.comparing(PackedSample::order, Long::compareUnsigned))
                .map(PackedSample::sampleId)
                .toList());
  }

  @Test
  void keysThatBeginAlikeAreOneRange() {
    long key = 0xFFFF_FFFF_0000_0000L;
    List<PackedSample> samples =
        List.of(sample(0, key), sample(1, 5), sample(2, key | 1), sample(3, key), sample(4, -1));

    SortedRows rows = SortedRows.of(blocks(samples, 2), PackedBlock::order);

    assertThat(rows.endOfEqual(0)).isEqualTo(1);
    assertThat(rows.endOfEqual(1)).isEqualTo(4);
    assertThat(rows.list(1, 4, PackedBlock::sampleId)).containsExactlyInAnyOrder(0L, 2L, 3L);
    assertThat(rows.endOfEqual(4)).isEqualTo(5);
  }

  /** Blocks with some samples each, and blocks without any between them. */
  private static List<PackedBlock> blocks(List<PackedSample> samples, int each) {
    List<PackedBlock> blocks = new ArrayList<>(List.of(PackedBlock.of(List.of())));
    for (int first = 0; first < samples.size(); first += each) {
      PackedBlock.Builder builder = new PackedBlock.Builder();
      samples
          .subList(first, Math.min(samples.size(), first + each))
          .forEach(sample -> builder.add(MeasuredSample.of(sample, new ChannelSums())));
      blocks.add(builder.build());
      blocks.add(PackedBlock.of(List.of()));
    }
    return blocks;
  }

  private static PackedSample sample(long id, long order) {
    return new PackedSample(0, order, id, 0, "path", SHAPE, new byte[1], 1);
  }
}
