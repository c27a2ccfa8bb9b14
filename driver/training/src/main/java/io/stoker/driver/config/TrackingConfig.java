// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;

/**
 * Where a job's progress is sent.
 *
 * @param mlflow the URI of an MLflow tracking server, {@code http://HOST:PORT} or {@code
 *     https://...}; empty for none. Names and passwords are not in it: it is written to the run
 *     folder.
 */
public record TrackingConfig(String mlflow) {
  private static final Set<String> SCHEMES = Set.of("http", "https");

  public TrackingConfig {
    mlflow = mlflow.strip();
    if (!mlflow.isEmpty()) {
      check(mlflow);
    }
  }

  /** Whether there is a tracking server. */
  public boolean isOn() {
    return !mlflow.isEmpty();
  }

  private static void check(String text) {
    Check.input(
        text.indexOf('@') < 0,
        "Invalid MLflow URI: it must not contain a user name or a password (set"
            + " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, in"
            + " the environment)");
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw invalid(text);
    }
    boolean known =
        uri.getScheme() != null
            && SCHEMES.contains(uri.getScheme().toLowerCase(Locale.ROOT))
            && uri.getHost() != null
            && uri.getPort() <= 65_535
            && uri.getRawQuery() == null
            && uri.getRawFragment() == null;
    if (!known) {
      throw invalid(text);
    }
  }

  private static InputException invalid(String text) {
    return new InputException(
        "Invalid MLflow URI: %s (must be that of a tracking server, such as http://127.0.0.1:5000)"
            .formatted(text));
  }
}
