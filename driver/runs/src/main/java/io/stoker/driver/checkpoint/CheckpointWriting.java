// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.base.LittleEndian;
import io.stoker.base.Sha256;
import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceSource;
import io.stoker.driver.slice.SliceTask;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFile;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.file.VectorLocation;
import io.stoker.models.file.VectorSource;
import io.stoker.models.spec.ModelSpec;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Writes a checkpoint's model file from an executor, slice by slice.
 *
 * @param file where to, over whatever an earlier attempt left
 * @param model the model
 * @param frozen where the parameters are that are in no slice
 * @param data what else prediction needs
 * @param settings what stock Deeplearning4j would go on training with
 * @param clock how far the job is
 */
record CheckpointWriting(
    String file,
    ModelSpec model,
    SliceSource frozen,
    DataDescription data,
    StepSettings settings,
    TrainingClock clock)
    implements SliceTask<CheckpointWriting.Written> {
  private static final int BUFFER_BYTES = 1 << 20;

  /** What was written; see {@link ModelBlob}. */
  record Written(
      long bytes,
      String sha256,
      long parameters,
      long parametersOffset,
      long updaterStateOffset,
      long outerMomentumOffset,
      long emaOffset,
      String parametersSha256)
      implements Serializable {}

  @Override
  public Written run(ParameterSlices slices, IntFunction<byte[]> contents, Configuration hadoop)
      throws IOException {
    SliceVectors vectors = new SliceVectors(slices, contents, frozen, hadoop);
    ModelFileWriter writer =
        ModelFileWriter.of(data.metadata(model, clock), settings, vectors.source(0));
    if (slices.carryUpdaterState()) {
      writer = writer.withUpdaterState(vectors.updaterState());
    }
    if (slices.outerMomentum()) {
      writer = writer.withOuterMomentum(vectors.source(slices.vectors()));
    }
    if (slices.ema()) {
      writer = writer.withEma(vectors.source(slices.emaVector()));
    }
    MessageDigest digest = Sha256.digest();
    ModelFile written = write(writer, digest, hadoop);
    return new Written(
        written.bytes(),
        Sha256.hex(digest),
        slices.parameters(),
        written.parameters().byteOffset(),
        written.updaterState().map(VectorLocation::byteOffset).orElse(0L),
        written.outerMomentum().map(VectorLocation::byteOffset).orElse(0L),
        written.ema().map(VectorLocation::byteOffset).orElse(0L),
        written.parametersSha256());
  }

  /**
   * Another attempt of this task may be writing too. Its file is deleted first, so that it cannot
   * write into this one; and an object store must not show a part of a file as a whole.
   */
  private ModelFile write(ModelFileWriter writer, MessageDigest digest, Configuration hadoop)
      throws IOException {
    Path path = new Path(file);
    FileSystem fileSystem = Storage.of(path, hadoop);
    if (!OwnFolder.at(path.getParent(), hadoop).delete(path)) {
      throw new IOException("%s is a symbolic link".formatted(path));
    }
    FSDataOutputStream out = fileSystem.create(path, true);
    OutputStream buffered = new BufferedOutputStream(out, BUFFER_BYTES);
    try {
      ModelFile written = writer.write(new DigestOutputStream(buffered, digest));
      buffered.close();
      return written;
    } catch (IOException | RuntimeException | Error e) {
      Storage.abandon(out);
      throw e;
    }
  }

  /** The vectors as ranges of any length, with one slice in memory. */
  private static final class SliceVectors {
    private final ParameterSlices slices;
    private final IntFunction<byte[]> contents;
    private final SliceSource frozen;
    private final Configuration hadoop;
    private int present = -1;
    private FloatBuffer values = FloatBuffer.allocate(0);
    private int presentFrozen = -1;
    private FloatBuffer frozenValues = FloatBuffer.allocate(0);

    SliceVectors(
        ParameterSlices slices,
        IntFunction<byte[]> contents,
        SliceSource frozen,
        Configuration hadoop) {
      this.slices = slices;
      this.contents = contents;
      this.frozen = frozen;
      this.hadoop = hadoop;
    }

    /** The n-th of the vectors in a slice; 0 is the parameters. */
    VectorSource source(int vector) {
      return (offset, target) -> {
        long at = offset;
        while (target.hasRemaining()) {
          int before = target.remaining();
          if (at >= slices.first()) {
            putTravelling(vector, at, target);
          } else if (vector == 0 || (slices.ema() && vector == slices.emaVector())) {
            putFrozen(at, target);
          } else { // What does not learn has no momentum.
            putZeros((int) Math.min(before, slices.first() - at), target);
          }
          at += before - target.remaining();
        }
      };
    }

    /** The vectors of the updater state, one after the other. */
    VectorSource updaterState() {
      long length = slices.parameters();
      return (offset, target) -> {
        long at = offset;
        while (target.hasRemaining()) {
          int count = (int) Math.min(target.remaining(), length - at % length);
          FloatBuffer part = target.slice(target.position(), count);
          source(1 + (int) (at / length)).read(at % length, part);
          target.position(target.position() + count);
          at += count;
        }
      };
    }

    private void putTravelling(int vector, long at, FloatBuffer target) {
      int slice = slices.sliceOf(at);
      if (slice != present) {
        values = LittleEndian.floats(contents.apply(slice));
        present = slice;
      }
      int from = (int) (at - slices.offset(slice));
      int count = Math.min(target.remaining(), slices.length(slice) - from);
      target.put(values.slice(vector * slices.length(slice) + from, count));
    }

    private void putFrozen(long at, FloatBuffer target) {
      ParameterSlices prefix = slices.prefix();
      int slice = prefix.sliceOf(at);
      if (slice != presentFrozen) {
        frozenValues = LittleEndian.floats(frozen.read(prefix, slice, hadoop));
        presentFrozen = slice;
      }
      int from = (int) (at - prefix.offset(slice));
      target.put(
          frozenValues.slice(from, Math.min(target.remaining(), prefix.length(slice) - from)));
    }

    private static void putZeros(int count, FloatBuffer target) {
      for (int i = 0; i < count; i++) {
        target.put(0);
      }
    }
  }
}
