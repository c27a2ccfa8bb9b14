// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.PhaseClock;
import io.stoker.base.Table;
import java.util.List;
import java.util.stream.Stream;

/**
 * The result of a command, as text and as JSON.
 *
 * @param text lines for people, each ended by a newline
 * @param json one object for scripts
 * @param exitCode 0, unless what was found is a failure
 */
public record Report(String text, ObjectNode json, int exitCode) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  /** Of a command that succeeded. */
  public Report(String text, ObjectNode json) {
    this(text, json, 0);
  }

  /** This report, with the time that each phase of the command took. */
  public Report with(List<PhaseClock.Phase> phases) {
    double seconds = phases.stream().mapToDouble(PhaseClock.Phase::seconds).sum();
    double processor = phases.stream().mapToDouble(PhaseClock.Phase::processorSeconds).sum();
    Table table = new Table(1, 2).row("phase", "seconds", "of processors");
    Stream.concat(phases.stream(), Stream.of(new PhaseClock.Phase("in all", seconds, processor)))
        .forEach(
            phase ->
                table.row(
                    phase.phase(),
                    Line.of("%.2f", phase.seconds()),
                    Line.of("%.2f", phase.processorSeconds())));
    ObjectNode timed = json.deepCopy();
    phases.forEach(phase -> timed.withArray("timing").add(object(phase)));
    return new Report(text + System.lineSeparator() + table, timed, exitCode);
  }

  /**
   * A record's components as a JSON object; {@code imagesPerSecond} becomes {@code
   * images_per_second}.
   */
  public static ObjectNode object(Object components) {
    return MAPPER.valueToTree(components);
  }

  /** An empty JSON object. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }
}
