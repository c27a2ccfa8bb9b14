// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.MLReader;
import scala.Option;

/** Reads what {@link StokerModelWriter} wrote; takes any other checkpoint as it is. */
@SuppressWarnings("deprecation") // Spark 4 has other methods; 3.5 has only these
final class StokerModelReader extends MLReader<StokerModel> {
  @Override
  public StokerModel load(String uri) {
    Configuration hadoop = StokerModel.hadoop(sparkSession());
    String file = modelFile(uri, hadoop);
    if (file.equals(uri)) {
      return StokerModel.of(ModelFiles.open(uri, hadoop));
    }
    return model(
            DefaultParamsReader.loadMetadata(uri, sc(), StokerModel.class.getName()), file, hadoop)
        .withSpare(SpareFiles.keep(new Path(file), hadoop));
  }

  /**
   * Takes up what {@link StokerModelWriter#saveToLocal} wrote. Spark has this method from 4.1 on.
   *
   * @throws InputException if the model's file is gone, or is that of another model now
   */
  @SuppressWarnings("MissingOverride")
  public StokerModel loadFromLocal(String folder) {
    Configuration hadoop = StokerModel.hadoop(sparkSession());
    java.nio.file.Path local = java.nio.file.Path.of(folder);
    try {
      String file = Files.readString(local.resolve(StokerModelWriter.LOCATION));
      DefaultParamsReader.Metadata metadata =
          DefaultParamsReader.parseMetadata(
              Files.readString(local.resolve(StokerModelWriter.METADATA)),
              StokerModel.class.getName());
      StokerModel model = model(metadata, file, hadoop);
      Check.input(
          model
              .stored()
              .sha256(hadoop)
              .equals(Files.readString(local.resolve(StokerModelWriter.SHA256))),
          "Cannot go on with %s: it is the file of another model now (load it again)",
          file);
      return model.withSpare(Files.readString(local.resolve(StokerModelWriter.SPARE)));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + folder, e);
    }
  }

  private static StokerModel model(
      DefaultParamsReader.Metadata metadata, String file, Configuration hadoop) {
    StokerModel model = new StokerModel(metadata.uid(), ModelFiles.open(file, hadoop));
    metadata.getAndSetParams(model, Option.empty());
    return model;
  }

  /**
   * The model file in a folder that {@link StokerModelWriter} wrote; any other location as it is.
   *
   * @param uri a location
   * @param hadoop how to reach it
   */
  static String modelFile(String uri, Configuration hadoop) {
    Path folder = Locations.absolute(uri, hadoop);
    return Storage.isThere(new Path(folder, StokerModelWriter.METADATA), hadoop)
        ? new Path(folder, StokerModelWriter.MODEL).toString()
        : uri;
  }
}
