// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.probe;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.augment.Distortion;
import io.stoker.driver.evaluate.ClassScore;
import io.stoker.driver.evaluate.EvaluationReport;
import java.util.List;

/**
 * How a network does on distorted images.
 *
 * @param plain on the images as they are
 * @param curves one a distortion
 * @param seed of what was left to chance
 * @param seconds the wall clock of the whole job
 */
public record ProbeReport(EvaluationReport plain, List<Curve> curves, long seed, double seconds) {
  /**
   * A distortion at each of its levels.
   *
   * @param distortion which
   * @param measurements in the order of its levels
   */
  public record Curve(Distortion distortion, List<Measurement> measurements) {
    public Curve {
      measurements = List.copyOf(measurements);
    }
  }

  /**
   * One level.
   *
   * @param level in units of the distortion
   * @param accuracy the share whose own class is the most probable one
   * @param logLoss in nats
   * @param recalls of each class in label order, the share of its examples that are taken for it
   */
  public record Measurement(double level, double accuracy, double logLoss, List<Double> recalls) {
    public Measurement {
      recalls = List.copyOf(recalls);
    }

    static Measurement of(double level, EvaluationReport report) {
      return new Measurement(
          level,
          report.accuracy(),
          report.logLoss(),
          report.classes().stream().map(ClassScore::recall).toList());
    }
  }

  public ProbeReport {
    curves = List.copyOf(curves);
  }

  /** All of it as one JSON object. */
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("checkpoint", plain.checkpoint())
        .put("model", plain.model())
        .put("parameters_sha256", plain.parametersSha256())
        .put("data", plain.data())
        .put("split", plain.split())
        .put("examples", plain.examples())
        .put("accuracy", plain.accuracy())
        .put("log_loss", plain.logLoss())
        .put("seed", seed);
    plain.classes().forEach(each -> json.withArray("class_names").add(each.name()));
    for (Curve curve : curves) {
      ObjectNode distortion =
          json.withArray("distortions")
              .addObject()
              .put("name", curve.distortion().label())
              .put("unit", curve.distortion().unit())
              .put("neutral", curve.distortion().neutral());
      ArrayNode levels = distortion.putArray("levels");
      for (Measurement measurement : curve.measurements()) {
        ObjectNode level =
            levels
                .addObject()
                .put("level", measurement.level())
                .put("accuracy", measurement.accuracy())
                .put("log_loss", measurement.logLoss());
        measurement.recalls().forEach(level.putArray("recalls")::add);
      }
    }
    json.put("seconds", seconds);
    return json;
  }
}
