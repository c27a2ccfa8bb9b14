// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ModelFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
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
    Path folder = Locations.absolute(uri, hadoop);
    try {
      if (!Storage.of(folder, hadoop).exists(new Path(folder, StokerModelWriter.METADATA))) {
        return StokerModel.of(ModelFiles.open(uri, hadoop));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + uri, e);
    }
    DefaultParamsReader.Metadata metadata =
        DefaultParamsReader.loadMetadata(uri, sc(), StokerModel.class.getName());
    StokerModel model =
        new StokerModel(
            metadata.uid(),
            ModelFiles.open(new Path(folder, StokerModelWriter.MODEL).toString(), hadoop));
    metadata.getAndSetParams(model, Option.empty());
    return model;
  }
}
