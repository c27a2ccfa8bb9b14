// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLWriter;
import scala.Option;

/**
 * Writes a folder that needs nothing else: the model file as it is, and last, as every model of
 * Spark ML has them, class, uid and params.
 */
@SuppressWarnings("deprecation") // Spark 4 has other methods; 3.5 has only these
final class StokerModelWriter extends MLWriter {
  /** The folder that Spark ML writes a stage's params to. */
  static final String METADATA = "metadata";

  /** A Deeplearning4j model file. */
  static final String MODEL = "model.zip";

  /** Of what {@link #saveToLocal} writes: where the model file is, its SHA-256, and its spare. */
  static final String LOCATION = "location";

  static final String SHA256 = "sha256";
  static final String SPARE = "spare";

  private final StokerModel model;

  StokerModelWriter(StokerModel model) {
    this.model = model;
  }

  /**
   * Writes the folder.
   *
   * @throws InputException if the model's parameters are in that folder, which is deleted before
   *     another one is written, and nowhere else
   */
  @Override
  public void save(String uri) throws IOException {
    requireElsewhere(model, uri, StokerModel.hadoop(sparkSession()));
    super.save(uri);
  }

  /**
   * Puts a model aside in a folder of this machine: its params, and where its file is. Spark
   * Connect does so with models that are idle, and they stay in the same process. Spark has this
   * method from 4.1 on.
   */
  @SuppressWarnings("MissingOverride")
  public void saveToLocal(String folder) throws IOException {
    java.nio.file.Path local = Files.createDirectories(java.nio.file.Path.of(folder));
    Files.writeString(local.resolve(LOCATION), model.stored().path().toString());
    Files.writeString(
        local.resolve(SHA256), model.stored().sha256(StokerModel.hadoop(sparkSession())));
    Files.writeString(local.resolve(SPARE), model.spare());
    Files.writeString(
        local.resolve(METADATA),
        DefaultParamsWriter.getMetadataToSave(model, sc(), Option.empty(), Option.empty()));
  }

  /**
   * Makes sure that a folder that is to be written does not hold the parameters of a model, unless
   * there is a spare.
   */
  static void requireElsewhere(StokerModel model, String uri, Configuration hadoop) {
    if (SpareFiles.isThere(model.spare())) {
      return;
    }
    Path target = Locations.absolute(uri, hadoop);
    for (Path of = model.stored().path(); of != null; of = of.getParent()) {
      Check.input(
          !of.equals(target), "Cannot overwrite %s: the model was loaded from there", target);
    }
  }

  @Override
  public void saveImpl(String uri) {
    Configuration hadoop = StokerModel.hadoop(sparkSession());
    StoredModel stored = model.stored();
    Path target = new Path(uri, MODEL);
    try {
      SpareFiles.copy(stored.path(), model.spare(), target, hadoop);
      stored
          .calibration()
          .or(stored::otherCalibration)
          .ifPresent(calibration -> calibration.write(target, hadoop));
      DefaultParamsWriter.saveMetadata(model, uri, sc(), Option.empty(), Option.empty());
      // A pipeline that is written over itself may have this stage in another place.
      if (!Storage.of(stored.path(), hadoop).exists(stored.path())) {
        model.moveTo(Locations.absolute(target.toString(), hadoop).toString());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + uri, e);
    }
  }
}
