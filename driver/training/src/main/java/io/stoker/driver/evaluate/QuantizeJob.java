// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.storage.OutputFile;
import io.stoker.driver.checkpoint.Calibration;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.failure.Check;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.worker.eval.InputMagnitudes;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Brings the convolutions and dense layers of a trained model to int8. The ranges of their inputs
 * are the largest magnitudes, or leave out the largest values; which of them, the accuracy on a
 * split decides. If more accuracy is lost than is allowed, the layers that lose most stay in fp32,
 * as long as half of the arithmetic is in int8.
 */
public final class QuantizeJob {
  /** The shares of values that ranges may hold. */
  private static final List<Double> SHARES = List.of(1.0, 0.9999, 0.999);

  /** The share of the arithmetic that has to stay in int8. */
  private static final double LEAST_SHARE = 0.5;

  /** Of training, in the file's configuration for Deeplearning4j; nothing in prediction. */
  private static final StepSettings SETTINGS = new StepSettings(0.01f, 0, 0);

  private final JavaSparkContext spark;
  private final QuantizeRequest request;
  private final Consumer<String> listener;
  private final StoredModel model;
  private final ShardFolder shards;
  private final EvaluateRequest onSplit;
  private final List<ModelSpec.Placed> possible;
  private double before;
  private double logLossBefore;

  private QuantizeJob(JavaSparkContext spark, QuantizeRequest request, Consumer<String> listener) {
    this.spark = spark;
    this.request = request;
    this.listener = listener;
    Configuration hadoop = spark.hadoopConfiguration();
    EvaluateRequest asked = request.evaluation();
    model = asked.model().open(hadoop);
    Check.input(
        model.metadata().quantization().isEmpty(),
        "Cannot quantize %s: it has layers in int8 already (use the checkpoint that it was made"
            + " of)",
        model.origin());
    possible = model.metadata().model().leaves().stream().filter(Quantization::isPossible).toList();
    Int8Check.run(
        spark,
        GpuRequest.engine(spark.getConf(), asked.model().engine()).name(),
        model.metadata().model());
    shards = ShardFolder.open(Locations.absolute(asked.data(), hadoop), hadoop);
    onSplit =
        new EvaluateRequest(asked.model(), asked.data(), split(asked.split()), asked.batch(), 1);
  }

  /**
   * Quantizes a model, and writes it if it is accurate enough.
   *
   * @param spark the cluster
   * @param request which model, on what
   * @param output takes the model file
   * @param listener is told of each measurement, in one line
   * @throws io.stoker.failure.StokerException if the model or the data cannot be used, or the
   *     processor cannot compute in int8
   */
  public static QuantizeResult run(
      JavaSparkContext spark,
      QuantizeRequest request,
      OutputFile output,
      Consumer<String> listener) {
    QuantizeJob job = new QuantizeJob(spark, request, listener);
    QuantizeResult result = job.search();
    if (result.withinGate()) {
      job.write(result.quantization(), output);
    }
    return result;
  }

  private String split(String wanted) {
    ShardManifest manifest = shards.manifest();
    return Stream.of(wanted, CalibrateJob.VALIDATION, "test")
        .filter(each -> !each.isBlank() && (each.equals(wanted) || manifest.hasSplit(each)))
        .findFirst()
        .orElse("train");
  }

  private QuantizeResult search() {
    EvaluationReport report = evaluate(Quantization.NONE);
    before = report.accuracy();
    logLossBefore = report.logLoss();
    say("in fp32", report);
    InputMagnitudes magnitudes = magnitudes();
    Candidate best =
        SHARES.stream()
            .map(share -> candidate(rangesOf(share), magnitudes.quantization(share)))
            .min(Candidate.BEST_FIRST)
            .orElseThrow();
    return isWithin(best.report)
        ? result(
            best.ranges,
            best.quantization,
            best.report,
            possible.stream().map(QuantizeResult.Layer::unmeasured).toList())
        : withLayersInFp32(best);
  }

  private record Candidate(String ranges, Quantization quantization, EvaluationReport report) {
    static final Comparator<Candidate> BEST_FIRST =
        Comparator.<Candidate>comparingDouble(each -> -each.report.accuracy())
            .thenComparing(each -> each.report.logLoss());
  }

  private Candidate candidate(String ranges, Quantization quantization) {
    EvaluationReport report = evaluate(quantization);
    say("in int8, ranges of " + ranges, report);
    return new Candidate(ranges, quantization, report);
  }

  private static String rangesOf(double share) {
    return share == 1 ? "all values" : 100 * share + " % of the values";
  }

