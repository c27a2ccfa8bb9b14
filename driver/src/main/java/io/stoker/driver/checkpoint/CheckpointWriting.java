package io.stoker.driver.checkpoint;

import io.stoker.data.storage.Storage;
import io.stoker.driver.averaging.ParameterSlices;
import io.stoker.driver.averaging.SliceTask;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFile;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.file.VectorLocation;
import io.stoker.models.file.VectorSource;
import io.stoker.worker.runtime.ReplicaKey;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Writes a checkpoint's model file from an executor, slice by slice.
 *
 * @param file where to, over whatever an earlier attempt left
 * @param model the model
 * @param data what else prediction needs
 * @param settings what stock Deeplearning4j would go on training with
 * @param clock how far the job is; as its four numbers, since it crosses the wire
 */
record CheckpointWriting(
    String file, ReplicaKey model, DataDescription data, Settings settings, Clock clock)
    implements SliceTask<CheckpointWriting.Written> {
  private static final int BUFFER_BYTES = 1 << 20;

  /** {@link StepSettings} for the wire. */
  record Settings(float learningRate, float momentum, float weightDecay) implements Serializable {
    StepSettings stepSettings() {
      return new StepSettings(learningRate, momentum, weightDecay);
    }
  }

  /** {@link TrainingClock} for the wire. */
  record Clock(long round, long epoch, long stepOfEpoch, long step, long examples)
      implements Serializable {
    static Clock of(TrainingClock clock) {
      return new Clock(
          clock.round(), clock.epoch(), clock.stepOfEpoch(), clock.step(), clock.examples());
    }

    TrainingClock trainingClock() {
      return new TrainingClock(round, epoch, stepOfEpoch, step, examples);
    }
  }

  /** What was written; see {@link ModelBlob}. */
  record Written(
      long bytes,
      String sha256,
      long parameters,
      long parametersOffset,
      long updaterStateOffset,
      String parametersSha256)
      implements Serializable {}

  @Override
  public Written run(ParameterSlices slices, IntFunction<byte[]> contents, Configuration hadoop)
      throws IOException {
    ModelMetadata metadata =
        new ModelMetadata(
            model.spec(),
            data.classNames(),
            data.mean(),
            data.standardDeviation(),
            clock.trainingClock());
    SliceVectors vectors = new SliceVectors(slices, contents);
    ModelFileWriter writer =
        ModelFileWriter.of(metadata, settings.stepSettings(), vectors.source(0));
    if (slices.carryUpdaterState()) {
      writer = writer.withUpdaterState(vectors.source(1));
    }
    MessageDigest digest = Sha256.digest();
    Path path = new Path(file);
    ModelFile written;
    try (OutputStream out =
        new BufferedOutputStream(Storage.of(path, hadoop).create(path, true), BUFFER_BYTES)) {
      written = writer.write(new DigestOutputStream(out, digest));
    }
    return new Written(
        written.bytes(),
        HexFormat.of().formatHex(digest.digest()),
        slices.parameters(),
        written.parameters().byteOffset(),
        written.updaterState().map(VectorLocation::byteOffset).orElse(0L),
        written.parametersSha256());
  }

  /** The vectors as ranges of any length, with one slice in memory. */
  private static final class SliceVectors {
    private final ParameterSlices slices;
    private final IntFunction<byte[]> contents;
    private int present = -1;
    private FloatBuffer values = FloatBuffer.allocate(0);

    SliceVectors(ParameterSlices slices, IntFunction<byte[]> contents) {
      this.slices = slices;
      this.contents = contents;
    }

    /** One of the vectors: 0 for parameters, 1 for updater state. */
    VectorSource source(int vector) {
      return (offset, target) -> {
        long at = offset;
        while (target.hasRemaining()) {
          int slice = (int) (at / slices.sliceLength());
          fetch(slice);
          int from = (int) (at - slices.offset(slice));
          int count = Math.min(target.remaining(), slices.length(slice) - from);
          target.put(values.slice(vector * slices.length(slice) + from, count));
          at += count;
        }
      };
    }

    private void fetch(int slice) {
      if (slice != present) {
        values =
            ByteBuffer.wrap(contents.apply(slice)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        present = slice;
      }
    }
  }
}
