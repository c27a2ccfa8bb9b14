// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.run.BestValidation;
import io.stoker.driver.run.RunFolder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The MLflow run of a training job or a study. It is made, or found again, by the first request.
 */
final class MlflowRun {
  private static final Logger LOG = LoggerFactory.getLogger(MlflowRun.class);

  private static final String EXPERIMENT = "stoker";
  private static final String REPORT = "report.html";

  /** Earlier servers take no longer values of params. */
  private static final int LONGEST_PARAM = 500;

  /** What one request may hold. */
  private static final int PARAMS_OF_A_REQUEST = 100;

  private static final String GET_RUN = "runs/get";
  private static final String LOG_BATCH = "runs/log-batch";
  private static final String RUNNING = "RUNNING";

  private final MlflowServer server;
  private final Path folder;
  private final boolean resumed;
  private final MlflowSubject subject;
  private final Configuration hadoop;
  private final long begun = System.currentTimeMillis();

  /** What the server calls the run, its experiment, and the place of its artifacts. */
  private record Info(String id, String experiment, String artifacts) {}

  private Optional<Info> run = Optional.empty();
  private boolean described;

  /** The validations that were sent. */
  private final List<ValidationMetrics> validations = new ArrayList<>();

  /** The last step of each metric that MLflow has. */
  private final Map<String, Long> logged = new HashMap<>();

  /** The last round in the run folder before those of this driver. */
  private volatile long earlier;

  /**
   * @param server where it is
   * @param folder the folder of the job or study
   * @param resumed whether to go on with the MLflow run that the folder names, if it does
   * @param subject what the run shows
   * @param hadoop how to reach the folder
   */
  MlflowRun(
      MlflowServer server,
      Path folder,
      boolean resumed,
      MlflowSubject subject,
      Configuration hadoop) {
    this.server = server;
    this.folder = folder;
    this.resumed = resumed;
    this.subject = subject;
    this.hadoop = hadoop;
  }

  /** Says which round the job goes on from, before its first event. */
  void goOnFrom(long round) {
    earlier = round;
  }

  /** Whether there is one on the server. */
  boolean isOpen() {
    return run.isPresent();
  }

  /**
   * Logs events, in one request.
   *
   * @return how many events the server refuses for good, which it would refuse again
   * @throws RuntimeException if the server, or the run folder, cannot be reached
   */
  int log(List<Event> events) {
    return log(opened().id(), events);
  }

  /** A server that refuses a request may refuse one event of it: it is sent in halves. */
  private int log(String id, List<Event> events) {
    try {
      logBatch(id, events);
      return 0;
    } catch (MlflowException e) {
      if (!e.isRefusal()) {
        throw e;
      }
      LOG.debug("MLflow refuses {} events", events.size(), e);
      int half = events.size() / 2;
      return half == 0
          ? 1
          : log(id, events.subList(0, half)) + log(id, events.subList(half, events.size()));
    }
  }

  private void logBatch(String id, List<Event> events) {
    ObjectNode batch = MlflowServer.object().put("run_id", id);
    Map<String, String> tags = new LinkedHashMap<>();
    Map<String, Long> steps = new HashMap<>();
    for (Event event : events) {
      tags.putAll(event.tags());
      validations.addAll(event.validations());
      event
          .metrics()
          .forEach(
              (name, value) -> {
                if (event.step() > logged.getOrDefault(name, 0L)) {
                  steps.put(name, event.step());
                  batch
                      .withArray("metrics")
                      .addObject()
                      .put("key", name)
                      .put("value", value)
                      .put("timestamp", event.milliseconds())
                      .put("step", event.step());
                }
              });
    }
    if (events.stream().anyMatch(event -> !event.validations().isEmpty())) {
      tags.putAll(ofBest());
    }
    if (!steps.isEmpty() || !tags.isEmpty()) {
      put(batch.putArray("tags"), tags);
      server.post(LOG_BATCH, batch);
      steps.forEach((name, step) -> logged.merge(name, step, Math::max));
    }
  }

  /** The best checkpoint so far, and the metric that it is the best by, as tags. */
  private Map<String, String> ofBest() {
    Map<String, String> tags = new LinkedHashMap<>();
    RunFolder folderOfRun = RunFolder.at(folder, hadoop);
    BestValidation.of(validations, folderOfRun.recorded().job().config())
        .ifPresent(
            best -> {
              ValidationMetrics validation = best.validation();
              tags.put("stoker.best_metric", Event.name(validation.split(), best.metric()));
              tags.put("stoker.best_value", Double.toString(best.value()));
              tags.put("stoker.best_round", Long.toString(validation.round()));
              tags.put(
                  "stoker.best_checkpoint",
                  Locations.plain(folderOfRun.checkpoints().folder(validation.round()).toString()));
            });
    return tags;
  }

  /**
   * The run's id; the run is made if it is not there. For any thread.
   *
   * @throws RuntimeException if the server, or the folder, cannot be reached
   */
  String id() {
    return opened().id();
  }

  /** Uploads the report, and ends the run. */
  void end(PendingEvents.End how) {
    Info info = opened();
    try {
      if (how == PendingEvents.End.FINISHED) {
        subject.report().ifPresent(page -> upload(info, page));
      }
    } finally {
      update(info.id(), how.name());
    }
  }

  private void upload(Info info, byte[] page) {
    if (!server.upload(info.artifacts(), REPORT, page)) {
      LOG.info("MLflow stores artifacts outside its server: the report is not uploaded");
    }
  }

  private void update(String id, String status) {
    ObjectNode change = MlflowServer.object().put("run_id", id).put("status", status);
    if (!status.equals(RUNNING)) {
      change.put("end_time", System.currentTimeMillis());
    }
    server.post("runs/update", change);
  }

