// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
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

  private final StokerModel model;

  StokerModelWriter(StokerModel model) {
    this.model = model;
  }

  /**
   * Writes the folder.
   *
   * @throws InputException if the model was loaded from there: its parameters are in that folder,
   *     which is deleted before another one is written
   */
  @Override
  public void save(String uri) throws IOException {
    requireElsewhere(model, uri, StokerModel.hadoop(sparkSession()));
    super.save(uri);
  }

  /** Makes sure that a folder that is to be written does not hold the parameters of a model. */
  static void requireElsewhere(StokerModel model, String uri, Configuration hadoop) {
    Path target = Locations.absolute(uri, hadoop);
    for (Path of = model.stored().path(); of != null; of = of.getParent()) {
      Check.input(
          !of.equals(target), "Cannot overwrite %s: the model was loaded from there", target);
    }
  }

  @Override
  public void saveImpl(String uri) {
    try {
      copyModel(new Path(uri, MODEL));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("Cannot write " + uri, e);
    }
    DefaultParamsWriter.saveMetadata(model, uri, sc(), Option.empty(), Option.empty());
  }

  /** A few kilobytes of it are in memory at a time. */
  private void copyModel(Path target) throws IOException {
    Configuration hadoop = StokerModel.hadoop(sparkSession());
    Path source = model.stored().path();
    try (InputStream in = Storage.of(source, hadoop).open(source);
        OutputStream out = Storage.of(target, hadoop).create(target, false)) {
      in.transferTo(out);
    }
    model.stored().calibration().ifPresent(calibration -> calibration.write(target, hadoop));
  }
}