  private void say(String what, EvaluationReport report) {
    listener.accept(
        String.format(
            Locale.ROOT,
            "%s: %.2f %%, log loss %.4f",
            what,
            100 * report.accuracy(),
            report.logLoss()));
  }

  private boolean isWithin(EvaluationReport report) {
    // The tolerance is for the rounding of differences such as 0.9 - 0.895.
    return QuantizeResult.points(before, report.accuracy()) <= request.mostLoss() + 1e-9;
  }

  private QuantizeResult withLayersInFp32(Candidate all) {
    Map<String, EvaluationReport> alone = new HashMap<>();
    for (ModelSpec.Placed layer : possible) {
      EvaluationReport report = evaluate(all.quantization.only(layer.path()));
      say("only layer %s in int8".formatted(layer.path()), report);
      alone.put(layer.path(), report);
    }
    List<QuantizeResult.Layer> losses =
        possible.stream()
            .map(layer -> loss(layer, alone.get(layer.path())))
            .sorted(
                Comparator.comparingDouble(QuantizeResult.Layer::points)
                    .thenComparing(QuantizeResult.Layer::logLoss)
                    .reversed())
            .toList();
    Candidate last = all;
    for (QuantizeResult.Layer layer : losses) {
      Quantization fewer = last.quantization.without(layer.path());
      if (share(fewer) < LEAST_SHARE || isWithin(last.report)) {
        continue;
      }
      EvaluationReport report = evaluate(fewer);
      say("layer %s in fp32 as well".formatted(layer.path()), report);
      last = new Candidate(last.ranges, fewer, report);
    }
    return result(last.ranges, last.quantization, last.report, losses);
  }

  private QuantizeResult.Layer loss(ModelSpec.Placed layer, EvaluationReport report) {
    return new QuantizeResult.Layer(
        layer.path(),
        layer.layer().label(),
        true,
        QuantizeResult.points(before, report.accuracy()),
        report.logLoss() - logLossBefore);
  }

  /** The share of the arithmetic of convolutions and dense layers that is in int8. */
  private double share(Quantization quantization) {
    double all = possible.stream().mapToDouble(ModelSpec.Placed::flops).sum();
    return possible.stream()
            .filter(layer -> quantization.range(layer).isPresent())
            .mapToDouble(ModelSpec.Placed::flops)
            .sum()
        / all;
  }

  private QuantizeResult result(
      String ranges,
      Quantization quantization,
      EvaluationReport report,
      List<QuantizeResult.Layer> losses) {
    return new QuantizeResult(
        quantization,
        ranges,
        onSplit.split(),
        report.examples(),
        before,
        report.accuracy(),
        isWithin(report),
        losses.stream().map(layer -> layer.computedIn(quantization)).toList());
  }

  private EvaluationReport evaluate(Quantization quantization) {
    return EvaluateJob.run(spark, onSplit, List.of(model.with(quantization)));
  }

  /** The inputs of layers, of the first blocks of the split that hold enough images. */
  private InputMagnitudes magnitudes() {
    TrainedNetwork network =
        TrainedNetwork.of(
            List.of(model),
            GpuRequest.engine(spark.getConf(), onSplit.model().engine()).name(),
            SplitEvaluation.capacity(onSplit),
            onSplit.model().arithmetic());
    EvaluationTask task =
        new EvaluationTask(
            network,
            onSplit.model().testViews(),
            null,
            shards.path().toString(),
            shards.manifestHash(),
            onSplit.split());
    spark.sc().setJobDescription("ranges of " + Locations.plain(model.path().toString()));
    return BlockParts.reduce(spark, blocks(), task::magnitudes, InputMagnitudes::merge);
  }

  private int blocks() {
    int[] rows = shards.manifest().split(onSplit.split()).blockRows();
    int blocks = 0;
    for (long images = 0; blocks < rows.length && images < request.images(); blocks++) {
      images += rows[blocks];
    }
    return blocks;
  }

  private void write(Quantization quantization, OutputFile output) {
    Configuration hadoop = spark.hadoopConfiguration();
    ModelFileWriter writer =
        ModelFileWriter.of(
            model.metadata().with(quantization), SETTINGS, model.parameterSource(hadoop));
    output.write(
        stream ->
            Check.undamaged(
                writer.write(stream).parametersSha256().equals(model.parametersSha256()),
                "Cannot quantize %s: it changed while it was measured",
                model.origin()));
    Calibration.replace(output.path(), model.calibration(), hadoop);
  }
}
