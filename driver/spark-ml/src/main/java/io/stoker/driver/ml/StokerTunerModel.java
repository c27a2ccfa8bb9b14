// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.storage.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import scala.Option;

/**
 * What a {@link StokerTuner} found: the model of the best trial, which transforms, and a table of
 * all trials.
 */
public final class StokerTunerModel extends Model<StokerTunerModel> implements MLWritable {
  private static final long serialVersionUID = 1L;

  /** Of what {@link #save} writes. */
  private static final String BEST_MODEL = "bestModel";

  private static final String TRIALS = "trials.parquet";

  private final String uid;
  private final StokerModel bestModel;
  private final String studyFolder;
  private String table;

  /** Of the table, if it was loaded. */
  private final String spare;

  StokerTunerModel(
      String uid, StokerModel bestModel, String studyFolder, String table, String spare) {
    this.uid = uid;
    this.bestModel = bestModel;
    this.studyFolder = studyFolder;
    this.table = table;
    this.spare = spare;
  }

  /** Loads what {@link #save} wrote. */
  public static StokerTunerModel load(String uri) {
    return read().load(uri);
  }

  /** The reader that {@code PipelineModel.load} asks for. */
  public static MLReader<StokerTunerModel> read() {
    return new Reader();
  }

  @Override
  public String uid() {
    return uid;
  }

  /** The model of the best trial; its parent is a classifier with the params of that trial. */
  public StokerModel bestModel() {
    return bestModel;
  }

  /**
   * A row for each result: the trial, its rung and epochs, its state, the metric as {@code value},
   * seconds, the hash of the parameters, the reason of a failure, and the options of the space by
   * their names with underscores.
   */
  public Dataset<Row> trials() {
    return SparkSession.active().read().parquet(table).orderBy("rung", "trial");
  }

  /** Where the study is: {@code stoker report --run} takes it, while it is there. */
  public String studyFolder() {
    return studyFolder;
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    return bestModel.transform(dataset);
  }

  @Override
  public StructType transformSchema(StructType schema) {
    return bestModel.transformSchema(schema);
  }

  @Override
  public StokerTunerModel copy(ParamMap extra) {
    return new StokerTunerModel(uid, bestModel.copy(extra), studyFolder, table, spare)
        .setParent(parent());
  }

  @Override
  public MLWriter write() {
    return new Writer(this);
  }

  /** Writes the best model and the table, and last class and uid. */
  @SuppressWarnings("deprecation") // Spark 4 has other methods; 3.5 has only these
  private static final class Writer extends MLWriter {
    private final StokerTunerModel model;

    Writer(StokerTunerModel model) {
      this.model = model;
    }

    @Override
    public void save(String uri) throws IOException {
      StokerModelWriter.requireElsewhere(model.bestModel, uri, StokerModel.hadoop(sparkSession()));
      super.save(uri);
    }

    @Override
    public void saveImpl(String uri) {
      Configuration hadoop = StokerModel.hadoop(sparkSession());
      Path table = new Path(model.table);
      Path target = new Path(uri, TRIALS);
      try {
        model.bestModel.save(new Path(uri, BEST_MODEL).toString());
        SpareFiles.copy(table, model.spare, target, hadoop);
        DefaultParamsWriter.saveMetadata(model, uri, sc(), Option.empty(), Option.empty());
        if (!Storage.of(table, hadoop).exists(table)) {
          model.table = target.toString();
        }
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot write " + uri, e);
      }
    }
  }

  /** Reads what {@link Writer} wrote. */
  @SuppressWarnings("deprecation") // Spark 4 has other methods; 3.5 has only these
  private static final class Reader extends MLReader<StokerTunerModel> {
    @Override
    public StokerTunerModel load(String uri) {
      DefaultParamsReader.Metadata metadata =
          DefaultParamsReader.loadMetadata(uri, sc(), StokerTunerModel.class.getName());
      Path table = new Path(uri, TRIALS);
      return new StokerTunerModel(
          metadata.uid(),
          StokerModel.load(new Path(uri, BEST_MODEL).toString()),
          "",
          table.toString(),
          SpareFiles.keep(table, StokerModel.hadoop(sparkSession())));
    }
  }
}
