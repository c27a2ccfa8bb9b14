// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.RejectedInput;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import scala.Tuple2;

final class PackedBlockTest {
  private static final List<String> SPLITS = List.of("train", "test");

  @Test
  void rowsAreTheSamplesThatWereAddedAlsoAfterSerialization() throws Exception {
    List<MeasuredSample> samples = samples(20);

    PackedBlock block = serialized(block(samples));

    assertThat(block.rows()).isEqualTo(20);
    assertThat(block.rejected()).containsExactly(new RejectedInput("broken", "damaged"));
    for (int row = 0; row < block.rows(); row++) {
      MeasuredSample expected = samples.get(row);
      assertSame(block.measured(row), expected);
      assertThat(block.sample(row).image()).isEqualTo(expected.sample().image());
      assertThat(block.split(row)).isEqualTo(expected.sample().split());
      assertThat(block.order(row)).isEqualTo(expected.sample().order());
      assertThat(block.sampleId(row)).isEqualTo(expected.sample().sampleId());
    }
  }

  @Test
  void partsHaveEachSampleOnceAndInOrder() {
    List<MeasuredSample> samples = samples(20);

    List<Tuple2<Integer, PackedBlock>> parts =
        block(samples).divide(row -> row % 4 == 3 ? PackedBlock.NO_KEY : row % 4);

    assertThat(parts).extracting(Tuple2::_1).containsExactly(0, 1, 2);
    for (Tuple2<Integer, PackedBlock> part : parts) {
      assertThat(part._2().rejected()).isEmpty();
      assertThat(part._2().rows()).isEqualTo(5);
      for (int i = 0; i < 5; i++) {
        MeasuredSample expected = samples.get(part._1() + 4 * i);
        assertSame(part._2().measured(i), expected);
        assertThat(part._2().sample(i).image()).isEqualTo(expected.sample().image());
      }
    }
  }

  @Test
  void withoutImagesTheirSizesRemain() {
    List<MeasuredSample> samples = samples(6);

    PackedBlock part = block(samples).withoutImages().divide(row -> row / 3).get(1)._2();

    for (int row = 0; row < 3; row++) {
      assertSame(part.measured(row), samples.get(3 + row));
      assertThat(part.sample(row).image()).isEmpty();
    }
  }

  @Test
  void shardIsCutIntoCellsThatFollowItsOrder() {
    PackStatistics statistics = new PackStatistics(SPLITS.size(), 10);
    List<MeasuredSample> large = new ArrayList<>();
    for (MeasuredSample sample : samples(40)) { // 400 MB, in theory
      large.add(
          new MeasuredSample(
              sample.sample(),
              10_000_000,
              sample.fingerprintHigh(),
              sample.fingerprintLow(),
              sample.sums()));
    }
    large.sort(new MeasuredSample.DuplicateOrder(SPLITS));
    statistics.addAll(large, PrepareOptions.Duplicates.KEEP);

    ShardLayout layout = ShardLayout.of(SPLITS, statistics, 100_000_000);

    List<PackedSample> ordered =
        large.stream().map(MeasuredSample::sample).sorted(new PackedSample.ShardOrder()).toList();
    List<Integer> cells =
        ordered.stream().map(sample -> layout.cell(sample.split(), sample.order())).toList();
    assertThat(cells).isSorted();
    assertThat(cells.stream().map(layout::getPartition).toList()).isSorted();
    assertThat(layout.numPartitions()).isLessThan(10);
    assertThat(cells.stream().distinct().count()).isGreaterThan(2L * layout.numPartitions());
    assertThat(cells.stream().map(cell -> Collections.frequency(cells, cell)))
        .allMatch(samples -> samples <= 3); // 32 MiB
  }

  @Test
  void samplesOfCellsAreSorted() {
    List<MeasuredSample> samples = samples(30);
    List<PackedSample> expected =
        samples.stream().map(MeasuredSample::sample).sorted(new PackedSample.ShardOrder()).toList();
    long middle = expected.get(15).order();
    List<Tuple2<Integer, PackedBlock>> parts = new ArrayList<>();
    for (int from = 0; from < 30; from += 10) {
      PackedBlock block = block(samples.subList(from, from + 10));
      parts.addAll(block.divide(row -> isBefore(block, row, middle, expected) ? 0 : 1));
    }
    parts.sort((a, b) -> Integer.compare(a._1(), b._1()));

    List<PackedSample> sorted = new ArrayList<>();
    new CellOrder(parts.iterator()).forEachRemaining(sorted::add);

    assertThat(sorted)
        .extracting(PackedSample::path)
        .isEqualTo(expected.stream().map(PackedSample::path).toList());
  }

  private static boolean isBefore(
      PackedBlock block, int row, long middle, List<PackedSample> expected) {
    int split = expected.get(15).split();
    return block.split(row) < split
        || (block.split(row) == split && Long.compareUnsigned(block.order(row), middle) < 0);
  }

  private static void assertSame(MeasuredSample found, MeasuredSample expected) {
    PackedSample sample = expected.sample();
    assertThat(found.sample().path()).isEqualTo(sample.path());
    assertThat(found.sample().label()).isEqualTo(sample.label());
    assertThat(found.sample().shape()).isEqualTo(sample.shape());
    assertThat(found.sample().weight()).isEqualTo(sample.weight());
    assertThat(found.imageBytes()).isEqualTo(expected.imageBytes());
    assertThat(found.isCopyOf(expected)).isTrue();
    ChannelSums both = new ChannelSums();
    both.add(found.sums());
    ChannelSums alone = new ChannelSums();
    alone.add(expected.sums());
    if (sample.split() == 0) {
      assertThat(both.statistics()).isEqualTo(alone.statistics());
    }
  }

  private static PackedBlock block(List<MeasuredSample> samples) {
    PackedBlock.Builder builder = new PackedBlock.Builder();
    samples.forEach(builder::add);
    builder.add(new RejectedInput("broken", "damaged"));
    return builder.build();
  }

  private static PackedBlock serialized(PackedBlock block)
      throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(block);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (PackedBlock) in.readObject();
    }
  }

  /** Of different sizes, in colour and in two splits. */
  private static List<MeasuredSample> samples(int count) {
    Random random = new Random(5);
    List<MeasuredSample> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ImageShape shape = new ImageShape(1 + i % 5, 2, 3);
      byte[] image = new byte[shape.bytes()];
      random.nextBytes(image);
      int split = i % SPLITS.size();
      ChannelSums sums = new ChannelSums();
      if (split == 0) {
        sums.add(new Pixels(shape, image));
      }
      samples.add(
          MeasuredSample.of(
              new PackedSample(
                  split, random.nextLong(), i, i % 10, "Bär/" + i + ".png", shape, image, i / 2f),
              sums));
    }
    return samples;
  }
}
