// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Requests to the REST API of an MLflow tracking server. Each has a time limit and an answer of
 * bounded length, and no redirect is followed: credentials go to the server that the user has named
 * and to no other. Used by one thread, and closed by any.
 */
final class MlflowServer implements AutoCloseable {
  /** Runs with a thousand params, tags and metrics take some hundred kilobytes. */
  private static final int LONGEST_ANSWER = 8 << 20;

  private static final String ARTIFACTS = "mlflow-artifacts:";

  private static final JsonMapper JSON = new JsonMapper();

  private final String uri;
  private final Duration limit;
  private final HttpClient client;
  private volatile Optional<CompletableFuture<?>> underWay = Optional.empty();
  private volatile boolean closed;

  /**
   * @param uri where it is
   * @param limit how long one request may take
   */
  MlflowServer(String uri, Duration limit) {
    this.uri = uri.replaceAll("/+$", "");
    this.limit = limit;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(limit)
            .build();
  }

  String uri() {
    return uri;
  }

  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  /**
   * Asks for something.
   *
   * @param path of the API, such as {@code runs/get}
   * @param key the name of the query's parameter
   * @throws MlflowException if it fails or takes too long
   */
  JsonNode get(String path, String key, String value) {
    return json(
        send(
            api(
                "%s?%s=%s"
                    .formatted(path, key, URLEncoder.encode(value, StandardCharsets.UTF_8)))));
  }

  /**
   * Changes something.
   *
   * @throws MlflowException if it fails or takes too long
   */
  JsonNode post(String path, ObjectNode body) {
    return json(
        send(
            api(path)
                .header("Content-Type", "application/json; charset=utf-8")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))));
  }

  private HttpRequest.Builder api(String path) {
    return HttpRequest.newBuilder(URI.create(uri + "/api/2.0/mlflow/" + path));
  }

  private static JsonNode json(byte[] answer) {
    try {
      JsonNode json = JSON.readTree(answer);
      if (json.isObject()) {
        return json;
      }
      throw new MlflowException("its answer is not that of an MLflow server");
    } catch (JsonProcessingException e) {
      throw new MlflowException("its answer is not that of an MLflow server", e);
    } catch (IOException e) {
      throw new MlflowException("its answer is no text", e);
    }
  }

  /**
   * Uploads a file, where the server takes artifacts.
   *
   * @param root the URI of the run's artifacts
   * @return whether the server takes them
   * @throws MlflowException if it fails or takes too long
   */
  boolean upload(String root, String name, byte[] content) {
    if (!root.matches("\\Q" + ARTIFACTS + "\\E/?[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/?")) {
      return false;
    }
    String path = root.substring(ARTIFACTS.length()).replaceAll("^/+|/+$", "");
    send(
        HttpRequest.newBuilder(
                URI.create(
                    "%s/api/2.0/mlflow-artifacts/artifacts/%s/%s".formatted(uri, path, name)))
            .header("Content-Type", "text/html")
            .PUT(HttpRequest.BodyPublishers.ofByteArray(content)));
    return true;
  }

  private byte[] send(HttpRequest.Builder request) {
    if (closed) {
      throw new MlflowException("the job has ended");
    }
    authorization().ifPresent(value -> request.header("Authorization", value));
    CompletableFuture<HttpResponse<byte[]>> sent =
        client.sendAsync(request.build(), answer -> new BoundedAnswer(LONGEST_ANSWER));
    underWay = Optional.of(sent);
    try {
      return accepted(sent.get(limit.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      throw new MlflowException("no answer within %s s".formatted(limit.toSeconds()), e);
    } catch (ExecutionException e) {
      throw new MlflowException(reason(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MlflowException("interrupted", e);
    } finally {
      sent.cancel(true);
    }
  }

  /** The HTTP client gives some failures no message. */
  private static String reason(Throwable failure) {
    if (failure instanceof ConnectException && failure.getMessage() == null) {
      return failure.getCause() != null
              && failure.getCause().getCause() instanceof UnresolvedAddressException
          ? "its host is unknown"
          : "the connection is refused";
    }
    return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
  }

  private static byte[] accepted(HttpResponse<byte[]> answer) {
    int status = answer.statusCode();
    if (status / 100 == 2) {
      return answer.body();
    }
    if (status / 100 == 3) {
      throw new MlflowException(
          "it answers %s, a redirect, which is not followed because credentials would go with it (name the server's own address)"
              .formatted(status),
          status);
    }
    throw new MlflowException("it answers %s%s".formatted(status, reason(answer.body())), status);
  }

  /** What MLflow says of an error, where the answer is its own. */
  private static String reason(byte[] body) {
    try {
      JsonNode json = JSON.readTree(body);
      String code = json.path("error_code").asText();
      String message = json.path("message").asText();
      return code.isEmpty()
          ? ""
          : " (%s)".formatted(message.isEmpty() ? code : code + ": " + message);
    } catch (IOException e) {
      return "";
    }
  }

  static Optional<String> environment(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isBlank());
  }

  private static Optional<String> authorization() {
    Optional<String> token = environment("MLFLOW_TRACKING_TOKEN").map(value -> "Bearer " + value);
    return token.or(
        () ->
            environment("MLFLOW_TRACKING_USERNAME")
                .flatMap(
                    name ->
                        environment("MLFLOW_TRACKING_PASSWORD")
                            .map(password -> basic(name + ":" + password))));
  }

  private static String basic(String pair) {
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  /** Ends a request that is under way; no other can be made. */
  @Override
  public void close() {
    closed = true;
    underWay.ifPresent(request -> request.cancel(true));
  }
}
