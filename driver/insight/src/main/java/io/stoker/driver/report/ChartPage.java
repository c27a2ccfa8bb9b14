// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Makes a page of charts and tables: one HTML file, as a report is. */
public final class ChartPage {
  /** Draws charts and tables. */
  static final String SCRIPT = Page.resource("charts.js");

  private ChartPage() {}

  /**
   * Makes a page.
   *
   * @param view a {@code title}, a {@code text}, {@code charts} and {@code tables}. A chart has a
   *     {@code title}, the name of its horizontal axis {@code x}, {@code logarithmic} for that
   *     axis, and {@code lines}, each with a {@code name} and arrays {@code x} and {@code y}. A
   *     table has a {@code title}, a {@code head} and {@code rows} of text. Parallel coordinates
   *     ({@code parallel}, which may be absent) have a {@code title}, {@code axes} with a {@code
   *     name} and {@code marks} ({@code at}, {@code text}), and {@code lines}, the best first, with
   *     a {@code name} and a position from 0 to 1 for each axis ({@code at})
   */
  public static byte[] of(ObjectNode view) {
    return Page.of(view, SCRIPT);
  }
}
