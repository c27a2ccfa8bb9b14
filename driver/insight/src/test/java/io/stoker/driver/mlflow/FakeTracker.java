// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** Answers the requests of MLflow's REST API that a training makes, well or badly. */
final class FakeTracker implements AutoCloseable {
  /** What it does with requests. */
  enum Mood {
    WELL,
    /** A page of a proxy, with status 200. */
    HTML,
    /** JSON of another shape, with status 200. */
    OTHER_JSON,
    /** A run whose id is no id. */
    HOSTILE_ID,
    ERROR_500,
    FORBIDDEN,
    /** The connection is closed without an answer. */
    DROP,
    /** The answer never comes. */
    HANG
  }

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String RUN =
      """
      {"run": {"info": {"run_id": "%s", "experiment_id": "7", "lifecycle_stage": "active",
        "artifact_uri": "mlflow-artifacts:/7/run/artifacts"},
       "data": {"metrics": [%s], "params": [%s]}}}
      """;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicInteger requests = new AtomicInteger();
  private volatile Mood mood;
  private volatile int badRequests = Integer.MAX_VALUE;
  private volatile Predicate<JsonNode> refused = batch -> false;

  /** What was logged: the last value and step of each metric by name. */
  final Map<String, TreeMap<Long, Double>> metrics = new ConcurrentHashMap<>();

  final Map<String, String> params = new ConcurrentHashMap<>();
  final Map<String, String> tags = new ConcurrentHashMap<>();
  final List<String> statuses = new CopyOnWriteArrayList<>();
  final Map<String, String> artifacts = new ConcurrentHashMap<>();
  final AtomicInteger runs = new AtomicInteger();

  /** The requests that made runs; run1 is the first. */
  final List<JsonNode> created = new CopyOnWriteArrayList<>();

  /** What was logged to runs that are below others, by run. */
  final Map<String, List<JsonNode>> children = new ConcurrentHashMap<>();

  FakeTracker(Mood mood) {
    this.mood = mood;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** The first requests are answered by the mood, and those after them well. */
  FakeTracker recoveringAfter(int bad) {
    badRequests = bad;
    return this;
  }

  /** Batches like these are answered with status 400. */
  FakeTracker refusing(Predicate<JsonNode> batches) {
    refused = batches;
    return this;
  }

  String uri() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  int requests() {
    return requests.get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Mood now = requests.incrementAndGet() > badRequests ? Mood.WELL : mood;
      byte[] body = exchange.getRequestBody().readAllBytes();
      String path = exchange.getRequestURI().getPath();
      switch (now) {
        case HTML -> send(exchange, 200, "<html>\u001b[31mWelcome</html>");
        case OTHER_JSON -> send(exchange, 200, "{\"run\": [1, 2], \"experiment\": 3}");
        case HOSTILE_ID ->
            send(
                exchange,
                200,
                path.endsWith("/create")
                    ? "{\"experiment_id\": \"7\", \"run\": {\"info\": {\"run_id\": \"../../x\"}}}"
                    : "{\"experiment\": {\"experiment_id\": \"7\"}}");
        case ERROR_500 -> send(exchange, 500, "{\"error_code\": \"INTERNAL_ERROR\"}");
        case FORBIDDEN -> send(exchange, 403, "{\"error_code\": \"PERMISSION_DENIED\"}");
        case DROP -> {}
        case HANG -> closed.await();
        case WELL -> well(exchange, path, new String(body, StandardCharsets.UTF_8));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void well(HttpExchange exchange, String path, String body) throws IOException {
    if (exchange.getRequestMethod().equals("PUT")) {
      artifacts.put(path.substring(path.lastIndexOf('/') + 1), body);
      send(exchange, 200, "{}");
      return;
    }
    switch (path.substring("/api/2.0/mlflow/".length())) {
      case "experiments/get-by-name" ->
          send(exchange, 404, "{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\"}");
      case "experiments/create" -> send(exchange, 200, "{\"experiment_id\": \"7\"}");
      case "runs/create" -> send(exchange, 200, create(JSON.readTree(body)));
      case "runs/get" -> {
        String id = exchange.getRequestURI().getQuery().replace("run_id=", "");
        send(exchange, runs.get() == 0 ? 404 : 200, run(id));
      }
      case "runs/update" -> {
        statuses.add(JSON.readTree(body).get("status").asText());
        send(exchange, 200, "{}");
      }
      case "runs/log-batch" -> {
        JsonNode batch = JSON.readTree(body);
        if (refused.test(batch)) {
          send(exchange, 400, "{\"error_code\": \"INVALID_PARAMETER_VALUE\"}");
        } else {
          log(batch);
          send(exchange, 200, "{}");
        }
      }
      default -> send(exchange, 404, "{\"error_code\": \"ENDPOINT_NOT_FOUND\"}");
    }
  }

  private synchronized String create(JsonNode request) {
    String id = "run" + runs.incrementAndGet();
    created.add(request);
    if (request.toString().contains("mlflow.parentRunId")) {
      children.put(id, new CopyOnWriteArrayList<>());
    }
    return run(id);
  }

  private String run(String id) {
    if (children.containsKey(id)) {
      return RUN.formatted(id, "", "");
    }
    StringBuilder logged = new StringBuilder();
    metrics.forEach(
        (name, values) ->
            logged.append(
                "%s{\"key\": \"%s\", \"value\": %s, \"step\": %s}"
                    .formatted(
                        logged.isEmpty() ? "" : ", ",
                        name,
                        values.lastEntry().getValue(),
                        values.lastKey())));
    StringBuilder known = new StringBuilder();
    params.forEach(
        (key, value) ->
            known.append(
                "%s{\"key\": \"%s\", \"value\": %s}"
                    .formatted(known.isEmpty() ? "" : ", ", key, JSON.valueToTree(value))));
    return RUN.formatted(id, logged, known);
  }

  private void log(JsonNode batch) {
    List<JsonNode> child = children.get(batch.path("run_id").asText());
    if (child != null) {
      child.add(batch);
      return;
    }
    for (JsonNode metric : batch.path("metrics")) {
      metrics
          .computeIfAbsent(metric.get("key").asText(), name -> new TreeMap<>())
          .merge(
              metric.get("step").asLong(),
              metric.get("value").asDouble(),
              (first, second) -> {
                throw new IllegalStateException("logged twice: " + metric);
              });
    }
    batch.path("params").forEach(p -> params.put(p.get("key").asText(), p.get("value").asText()));
    batch.path("tags").forEach(t -> tags.put(t.get("key").asText(), t.get("value").asText()));
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
