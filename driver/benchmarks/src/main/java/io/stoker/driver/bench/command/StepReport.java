// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.bench.LayerRate;
import io.stoker.driver.bench.ResidentMemory;
import io.stoker.driver.bench.StepBench;
import io.stoker.driver.bench.StepLoad;
import io.stoker.driver.bench.StepProfile;
import io.stoker.driver.bench.StepRate;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.Table;
import java.util.Locale;
import java.util.Optional;

/**
 * Shows the result of {@code bench step}.
 *
 * @param load what was measured
 * @param engine the engine's name
 * @param baseline the name of the baseline; empty without one
 * @param result its rates, then those of the baseline
 * @param profile the time of each layer, if it was asked for
 */
record StepReport(
    StepLoad load,
    String engine,
    String baseline,
    StepBench.Result result,
    Optional<StepProfile> profile) {
  Report report() {
    StepRate rate = result.rates().get(0);
    ObjectNode json = Report.object(rate);
    json.put("model", load.model().name())
        .put("engine", engine)
        .put("batch", load.batch())
        .put("workers", load.workers())
        .put("pass", load.pass().name().toLowerCase(Locale.ROOT))
        .put("precision", load.arithmetic().precision().toString())
        .put("convolution", load.arithmetic().convolution().toString());
    StringBuilder text = new StringBuilder();
    text.append(
        Line.of(
            "%s, batch %d, %d workers, %s, %s:%n",
            load.model().name(),
            load.batch(),
            load.workers(),
            json.get("pass").textValue(),
            load.arithmetic().precision()));
    text.append(rates(json));
    result.memory().ifPresent(memory -> text.append(memory(memory, json)));
    profile.ifPresent(found -> text.append(layers(found, json)));
    return new Report(text.toString(), json);
  }

  private String rates(ObjectNode json) {
    Table table = new Table(1, 2, 3).row("", "images/s", "ms a step", "GFLOP/s");
    StepRate own = result.rates().get(0);
    table.row(cells(engine, own));
    if (result.rates().size() == 1) {
      return table.toString();
    }
    StepRate other = result.rates().get(1);
    double ratio = own.imagesPerSecond() / other.imagesPerSecond();
    String name = baseline.equals("stock") ? "stock Deeplearning4j" : baseline;
    table.row(cells(name, other));
    json.set("baseline", Report.object(other).put("name", baseline));
    json.put("ratio", ratio);
    return Line.of("%s%.2f times as many images a second as %s%n", table, ratio, name);
  }

  private static String[] cells(String name, StepRate rate) {
    return new String[] {
      name,
      Line.of("%,.1f", rate.imagesPerSecond()),
      Line.of("%,.2f", rate.stepMilliseconds()),
      Line.of("%,.1f", rate.gigaflopsPerSecond())
    };
  }

  private String memory(ResidentMemory memory, ObjectNode json) {
    long warm = result.memoryWarm().orElse(memory).bytes();
    json.put("resident_bytes", memory.bytes())
        .put("resident_bytes_after_warm_up", warm)
        .put("peak_resident_bytes", memory.peakBytes());
    return Line.of(
        "resident memory %,d MiB (%,d after the warm-up, %,d at most)%n",
        memory.bytes() >> 20, warm >> 20, memory.peakBytes() >> 20);
  }

  private String layers(StepProfile found, ObjectNode json) {
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
