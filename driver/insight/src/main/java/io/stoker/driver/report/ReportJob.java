// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.explain.ExplainJob;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunRecord;
import io.stoker.failure.StokerException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Reports on a run as one HTML file. Curves and configuration come from the run folder and are
 * always in it. Samples, evaluation and filters need the data and a checkpoint; where these cannot
 * be read, the report says why.
 */
public final class ReportJob {
  /** A confusion matrix of more classes cannot be read on a page. */
  private static final int MAXIMUM_CONFUSION = 40;

  private final JavaSparkContext spark;
  private final ReportRequest request;
  private final Configuration hadoop;
  private final ObjectNode details = JsonNodeFactory.instance.objectNode();
  private final List<String> missing = new ArrayList<>();

  /**
   * @param spark runs the evaluation
   * @param request what to report on
   */
  public ReportJob(JavaSparkContext spark, ReportRequest request) {
    this.spark = spark;
    this.request = request;
    this.hadoop = spark.hadoopConfiguration();
  }

  /** A part of the report that may be missing. */
  private interface Part {
    void add();
  }

  /**
   * Makes the page.
   *
   * @return the file's content
   * @throws io.stoker.failure.InputException if there is no run
   * @throws io.stoker.failure.DamagedException if its record or its rounds cannot be read
   */
  public byte[] page() {
    Path folder = Locations.absolute(request.run(), hadoop);
    RunRecord record = RunFolder.at(folder, hadoop).recorded();
    List<RoundMetrics> rounds = MetricsLog.read(folder, hadoop);
    RunSummary summary = RunSummary.of(folder, hadoop, Instant.now());
    String location = request.dataOf(record);
    tryTo("the data and its samples", () -> addData(location, record));
    if (details.has("data")) {
      tryTo("the evaluation", () -> addEvaluation(location));
    }
    tryTo("the first layer's filters", this::addFilters);
    missing.forEach(details.putArray("notes")::add);
    ObjectNode view = JsonNodeFactory.instance.objectNode();
    view.putArray("runs").add(RunView.of(summary, rounds));
    view.set("details", details);
    return Page.of(view);
  }

  /**
   * A page with curves and configuration alone, which come from the run folder.
   *
   * @param folder the run folder
   * @param hadoop how to reach it
   * @throws io.stoker.failure.DamagedException if its rounds cannot be read
   */
  public static byte[] curves(Path folder, Configuration hadoop) {
    ObjectNode view = JsonNodeFactory.instance.objectNode();
    view.putArray("runs")
        .add(
            RunView.of(
                RunSummary.of(folder, hadoop, Instant.now()), MetricsLog.read(folder, hadoop)));
    return Page.of(view);
  }

  /** The parts that are missing in the page, each with the reason, in one line. */
  public List<String> missing() {
    return List.copyOf(missing);
  }

  private void tryTo(String part, Part work) {
    try {
      work.add();
    } catch (StokerException | UncheckedIOException e) {
      missing.add("%s (%s)".formatted(part, e.getMessage()));
    }
  }

  private void addData(String location, RunRecord record) {
    ShardFolder shards = ShardFolder.open(Locations.absolute(location, hadoop), hadoop);
    details.set("data", new DataView(shards).toJson());
    if (!shards.manifestHash().equals(record.job().dataSha256())) {
      missing.add(
          "the data that the run was trained on: what is in %s now is another data set"
              .formatted(Locations.plain(location)));
    }
  }

  private void addEvaluation(String location) {
    EvaluationReport report =
        EvaluateJob.run(
            spark,
            new EvaluateRequest(
                request.run(), location, request.split(), request.batch(), request.engine()));
    ObjectNode json = report.toJson();
    if (report.classes().size() > MAXIMUM_CONFUSION) {
      json.remove(List.of("confusion", "confused"));
    }
    ModelFiles.open(request.run(), hadoop)
        .calibration()
        .ifPresent(calibration -> json.put("calibrated", calibration.text()));
    details.set("evaluation", json);
    ShardFolder shards = ShardFolder.open(Locations.absolute(location, hadoop), hadoop);
    details.set("mistakes", new DataView(shards).mistakes(report));
  }

  private void addFilters() {
    try (ExplainJob job = new ExplainJob(new Inference(request.run(), request.engine()), hadoop)) {
      details.put("filters", EmbeddedPicture.of(job.filters().draw()));
    }
  }
}
