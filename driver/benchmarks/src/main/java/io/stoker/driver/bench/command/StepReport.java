// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.driver.bench.LayerRate;
import io.stoker.driver.bench.ResidentMemory;
import io.stoker.driver.bench.StepBench;
import io.stoker.driver.bench.StepLoad;
import io.stoker.driver.bench.StepProfile;
import io.stoker.driver.bench.StepRate;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Shows the result of {@code bench step}.
 *
 * @param engine the engine's name
 * @param baseline the name of the baseline; empty without one
 * @param measured the results, one for each size of batch
 */
record StepReport(String engine, String baseline, List<Measured> measured) {
  /**
   * The result for one size of batch.
   *
   * @param load what was measured
   * @param result its rates, then those of the baseline
   * @param profile the time of each layer, if it was asked for
   */
  record Measured(StepLoad load, StepBench.Result result, Optional<StepProfile> profile) {}

  Report report() {
    StepLoad load = measured.get(0).load();
    List<ObjectNode> results = new ArrayList<>();
    Table table =
        new Table(1, 2, 3, 4, 5)
            .row("", "images/s", "a processor second", "ms a step", "99 % within", "GFLOP/s");
    StringBuilder ratios = new StringBuilder();
    StringBuilder details = new StringBuilder();
    for (Measured each : measured) {
      ObjectNode result = Report.object(each.result().rates().get(0));
      result.put("batch", each.load().batch());
      ratios.append(rates(each, table, result));
      each.result().memory().ifPresent(memory -> details.append(memory(each, memory, result)));
      each.profile().ifPresent(found -> details.append(layers(each.load(), found, result)));
      results.add(result);
    }
    ObjectNode json = measured.size() == 1 ? results.get(0) : Report.object();
    json.put("model", load.model().name())
        .put("engine", engine)
        .put("workers", load.workers())
        .put("pass", load.pass().name().toLowerCase(Locale.ROOT))
        .put("precision", load.precision())
        .put("convolution", load.arithmetic().convolution().toString());
    if (measured.size() > 1) {
      json.putArray("batches").addAll(results);
    }
    String title =
        Line.of(
            "%s, batch %s, %d workers, %s, %s:%n",
            load.model().name(),
            measured.stream()
                .map(each -> String.valueOf(each.load().batch()))
                .collect(Collectors.joining(", ")),
            load.workers(),
            json.get("pass").textValue(),
            load.precision());
    return new Report(title + table + ratios + details, json);
  }

  /** Adds the rates of a size of batch to the table, and says how they compare. */
  private String rates(Measured each, Table table, ObjectNode json) {
    StepRate own = each.result().rates().get(0);
    String batch = measured.size() == 1 ? "" : "batch " + each.load().batch();
    String separator = batch.isEmpty() ? "" : ", ";
    table.row(cells(batch + separator + engine, own));
    if (each.result().rates().size() == 1) {
      return "";
    }
    StepRate other = each.result().rates().get(1);
    double ratio = own.imagesPerSecond() / other.imagesPerSecond();
    String fp32 = each.load().precision().equals("fp32") ? "" : " in fp32"; // as it always is
    String name = (baseline.equals("stock") ? "stock Deeplearning4j" : baseline) + fp32;
    table.row(cells(batch + separator + name, other));
    json.set("baseline", Report.object(other).put("name", baseline));
    json.put("ratio", ratio);
    return Line.of(
        "%s%.2f times as many images a second as %s%n",
        batch.isEmpty() ? "" : batch + ": ", ratio, name);
  }

  private static String[] cells(String name, StepRate rate) {
    return new String[] {
      name,
      Line.of("%,.1f", rate.imagesPerSecond()),
      Line.of("%,.1f", rate.imagesPerProcessorSecond()),
      Line.of("%,.2f", rate.stepMilliseconds()),
      Line.of("%,.2f", rate.slowStepMilliseconds()),
      Line.of("%,.1f", rate.gigaflopsPerSecond())
    };
  }

  private String memory(Measured each, ResidentMemory memory, ObjectNode json) {
    long warm = each.result().memoryWarm().orElse(memory).bytes();
    json.put("resident_bytes", memory.bytes())
        .put("resident_bytes_after_warm_up", warm)
        .put("peak_resident_bytes", memory.peakBytes());
    return Line.of(
        "resident memory%s %,d MiB (%,d after the warm-up, %,d at most)%n",
        measured.size() == 1 ? "" : " with batch " + each.load().batch() + ":",
        memory.bytes() >> 20,
        warm >> 20,
        memory.peakBytes() >> 20);
  }

  private static String layers(StepLoad load, StepProfile found, ObjectNode json) {
    json.put("peak_gigaflops_per_second", found.peakGigaflopsPerSecond())
        .put("share_of_peak", found.shareOfPeak())
        .put("other_milliseconds", found.otherMilliseconds());
    ArrayNode array = json.putArray("layers");
    Table table =
        new Table(3, 4, 5, 6, 7)
            .row(
                "layer",
                "output",
                "algorithm",
                "forward ms",
                "GFLOP/s",
                "backward ms",
                "GFLOP/s",
                "of the peak");
    for (LayerRate layer : found.layers()) {
      array.add(Report.object(layer));
      boolean back = layer.backwardMilliseconds() > 0;
      table.row(
          "  ".repeat(layer.depth()) + layer.layer(),
          layer.output(),
          layer.algorithm(),
          milliseconds(layer.forwardMilliseconds()),
          Line.of("%,.1f", layer.forwardGigaflopsPerSecond()),
          back ? milliseconds(layer.backwardMilliseconds()) : "",
          back ? Line.of("%,.1f", layer.backwardGigaflopsPerSecond()) : "",
          percent(layer.shareOfPeak()));
    }
    String other = load.pass() == StepLoad.Pass.TRAINING ? "loss, update" : "softmax";
    table.row(other, "", "", milliseconds(found.otherMilliseconds()));
    return Line.of(
        "%n%sThe peak is %,.1f GFLOP/s on %d workers; a step is at %s of it.%n",
        table, found.peakGigaflopsPerSecond(), load.workers(), percent(found.shareOfPeak()));
  }

  private static String milliseconds(double value) {
    return Line.of("%,.3f", value);
  }

  private static String percent(double share) {
    return Line.of("%.1f %%", 100 * share);
  }
}
