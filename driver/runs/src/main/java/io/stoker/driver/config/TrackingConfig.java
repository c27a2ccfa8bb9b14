// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Pattern;

/**
 * Where a job's progress is sent.
 *
 * @param mlflow the URI of an MLflow tracking server, {@code http://HOST:PORT} or {@code
 *     https://...}; empty for none. Names and passwords are not in it: it is written to the run
 *     folder.
 */
public record TrackingConfig(String mlflow) {
  /**
   * The URI is written to the run folder, logged and shown, so that nothing may be in it in which a
   * secret has its place: no user, no parameters of a path ({@code ;name=value}), no query, no
   * fragment, and no encoded characters.
   */
  private static final Pattern PLAIN =
      Pattern.compile(
          "(?i)https?://([a-z0-9._-]+|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?(/[a-z0-9._~-]*)*");

  private static final Pattern SECRET_PLACE = Pattern.compile("[@;?#%&=\\\\]");

  public TrackingConfig {
    mlflow = mlflow.strip();
    Check.input(
        mlflow.isEmpty() || isTracker(mlflow),
        "Invalid MLflow URI: %s (must be that of a tracking server and nothing else, such as"
            + " http://127.0.0.1:5000 or https://HOST/PATH; a name and a password are set in the"
            + " environment: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or"
            + " MLFLOW_TRACKING_TOKEN)",
        SECRET_PLACE.matcher(mlflow).find() ? "not shown, a password may be in it" : mlflow);
  }

  /** Whether there is a tracking server. */
  public boolean isOn() {
    return !mlflow.isEmpty();
  }

  private static boolean isTracker(String text) {
    try {
      URI uri = new URI(text);
      return PLAIN.matcher(text).matches() && uri.getHost() != null && uri.getPort() <= 65_535;
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
