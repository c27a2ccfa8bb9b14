// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Report;
import io.stoker.driver.evaluate.ImageFailure;
import java.util.ArrayList;
import java.util.List;

/** The images that a command could not read: one line for each, while the others go on. */
final class ImageFailures {
  private final Console console;
  private final List<ImageFailure> failures = new ArrayList<>();

  ImageFailures(Console console) {
    this.console = console;
  }

  /** Tells the user at once. */
  void add(ImageFailure failure) {
    failures.add(failure);
    console.printError(failure.message());
  }

  boolean contains(String image) {
    return failures.stream().anyMatch(failure -> failure.image().equals(image));
  }

  /** A report with the failures in its JSON object and the highest of their exit codes. */
  Report report(String text, ObjectNode json) {
    ArrayNode array = json.putArray("unreadable");
    failures.forEach(
        each -> array.addObject().put("image", each.image()).put("error", each.error()));
    return new Report(
        text, json, failures.stream().mapToInt(ImageFailure::exitCode).max().orElse(0));
  }
}