  private synchronized Info opened() {
    if (run.isEmpty()) {
      Optional<MlflowRecord> record =
          resumed ? MlflowRecord.read(folder, server.uri(), hadoop) : Optional.empty();
      run = record.flatMap(this::continued);
      if (run.isEmpty()) {
        Info created = create();
        MlflowRecord.write(folder, server.uri(), created.experiment(), created.id(), hadoop);
        run = Optional.of(created);
      }
      LOG.info(
          "MLflow: {}/#/experiments/{}/runs/{}",
          server.uri(),
          run.get().experiment(),
          run.get().id());
    }
    if (!described) {
      describe(run.get().id());
      logEarlier(run.get().id());
      described = true;
    }
    return run.get();
  }

  /** The run that an earlier driver made, unless it was deleted. */
  private Optional<Info> continued(MlflowRecord record) {
    try {
      JsonNode found = server.get(GET_RUN, "run_id", record.runId()).path("run");
      if (!found.path("info").path("lifecycle_stage").asText().equals("active")) {
        return Optional.empty();
      }
      update(record.runId(), RUNNING);
      for (JsonNode metric : found.path("data").path("metrics")) {
        logged.put(metric.path("key").asText(), metric.path("step").asLong());
      }
      return Optional.of(info(found));
    } catch (MlflowException e) {
      if (e.isNotFound()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static Info info(JsonNode run) {
    JsonNode info = run.path("info");
    String id = info.path("run_id").asText();
    String experiment = info.path("experiment_id").asText();
    if (!MlflowRecord.isId(id) || !MlflowRecord.isId(experiment)) {
      throw new MlflowException("it answers with no run's id");
    }
    return new Info(id, experiment, info.path("artifact_uri").asText());
  }

  /**
   * Logs the rounds and validations of earlier drivers that MLflow lacks. All get one time: MLflow
   * stores a value once if a request that seemed to fail is repeated.
   */
  private void logEarlier(String id) {
    if (earlier == 0) {
      return;
    }
    List<Event> events =
        Stream.concat(
                MetricsLog.read(folder, hadoop).stream().map(Event::of),
                RunFolder.at(folder, hadoop).validations().content().valid().stream()
                    .map(Event::of))
            .filter(event -> event.step() <= earlier)
            .map(event -> event.at(begun))
            .toList();
    parts(events, MlflowSender.EVENTS_OF_A_REQUEST).forEach(some -> log(id, some));
  }

  private Info create() {
    ObjectNode request =
        MlflowServer.object()
            .put("experiment_id", experiment())
            .put("run_name", subject.name())
            .put("start_time", System.currentTimeMillis());
    Map<String, String> tags = new LinkedHashMap<>();
    tags.put("mlflow.source.name", subject.source());
    tags.put("mlflow.user", System.getProperty("user.name", "unknown"));
    subject.parent().ifPresent(parent -> tags.put("mlflow.parentRunId", parent));
    put(request.putArray("tags"), tags);
    return info(server.post("runs/create", request).path("run"));
  }

  private String experiment() {
    String name = MlflowServer.environment("MLFLOW_EXPERIMENT_NAME").orElse(EXPERIMENT);
    try {
      return server
          .get("experiments/get-by-name", "experiment_name", name)
          .path("experiment")
          .path("experiment_id")
          .asText();
    } catch (MlflowException e) {
      if (e.isNotFound()) {
        return server
            .post("experiments/create", MlflowServer.object().put("name", name))
            .path("experiment_id")
            .asText();
      }
      throw e;
    }
  }

  /**
   * Logs the subject's options. MLflow refuses other values for a param: changed ones become tags.
   */
  private void describe(String id) {
    Map<String, String> there = new HashMap<>();
    for (JsonNode param :
        server.get(GET_RUN, "run_id", id).path("run").path("data").path("params")) {
      there.put(param.path("key").asText(), param.path("value").asText());
    }
    Map<String, String> params = new LinkedHashMap<>();
    Map<String, String> tags = new LinkedHashMap<>();
    subject
        .params()
        .forEach(
            (name, value) -> {
              String text = shortened(value);
              if (!there.containsKey(name)) {
                params.put(name, text);
              } else if (!there.get(name).equals(text)) {
                tags.put("stoker.resumed_with." + name, text);
              }
            });
    tags.putAll(subject.tags());
    parts(List.copyOf(params.entrySet()), PARAMS_OF_A_REQUEST)
        .forEach(
            some -> {
              ObjectNode batch = MlflowServer.object().put("run_id", id);
              ArrayNode list = batch.putArray("params");
              some.forEach(param -> put(list, Map.ofEntries(param)));
              server.post(LOG_BATCH, batch);
            });
    ObjectNode batch = MlflowServer.object().put("run_id", id);
    put(batch.putArray("tags"), tags);
    server.post(LOG_BATCH, batch);
  }

  /** Adds keys and their values, as MLflow has params and tags. */
  private static void put(ArrayNode list, Map<String, String> values) {
    values.forEach((key, value) -> list.addObject().put("key", key).put("value", value));
  }

  /** Parts of a list for requests of their own. */
  private static <T> Stream<List<T>> parts(List<T> all, int most) {
    return IntStream.iterate(0, from -> from < all.size(), from -> from + most)
        .mapToObj(from -> all.subList(from, Math.min(all.size(), from + most)));
  }

  private static String shortened(String text) {
    return text.length() <= LONGEST_PARAM ? text : text.substring(0, LONGEST_PARAM - 3) + "...";
  }
}
