// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.tensorboard;

import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.report.ClassSamples;
import io.stoker.driver.round.RunWatch;
import io.stoker.driver.run.ModelFiles;
import io.stoker.models.file.TrainingClock;
import java.awt.image.BufferedImage;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.tensorflow.proto.framework.Summary;
import org.tensorflow.proto.util.Event;
import org.tensorflow.proto.util.SessionLog;

/**
 * Writes the progress of training into TensorBoard's event files: scalars of each round, histograms
 * of the weights and the first layer's filters at each checkpoint, and a sample of each class at
 * the beginning. A step is a round. A resumed run tells TensorBoard to drop the rounds that it
 * trains again.
 */
public final class TensorBoardLog implements RunWatch {
  private static final int SAMPLES = 20;

  private final EventFiles files;
  private final String data;
  private final Configuration hadoop;

  private TensorBoardLog(EventFiles files, String data, Configuration hadoop) {
    this.files = files;
    this.data = data;
    this.hadoop = hadoop;
  }

  /**
   * Opens event files; the caller closes them.
   *
   * @param folder the folder for them, on any Hadoop filesystem; created if it does not exist
   * @param data the folder of shards that samples are taken from
   * @param hadoop how to reach both
   */
  public static TensorBoardLog in(String folder, String data, Configuration hadoop) {
    return new TensorBoardLog(
        new EventFiles(Locations.absolute(folder, hadoop), hadoop), data, hadoop);
  }

  @Override
  public void started(JobPlan plan, TrainingClock clock) {
    long round = clock.round();
    files.write(
        Event.newBuilder()
            .setStep(round + 1)
            .setSessionLog(SessionLog.newBuilder().setStatus(SessionLog.SessionStatus.START)));
    List<BufferedImage> samples =
        ClassSamples.of(ShardFolder.open(Locations.absolute(data, hadoop), hadoop), SAMPLES)
            .stream()
            .map(ClassSamples.Sample::draw)
            .toList();
    if (!samples.isEmpty()) {
      write(
          round,
          Summary.newBuilder()
              .addValue(Images.value("data/a sample of each class", Images.grid(samples))));
    }
    files.publish();
  }

  @Override
  public void roundFinished(RoundMetrics metrics) {
    Summary.Builder summary = Summary.newBuilder();
    for (RoundNumber number : RoundNumber.values()) {
      if (!number.tensorBoard().isEmpty()) {
        summary.addValue(scalar(number.tensorBoard(), metrics.get(number)));
      }
    }
    write(metrics.round(), summary);
    files.flush();
  }

  @Override
  public void checkpointWritten(String uri) {
    StoredModel stored = ModelFiles.open(uri, ParameterChoice.LAST, hadoop);
    // It is written while later rounds go on, so its round may not be the last one.
    write(stored.metadata().clock().round(), CheckpointSummary.of(stored, hadoop).toBuilder());
    files.publish();
  }

  @Override
  public void validated(ValidationMetrics validation) {
    write(
        validation.round(),
        Summary.newBuilder()
            .addValue(scalar("loss/" + validation.split(), validation.logLoss()))
            .addValue(scalar("accuracy/" + validation.split(), validation.accuracy())));
    files.publish();
  }

  private static Summary.Value scalar(String tag, double value) {
    return Summary.Value.newBuilder().setTag(tag).setSimpleValue((float) value).build();
  }

  private void write(long step, Summary.Builder summary) {
    files.write(Event.newBuilder().setStep(step).setSummary(summary));
  }

  @Override
  public void close() {
    files.close();
  }
}
