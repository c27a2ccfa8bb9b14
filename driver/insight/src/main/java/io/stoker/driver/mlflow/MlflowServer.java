// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.logging.log4j.core.config.Configurator;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/**
 * Requests to an MLflow tracking server by MLflow's own client, which has no time limit and logs
 * each failure: here each request has a limit, and the caller says what has failed. Used by one
 * thread, and closed by any.
 */
final class MlflowServer implements AutoCloseable {
  /** The client's HTTP library logs retries there. Kept, since loggers are held weakly. */
  private static final Logger HTTP = Logger.getLogger("org.mlflow_project");

  private static final String ARTIFACTS = "mlflow-artifacts:";

  static {
    HTTP.setLevel(Level.OFF);
    Configurator.setLevel("org.mlflow", org.apache.logging.log4j.Level.OFF);
  }

  private final String uri;
  private final Duration limit;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "stoker-mlflow-timer");
            thread.setDaemon(true);
            return thread;
          });
  private volatile MlflowClient client;
  private volatile boolean closed;

  /**
   * @param uri where it is
   * @param limit how long one request may take
   */
  MlflowServer(String uri, Duration limit) {
    this.uri = uri.replaceAll("/+$", "");
    this.limit = limit;
  }

  String uri() {
    return uri;
  }

  /**
   * Makes a request.
   *
   * @throws MlflowException if it fails or takes too long
   */
  <T> T request(Function<MlflowClient, T> work) {
    if (closed) {
      throw new MlflowException("the job has ended");
    }
    MlflowClient current = client == null ? connect() : client;
    // Closing the client ends the request that waits for an answer.
    Future<?> guard = timer.schedule(() -> drop(current), limit.toMillis(), TimeUnit.MILLISECONDS);
    try {
      return work.apply(current);
    } catch (RuntimeException e) {
      if (guard.isDone()) {
        throw new MlflowException("no answer within %s s".formatted(limit.toSeconds()), e);
      }
      throw e;
    } finally {
      guard.cancel(false);
    }
  }

  private MlflowClient connect() {
    client = new MlflowClient(credentials());
    return client;
  }

  private BasicMlflowHostCreds credentials() {
    Optional<String> token = environment("MLFLOW_TRACKING_TOKEN");
    if (token.isPresent()) {
      return new BasicMlflowHostCreds(uri, token.get());
    }
    Optional<String> name = environment("MLFLOW_TRACKING_USERNAME");
    Optional<String> password = environment("MLFLOW_TRACKING_PASSWORD");
    return name.isPresent() && password.isPresent()
        ? new BasicMlflowHostCreds(uri, name.get(), password.get())
        : new BasicMlflowHostCreds(uri);
  }

  static Optional<String> environment(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isBlank());
  }

  /**
   * Uploads a file, where the server takes artifacts. MLflow's client would start Python for it.
   *
   * @param root the URI of the run's artifacts
   * @return whether the server takes them
   * @throws MlflowException if it fails
   */
  boolean upload(String root, String name, byte[] content) {
    if (!root.startsWith(ARTIFACTS) || root.startsWith(ARTIFACTS + "//")) {
      return false;
    }
    String path = root.substring(ARTIFACTS.length()).replaceAll("^/+|/+$", "");
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create(
                    "%s/api/2.0/mlflow-artifacts/artifacts/%s/%s".formatted(uri, path, name)))
            .timeout(limit)
            .header("Content-Type", "text/html")
            .PUT(HttpRequest.BodyPublishers.ofByteArray(content));
    authorize(request);
    try {
      HttpResponse<Void> answer =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(limit)
              .build()
              .send(request.build(), HttpResponse.BodyHandlers.discarding());
      if (answer.statusCode() / 100 != 2) {
        throw new MlflowException("it answers %s to an artifact".formatted(answer.statusCode()));
      }
      return true;
    } catch (IOException e) {
      throw new MlflowException("cannot upload an artifact: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MlflowException("interrupted", e);
    }
  }

  private void authorize(HttpRequest.Builder request) {
    BasicMlflowHostCreds credentials = credentials();
    if (credentials.getToken() != null) {
      request.header("Authorization", "Bearer " + credentials.getToken());
    } else if (credentials.getUsername() != null) {
      String pair = credentials.getUsername() + ":" + credentials.getPassword();
      request.header(
          "Authorization",
          "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
    }
  }

  /** Ends the requests of a client; the next one has another. */
  private void drop(MlflowClient old) {
    if (client == old) {
      client = null;
    }
    old.close();
  }

  /** Ends a request that is under way; no other can be made. */
  @Override
  public void close() {
    closed = true;
    MlflowClient current = client;
    if (current != null) {
      drop(current);
    }
    timer.shutdownNow();
  }
}
