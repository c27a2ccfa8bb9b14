// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import io.stoker.base.Sha256;
import io.stoker.data.frame.FrameColumns;
import io.stoker.data.frame.ImageColumn;
import io.stoker.data.frame.UnreadableTable;
import io.stoker.data.image.Decoding;
import io.stoker.data.pack.Broadcasts;
import io.stoker.data.pack.ImageRows;
import io.stoker.data.pack.PrepareOptions;
import io.stoker.data.pack.SplitFractions;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** The rows that a {@link StokerClassifier} is fitted to, on their way to shards. */
final class TrainingFrame {
  private static final String SPLIT = "_stoker_split";
  private static final int IDENTITY_DIGITS = 20;
  private static final List<String> OF_SHARDS = List.of("encoding", "height", "width", "channels");

  private final StokerClassifierParams params;
  private final String label;
  private final Dataset<Row> rows;
  private final StructType schema;

  private TrainingFrame(
      StokerClassifierParams params, String label, Dataset<Row> rows, StructType schema) {
    this.params = params;
    this.label = label;
    this.rows = rows;
    this.schema = schema;
  }

  /**
   * Takes the columns that the params name.
   *
   * @throws io.stoker.failure.InputException if one is missing or has another type
   */
  static TrainingFrame of(StokerClassifierParams params, Dataset<?> dataset) {
    StructType schema = dataset.schema();
    check(params, schema);
    String image = params.getInputCol();
    Set<String> names = new LinkedHashSet<>(List.of(image, params.getLabelCol()));
    if (ParamRules.isGiven(params, params.weightCol())) {
      names.add(params.getWeightCol());
    }
    if (ImageColumn.of(schema, image) instanceof ImageColumn.ShardRow) {
      names.addAll(OF_SHARDS);
    }
    List<Column> columns = new ArrayList<>(names.stream().map(FrameColumns::quoted).toList());
    columns.add(split(params).as(SPLIT));
    return new TrainingFrame(
        params,
        params.getLabelCol(),
        dataset.toDF().select(columns.toArray(new Column[0])),
        schema);
  }

  private static Column split(StokerClassifierParams params) {
    if (!hasValidation(params)) {
      return lit("");
    }
    Column indicator = FrameColumns.quoted(params.getValidationIndicatorCol());
    return when(indicator.isNull(), lit(""))
        .when(indicator, lit(TrainingParams.VALIDATION))
        .otherwise(lit("train"));
  }

  /** Whether some rows are for validation. */
  static boolean hasValidation(StokerClassifierParams params) {
    return ParamRules.isGiven(params, params.validationIndicatorCol());
  }

  /**
   * Checks the columns that the params name.
   *
   * @throws io.stoker.failure.InputException if one is missing or has another type
   */
  static void check(StokerClassifierParams params, StructType schema) {
    ImageColumn.of(schema, params.getInputCol());
    DataType label = type(schema, params.getLabelCol());
    Check.input(
        label instanceof NumericType || label instanceof StringType || label instanceof BooleanType,
        "Invalid column %s: it has the type %s (labels must be numbers or text)",
        params.getLabelCol(),
        label.simpleString());
    if (ParamRules.isGiven(params, params.weightCol())) {
      DataType weight = type(schema, params.getWeightCol());
      Check.input(
          weight instanceof NumericType,
          "Invalid column %s: it has the type %s (weights must be numbers)",
          params.getWeightCol(),
          weight.simpleString());
    }
    if (hasValidation(params)) {
      String column = params.getValidationIndicatorCol();
      DataType indicator = type(schema, column);
      Check.input(
          indicator instanceof BooleanType,
          "Invalid column %s: it has the type %s (validationIndicatorCol must be boolean)",
          column,
          indicator.simpleString());
    }
  }

  private static DataType type(StructType schema, String column) {
    return schema.fields()[FrameColumns.index(schema, column)].dataType();
  }

  /**
   * Prepares the rows, unless the cache has them already.
   *
   * @return the folder of shards
   * @throws io.stoker.failure.InputException if the rows are no data to train on
   */
  Path prepare(JavaSparkContext spark, ShardCache cache) {
    FrameColumns columns =
        FrameColumns.of(params.getInputCol(), label)
            .withSplit(hasValidation(params) ? SPLIT : "")
            .withWeight(
                ParamRules.isGiven(params, params.weightCol()) ? params.getWeightCol() : "");
    FrameSummary summary = summary(spark, columns.bind(rows.schema()));
    check(summary);
    List<String> classes = LabelClasses.of(schema.apply(label), summary, params.getNumClasses());
    Check.input(
        !params.isDefined(params.thresholds()) || params.getThresholds().length == classes.size(),
        "Invalid thresholds: %d for %d classes",
        params.isDefined(params.thresholds()) ? params.getThresholds().length : 0,
        classes.size());
    int channels =
        params.getImageChannels() == 0
            ? ModelReference.input(params.getModel(), classes.size()).channels()
            : params.getImageChannels();
    PrepareOptions.Builder options =
        PrepareOptions.builder()
            .size(params.getImageSize())
            .channels(channels)
            .maximumRejected(params.getMaxRejected());
    if (!hasValidation(params)) {
      options.splits(SplitFractions.TRAIN_ALONE);
    }
    String identity =
        Sha256.hex(
            String.join(
                    "\n",
                    summary.fingerprint(),
                    String.join("\t", classes),
                    Integer.toString(params.getImageSize()),
                    Integer.toString(channels),
                    Double.toString(params.getMaxRejected()),
                    Decoding.SCALED.rule())
                .getBytes(StandardCharsets.UTF_8));
    return cache.shards(
        identity.substring(0, IDENTITY_DIGITS),
        ImageRows.of(rows, columns.withClassNames(classes)),
        options);
  }

  private FrameSummary summary(JavaSparkContext spark, FrameColumns.Bound columns) {
    int index = rows.schema().fieldIndex(label);
    Broadcast<SerializableConfiguration> shared =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    try {
      return SparkFailures.unwrapped(
          () ->
              rows.toJavaRDD()
                  .treeAggregate(
                      new FrameSummary(),
                      (summary, row) -> summary.add(row, row.get(index), columns, hadoop(shared)),
                      FrameSummary::merge));
    } catch (StokerException e) {
      throw e;
    } catch (Exception e) { // Spark throws checked exceptions that it does not declare.
      Optional<String> reason = UnreadableTable.reason(e);
      if (reason.isPresent()) {
        throw new InputException("Cannot read the data frame: " + reason.get(), e);
      }
      throw e;
    } finally {
      Broadcasts.destroy(shared);
    }
  }

  private static Configuration hadoop(Broadcast<SerializableConfiguration> shared) {
    return shared.value().value();
  }

  private void check(FrameSummary summary) {
    Check.input(summary.rows() > 0, "The data frame has no rows: there is nothing to train on");
    if (!hasValidation(params)) {
      return;
    }
    String column = params.getValidationIndicatorCol();
    Check.input(
        summary.unmarked() == 0,
        "Invalid column %s: it is null in %d of %d rows (must be true or false)",
        column,
        summary.unmarked(),
        summary.rows());
    Check.input(
        summary.forValidation() > 0 && summary.forValidation() < summary.rows(),
        "Invalid column %s: it is %s in all %d rows (some must be false, to train on, and some"
            + " true, to validate on)",
        column,
        summary.forValidation() > 0,
        summary.rows());
  }
}
