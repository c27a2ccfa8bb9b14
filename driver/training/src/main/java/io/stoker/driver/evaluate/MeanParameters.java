// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.failure.Check;
import io.stoker.models.engine.Network;
import io.stoker.models.file.VectorDigest;
import io.stoker.models.file.VectorLocation;
import io.stoker.models.file.VectorSink;
import java.io.IOException;
import java.io.Serializable;
import java.nio.FloatBuffer;
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
   * Sets a network's parameters; one range of them at a time is copied in memory.
   *
   * @throws io.stoker.failure.DamagedException if a file has changed since it was verified
   */
  void load(Network network, Configuration hadoop) throws IOException {
    for (int i = 0; i < files.size(); i++) {
      boolean first = i == 0;
      float scale = i == files.size() - 1 ? 1f / files.size() : 1;
      copy(
          files.get(i),
          hadoop,
          (offset, values) -> {
            if (files.size() == 1) {
              network.writeParameters(offset, values);
            } else {
              add(network, offset, values, first, scale);
            }
          });
    }
  }

  private static void copy(Location from, Configuration hadoop, VectorSink sink)
      throws IOException {
    Path file = new Path(from.file());
    FileSystem fileSystem = Storage.of(file, hadoop);
    VectorDigest digest = new VectorDigest();
    from.parameters()
        .copy(
            () -> fileSystem.open(file),
            (offset, values) -> {
              digest.update(values.duplicate());
              sink.write(offset, values);
            });
    String sha256 = digest.hex();
    Check.undamaged(
        sha256.equals(from.sha256()),
        "Cannot read %s: it changed during the job (the SHA-256 of its parameters is %s, was %s)",
        file,
        sha256,
        from.sha256());
  }

  private static void add(
      Network network, long offset, FloatBuffer values, boolean first, float scale) {
    FloatBuffer sum = FloatBuffer.allocate(values.remaining());
    if (!first) {
      network.readParameters(offset, sum);
    }
    for (int i = 0; i < sum.capacity(); i++) {
      float before = first ? 0 : sum.get(i);
      sum.put(i, (before + values.get(values.position() + i)) * scale);
    }
    network.writeParameters(offset, sum.rewind());
  }
}
