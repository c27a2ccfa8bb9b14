// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.raise_error;
import static org.apache.spark.sql.functions.when;

import io.stoker.data.frame.FrameColumns;
import io.stoker.data.frame.ImageColumn;
import io.stoker.data.storage.StorageDefaults;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.evaluate.TrainedNetwork;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.score.Scoring;
import io.stoker.driver.spark.NumberedTasks;
import io.stoker.driver.spark.Placement;
import io.stoker.driver.spark.Scala;
import io.stoker.driver.spark.SupportedRuntime;
import io.stoker.failure.Check;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.spec.ModelSpec;
import io.stoker.worker.eval.TestViews;
import io.stoker.worker.runtime.ExecutorResources;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A trained network as a model of Spark ML: it adds what it sees in images to a data frame, alone
 * or as a stage of a {@code Pipeline}.
 *
 * <pre>{@code
 * StokerModel model = StokerModel.load("runs/1").setInputCol("content");
 * Dataset<Row> scored = model.transform(spark.read().format("binaryFile").load("photos"));
 * }</pre>
 *
 * <p>The input column holds images as {@link ImageColumn} says. These columns are added, as by
 * Spark's own classifiers; one whose name is empty is left out:
 *
 * <table>
 *   <caption>Columns</caption>
 *   <tr><td>{@code rawPredictionCol}, "rawPrediction"</td>
 *     <td>a vector, the logarithms of the probabilities</td></tr>
 *   <tr><td>{@code probabilityCol}, "probability"</td>
 *     <td>a vector, a probability a class</td></tr>
 *   <tr><td>{@code predictionCol}, "prediction"</td>
 *     <td>a double, the predicted class: the most probable one, or by {@code thresholds}</td></tr>
 *   <tr><td>{@code predictedLabelCol}, "predictedLabel"</td><td>a string, its name</td></tr>
 *   <tr><td>{@code errorCol}, "error"</td><td>why the image could not be read, or null</td></tr>
 * </table>
 *
 * <p>An image that cannot be read has nulls in all but the last, unless {@code handleInvalid}
 * leaves its row out, or fails. The executors read the parameters from storage, where they must
 * reach them; each slot keeps one network, until {@link #close} or for ten minutes after it was
 * used last.
 */
public final class StokerModel extends StokerModelParams implements MLWritable, AutoCloseable {
  private static final long serialVersionUID = 1L;

  /** The params that a model takes over from the {@link StokerClassifier} that trained it. */
  static final List<String> OF_CLASSIFIER =
      List.of(
          "featuresCol",
          "inputCol",
          "rawPredictionCol",
          "probabilityCol",
          "predictionCol",
          "predictedLabelCol",
          "errorCol",
          "handleInvalid",
          "thresholds",
          "engine",
          "testTimeViews");

  private static final String KEEP_INVALID = "keep";
  private static final String SKIP_INVALID = "skip";

  /** Where the file is; opened again after serialization, which Spark ML's own code never does. */
  private String location;

  /** Of the model file, if it was loaded from where {@link #save} wrote it. */
  private String spare = SpareFiles.NONE;

  private transient StoredModel stored;
  private transient Optional<StokerTrainingSummary> summary = Optional.empty();

  /**
   * For Spark Connect, which makes an empty model of each class that it may be asked for.
   * Everything else needs a model from {@link #load} or {@link StokerClassifier#fit}.
   */
  public StokerModel() {
    this("", Optional.empty(), "");
  }

  StokerModel(String uid, StoredModel stored) {
    this(uid, Optional.of(stored), stored.path().toString());
  }

  private StokerModel(String uid, Optional<StoredModel> model, String location) {
    super(uid);
    this.stored = model.orElse(null);
    this.location = location;
  }

  /**
   * Loads a model with the session that is active.
   *
   * @param uri what {@link #save} wrote, or a checkpoint folder, a {@code model.zip} or a run
   *     folder (then its best checkpoint by validation, else its newest valid one)
   * @throws io.stoker.failure.StokerException if it is none of these, or damaged
   */
  public static StokerModel load(String uri) {
    return read().load(uri);
  }

  /** The reader that {@code PipelineModel.load} asks for. */
  public static MLReader<StokerModel> read() {
    return new StokerModelReader();
  }

  static StokerModel of(StoredModel stored) {
    return new StokerModel(Identifiable.randomUID("stoker"), stored);
  }

  @Override
  public MLWriter write() {
    return new StokerModelWriter(this);
  }

  @Override
  StokerModel self() {
    return this;
  }

  /** The classes' names: that of class {@code i} is at {@code i}. */
  public List<String> labels() {
    return metadata().classNames();
  }

  /** How many classes there are. */
  public int numClasses() {
    return labels().size();
  }

  /** The SHA-256 of the parameters that predict. */
  public String parametersSha256() {
    return chosen().parametersSha256();
  }

  /** Whether it was trained in this process, and has not been loaded. */
  public boolean hasSummary() {
    return summary.isPresent();
  }

  /**
   * How it was trained.
   *
   * @throws IllegalStateException if it was loaded
   */
  public StokerTrainingSummary summary() {
    return summary.orElseThrow(
        () ->
            new IllegalStateException(
                "No training summary available for this StokerModel: it was loaded"));
  }

  StokerModel withSummary(StokerTrainingSummary training) {
    summary = Optional.of(training);
    return this;
  }

  /** A model that was serialized, which Spark ML's own code does not do, has no summary. */
  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    summary = Optional.empty();
  }

  StokerModel withSpare(String copy) {
    spare = copy;
    return this;
  }

  /** What {@link SpareFiles#copy} takes. */
  String spare() {
    return spare;
  }

  /** Goes on with an equal model file, where the executors read it from now on. */
  void moveTo(String file) {
    location = file;
    stored = null;
  }

  private ModelMetadata metadata() {
    return stored().metadata();
  }

  StoredModel stored() {
    if (stored == null) {
      Check.input(!location.isEmpty(), "An empty StokerModel: load one, or fit a StokerClassifier");
      stored = ModelFiles.open(location, hadoop(SparkSession.active()));
    }
    return stored;
  }

  /** The model with the parameters that predict. */
  private StoredModel chosen() {
    return stored().with(ParameterChoice.parse(getParameters()));
  }

  /**
   * Lets go of the networks of this model that executors keep: of their memory, which is outside of
   * the heap and may be on a graphics card. A network that a task uses stays until ten minutes
   * after that. The model can be used afterwards; networks are built again then.
   */
  @Override
  public void close() {
    ModelSpec model = metadata().model();
    ExecutorResources.here().release(model);
    session()
        .map(session -> JavaSparkContext.fromSparkContext(session.sparkContext()))
        .filter(spark -> !spark.isLocal() && !spark.sc().isStopped())
        .ifPresent(spark -> releaseOnExecutors(spark, model));
  }

  private static Optional<SparkSession> session() {
    return Scala.optional(SparkSession.getActiveSession())
        .or(() -> Scala.optional(SparkSession.getDefaultSession()));
  }

  /** In a task for each slot, on the executors in turn. */
  private static void releaseOnExecutors(JavaSparkContext spark, ModelSpec model) {
    new NumberedTasks<Integer>(
            spark,
            Math.max(1, Slots.now(spark).count()),
            task -> {
              ExecutorResources.here().release(model);
              return task;
            },
            Placement.along(spark))
        .toJavaRDD()
        .collect();
  }

  static Configuration hadoop(SparkSession session) {
    Configuration hadoop = session.sessionState().newHadoopConf();
    StorageDefaults.apply(hadoop);
    return hadoop;
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    SupportedRuntime.check();
    StructType schema = dataset.schema();
    StructType result = transformSchema(schema);
    TestViews views = TestViews.parse(getTestTimeViews());
    ImageColumn images = ImageColumn.of(schema, getInputCol());
    Dataset<Row> scored =
        Scoring.score(
            dataset.toDF(),
            images,
            TrainedNetwork.of(
                List.of(chosen()),
                getEngine(),
                Math.max(getBatchSize(), views.count()),
                new Arithmetic(
                    Precision.parse(getPrecision()), ConvolutionAlgorithm.parse(getConvolution()))),
            columns(),
            views);
    return withMetadata(withoutInvalid(scored, images.pathColumn(getInputCol())), result);
  }

  /**
   * Leaves out the rows whose image could not be read, or fails, or does neither.
   *
   * @param path where an image came from, if the input column says so
   */
  private Dataset<Row> withoutInvalid(Dataset<Row> scored, Optional<Column> path) {
    if (getHandleInvalid().equals(KEEP_INVALID)) {
      return scored;
    }
    Column error = FrameColumns.quoted(getErrorCol());
    Column nothing = lit("");
    Column place =
        path.map(each -> coalesce(when(each.notEqual(nothing), concat(each, lit(": "))), nothing))
            .orElse(nothing);
    return scored.filter(
        getHandleInvalid().equals(SKIP_INVALID)
            ? error.isNull()
            : when(error.isNull(), lit(true))
                .otherwise(
                    raise_error(concat(lit("An image cannot be read: "), place, error))
                        .cast(DataTypes.BooleanType)));
  }

  /**
   * Spark drops the metadata of columns that pass through a function; Spark ML needs them. Columns
   * are taken by their places, since several may have one name, or one that Spark takes for it.
   */
  private static Dataset<Row> withMetadata(Dataset<Row> scored, StructType schema) {
    if (Arrays.stream(schema.fields())
        .allMatch(field -> field.metadata().equals(Metadata.empty()))) {
      return scored;
    }
    String[] places = new String[schema.length()];
    Column[] columns = new Column[places.length];
    for (int i = 0; i < places.length; i++) {
      StructField field = schema.fields()[i];
      places[i] = Integer.toString(i);
      columns[i] = FrameColumns.quoted(places[i]).as(field.name(), field.metadata());
    }
    return scored.toDF(places).select(columns);
  }

  @Override
  public StructType transformSchema(StructType schema) {
    ImageColumn.of(schema, getInputCol());
    return added(schema, columns(), getHandleInvalid());
  }

  /**
   * A schema with the columns that a model adds.
   *
   * @param handleInvalid what the model does with rows that have an error
   * @throws io.stoker.failure.InputException if one of them is there already, if two have one name,
   *     or if there is none for errors that are handled
   */
  static StructType added(StructType schema, PredictionColumns columns, String handleInvalid) {
    Check.input(
        handleInvalid.equals(KEEP_INVALID) || !columns.error().isEmpty(),
        "Invalid handleInvalid: %s (must be %s without an errorCol)",
        handleInvalid,
        KEEP_INVALID);
    // As Spark finds a column by its name.
    Set<String> present =
        isCaseSensitive() ? new HashSet<>() : new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    present.addAll(List.of(schema.fieldNames()));
    for (StructField field : columns.fields()) {
      Check.input(present.add(field.name()), "Column %s is there already", field.name());
    }
    return Scoring.schema(schema, columns);
  }

  private static boolean isCaseSensitive() {
    return session()
        .map(each -> each.conf().get("spark.sql.caseSensitive", "false"))
        .map(Boolean::parseBoolean)
        .orElse(false);
  }

  private PredictionColumns columns() {
    List<Double> limits =
        isDefined(thresholds()) ? Arrays.stream(getThresholds()).boxed().toList() : List.of();
    Check.input(
        limits.isEmpty() || limits.size() == numClasses(),
        "Invalid thresholds: %d for %d classes",
        limits.size(),
        numClasses());
    return new PredictionColumns(
        getRawPredictionCol(),
        getProbabilityCol(),
        getPredictionCol(),
        getPredictedLabelCol(),
        getErrorCol(),
        labels(),
        limits);
  }

  @Override
  public StokerModel copy(ParamMap extra) {
    StokerModel copy = new StokerModel(uid(), Optional.ofNullable(stored), location);
    copy.summary = summary;
    copy.spare = spare;
    return copyValues(copy, extra).setParent(parent());
  }
}
