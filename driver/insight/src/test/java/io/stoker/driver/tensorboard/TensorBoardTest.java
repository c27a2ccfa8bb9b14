// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.tensorboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.RunOnDisk;
import io.stoker.driver.TinyJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import io.stoker.driver.round.TrainJob;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.framework.HistogramProto;
import org.tensorflow.proto.framework.Summary;
import org.tensorflow.proto.util.Event;
import org.tensorflow.proto.util.SessionLog;

class TensorBoardTest {
  @TempDir Path folder;

  private final Configuration hadoop = new Configuration();

  @Test
  void framesRecordsAsTheSpecificationSays() {
    byte[] record = EventRecords.framed("123456789".getBytes(StandardCharsets.US_ASCII));

    ByteBuffer read = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(read.getLong()).isEqualTo(9);
    read.getInt();
    byte[] data = new byte[9];
    read.get(data);
    // The check value of CRC-32C in the catalogue of CRC algorithms, masked.
    int crc = 0xe3069283;
    assertThat(read.getInt()).isEqualTo(((crc >>> 15) | (crc << 17)) + 0xa282ead8);
    assertThat(read.hasRemaining()).isFalse();
    // RFC 3720, appendix B.4: 32 bytes of zeros, whose CRC is 0x8a9136aa.
    int zeros = 0x8a9136aa;
    assertThat(EventRecords.maskedCrc(new byte[32], 32))
        .isEqualTo(((zeros >>> 15) | (zeros << 17)) + 0xa282ead8);
  }

  @Test
  void countsValuesInBucketsAsANaiveLoopDoes() {
    Random random = new Random(5);
    double[] values = new double[5000];
    Histogram histogram = new Histogram();
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 50 == 0 ? 0 : (float) (random.nextGaussian() * Math.pow(10, i % 8 - 6));
      histogram.add(values[i]);
    }

    HistogramProto proto = histogram.toProto();

    assertThat(proto.getNum()).isEqualTo(values.length);
    assertThat(proto.getMin()).isEqualTo(Arrays.stream(values).min().orElseThrow());
    assertThat(proto.getMax()).isEqualTo(Arrays.stream(values).max().orElseThrow());
    assertThat(proto.getSum()).isCloseTo(Arrays.stream(values).sum(), within(1e-6));
    assertThat(proto.getBucketLimitList()).isSorted().doesNotHaveDuplicates();
    double below = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < proto.getBucketCount(); i++) {
      double from = below;
      double to = proto.getBucketLimit(i);
      assertThat(proto.getBucket(i))
          .isEqualTo((double) Arrays.stream(values).filter(v -> v >= from && v < to).count());
      below = to;
    }
  }

  @Test
  void writesWhatTrainingComesTo() throws IOException {
    TinyJob job = TinyJob.in(folder);
    Path log = folder.resolve("tensorboard");
    train(job, log, 1, ExistingRun.REFUSE);
    train(job, log, 2, ExistingRun.RESUME);

    List<Event> events = events(log);

    assertThat(events.get(0).getFileVersion()).isEqualTo("brain.Event:2");
    assertThat(events)
        .filteredOn(event -> event.getSessionLog().getStatus() == SessionLog.SessionStatus.START)
        .extracting(Event::getStep)
        .containsExactly(1L, 1L + rounds(job).size() / 2);
    for (RoundMetrics round : rounds(job)) {
      assertThat(scalar(events, "loss/train", round.round())).isEqualTo((float) round.loss());
      assertThat(scalar(events, "training/drift", round.round()))
          .isEqualTo((float) round.get(RoundNumber.DRIFT));
      assertThat(scalar(events, "seconds/total", round.round()))
          .isEqualTo((float) round.seconds().total());
    }
    Summary last = values(events, rounds(job).size());
    float[] parameters = TinyJob.parameters(job.run("run").toString());
    assertThat(
            last.getValueList().stream()
                .filter(Summary.Value::hasHisto)
                .mapToDouble(value -> value.getHisto().getSum())
                .sum())
        .isCloseTo(sum(parameters), within(1e-4));
    HistogramProto filters = value(last, "01 conv 3 @ 3x3 pad 1/weight").getHisto();
    assertThat(filters.getNum()).isEqualTo(27);
    assertThat(filters.getSum())
        .isCloseTo(sum(Arrays.copyOfRange(parameters, 3, 30)), within(1e-5));
    Summary.Image picture = value(last, "first layer/filters").getImage();
    assertThat(
            ImageIO.read(new ByteArrayInputStream(picture.getEncodedImageString().toByteArray())))
        .satisfies(image -> assertThat(image.getWidth()).isEqualTo(picture.getWidth()));
    assertThat(value(values(events, 0), "data/a sample of each class").getImage().getHeight())
        .isPositive();
  }

  @Test
  void saysWhereItCannotWrite() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(
            () -> TensorBoardLog.in(file + "/x", "/data", hadoop).roundFinished(RunOnDisk.round(1)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("Cannot write TensorBoard's files to");
  }

  private void train(TinyJob job, Path log, int epochs, ExistingRun existing) {
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        TensorBoardLog listener =
            TensorBoardLog.in(log.toString(), job.data().toString(), hadoop)) {
      TrainJob.run(spark, job.config("run").epochs(epochs).build(), existing, listener);
    }
  }

  private List<RoundMetrics> rounds(TinyJob job) {
    return MetricsLog.read(new org.apache.hadoop.fs.Path(job.run("run").toUri()), hadoop);
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }

  private static float scalar(List<Event> events, String tag, int round) {
    return value(values(events, round), tag).getSimpleValue();
  }

  /** All values of a step; they may be in several events. */
  private static Summary values(List<Event> events, int step) {
    Summary.Builder all = Summary.newBuilder();
    events.stream()
        .filter(event -> event.getStep() == step)
        .forEach(event -> all.addAllValue(event.getSummary().getValueList()));
    return all.build();
  }

  private static Summary.Value value(Summary summary, String tag) {
    return summary.getValueList().stream()
        .filter(value -> value.getTag().equals(tag))
        .findFirst()
        .orElseThrow(() -> new AssertionError(tag + " is not in " + summary));
  }

  /** Reads files without the code that wrote them, checksums aside. */
  private static List<Event> events(Path log) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.list(log)) {
      files = found.sorted().toList();
    }
    List<Event> events = new ArrayList<>();
    for (Path file : files) {
      assertThat(file.getFileName().toString()).startsWith("events.out.tfevents.");
      ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      while (in.hasRemaining()) {
        byte[] data = new byte[(int) in.getLong()];
        in.getInt();
        in.get(data);
        in.getInt();
        events.add(Event.parseFrom(data));
      }
    }
    return events;
  }
}
