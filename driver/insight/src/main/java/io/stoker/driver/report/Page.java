// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes the page: one HTML file that contains its scripts, styles, pictures and data. Its
 * Content-Security-Policy allows these scripts and styles by their hashes and nothing else, so that
 * a browser runs no script from data, and loads nothing.
 */
final class Page {
  private static final String CHARTS = "/META-INF/resources/webjars/uplot/%s/dist/%s";
  private static final String CHARTS_VERSION =
      "/META-INF/maven/org.webjars.npm/uplot/pom.properties";
  private static final Pattern PLACE = Pattern.compile("\\{\\{([a-z]+)}}");

  private static final String TEMPLATE = resource("page.html");
  private static final String STYLE = charts("uPlot.min.css") + resource("page.css");
  private static final String LIBRARY = charts("uPlot.iife.min.js");

  /** Draws runs. */
  static final String SCRIPT = resource("page.js");

  private static final ObjectMapper JSON = new ObjectMapper();

  private Page() {}

  /**
   * Makes a page.
   *
   * @param view the data that it shows, in the form that {@code page.js} reads
   */
  static byte[] of(ObjectNode view) {
    return of(view, SCRIPT);
  }

  /**
   * Makes a page that another script draws.
   *
   * @param view the data that it shows
   * @param script what draws it
   */
  static byte[] of(ObjectNode view, String script) {
    Map<String, String> parts =
        Map.of(
            "policy", policy(script),
            "style", STYLE,
            "data", json(view),
            "library", LIBRARY,
            "script", script);
    return PLACE
        .matcher(TEMPLATE)
        .replaceAll(place -> Matcher.quoteReplacement(parts.get(place.group(1))))
        .getBytes(StandardCharsets.UTF_8);
  }

  /** The Content-Security-Policy of the page: its own scripts, and requests to its own server. */
  static String policy(String script) {
    return "default-src 'none'; img-src data:; connect-src 'self'; base-uri 'none';"
        + " form-action 'none'; style-src %s; script-src %s %s"
            .formatted(hash(STYLE), hash(LIBRARY), hash(script));
  }

  /** Writes JSON in which an HTML parser finds no markup. */
  private static String json(ObjectNode view) {
    try {
      return JSON.writeValueAsString(view).replace("<", "\\u003c");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String hash(String content) {
    byte[] digest = Sha256.of(content.getBytes(StandardCharsets.UTF_8));
    return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
  }

  private static String charts(String file) {
    try (InputStream in = stream(CHARTS_VERSION)) {
      Properties properties = new Properties();
      properties.load(in);
      return resource(CHARTS.formatted(properties.getProperty("version"), file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String resource(String name) {
    try (InputStream in = stream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream stream(String name) throws IOException {
    InputStream in = Page.class.getResourceAsStream(name);
    if (in == null) {
      throw new FileNotFoundException("No resource " + name);
    }
    return in;
  }
}
