// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.failure.Check;
import io.stoker.models.engine.Network;
import io.stoker.models.file.VectorDigest;
import io.stoker.models.file.VectorLocation;
import io.stoker.models.file.VectorReader;
import java.io.IOException;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The parameters of a model file, or the mean of those of several: the average of the last points
 * of a training run lies nearer the middle of the minimum (Polyak and Juditsky, 1992; Izmailov et
 * al., 2018).
 *
 * @param files the files, verified before, in the order in which they are added up
 */
record MeanParameters(List<Location> files) implements Serializable {
  private static final int CHUNK_VALUES = 1 << 16;

  /**
   * A vector in a file.
   *
   * @param file the file
   * @param parameters where in it
   * @param sha256 of the vector, see {@link VectorDigest}
   */
  record Location(String file, VectorLocation parameters, String sha256) implements Serializable {}

  MeanParameters {
    files = List.copyOf(files);
  }

  static MeanParameters of(List<StoredModel> models) {
    return new MeanParameters(
        models.stream()
            .map(
                model ->
                    new Location(
                        model.path().toString(),
                        model.parametersLocation(),
                        model.parametersSha256()))
            .toList());
  }

  /**
   * Sets a network's parameters. One range of them at a time is in memory: the mean of a value is
   * accumulated in double precision and rounded once, so that the mean of equal models is that
   * model to the last bit.
   *
   * @throws io.stoker.failure.DamagedException if a file has changed since it was verified
   */
  void load(Network network, Configuration hadoop) throws IOException {
    List<OpenFile> open = new ArrayList<>();
    try {
      for (Location location : files) {
        open.add(OpenFile.of(location, hadoop));
      }
      long count = files.get(0).parameters().count();
      FloatBuffer values = FloatBuffer.allocate((int) Math.min(CHUNK_VALUES, count));
      double[] sums = new double[values.capacity()];
      for (long offset = 0; offset < count; offset += CHUNK_VALUES) {
        values.limit((int) Math.min(CHUNK_VALUES, count - offset));
        mean(open, values, sums);
        network.writeParameters(offset, values.rewind());
      }
      for (OpenFile file : open) {
        file.requireUnchanged();
      }
    } finally {
      for (OpenFile file : open) {
        file.vector().close();
      }
    }
  }

  /** Sets values to the mean of the next values of all files. */
  private static void mean(List<OpenFile> files, FloatBuffer values, double[] sums)
      throws IOException {
    Arrays.fill(sums, -0.0); // to which adding -0 gives -0
    for (OpenFile file : files) {
      file.read(values);
      for (int i = 0; i < values.limit(); i++) {
        sums[i] += values.get(i);
      }
    }
    for (int i = 0; i < values.limit(); i++) {
      values.put(i, (float) (sums[i] / files.size()));
    }
  }

  /** A file whose vector is read from its beginning, and the digest of what was read. */
  private record OpenFile(Location location, VectorReader vector, VectorDigest digest) {
    static OpenFile of(Location location, Configuration hadoop) throws IOException {
      Path file = new Path(location.file());
      FileSystem fileSystem = Storage.of(file, hadoop);
      return new OpenFile(
          location, location.parameters().open(() -> fileSystem.open(file)), new VectorDigest());
    }

    /** Fills all of target. */
    void read(FloatBuffer target) throws IOException {
      vector.read(target.rewind());
      digest.update(target.rewind());
      target.rewind();
    }

    void requireUnchanged() {
      String sha256 = digest.hex();
      Check.undamaged(
          sha256.equals(location.sha256()),
          "Cannot read %s: it changed during the job (the SHA-256 of its parameters is %s, was %s)",
          location.file(),
          sha256,
          location.sha256());
    }
  }
}
