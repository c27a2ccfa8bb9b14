// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.RunFolder;
import io.stoker.driver.checkpoint.RunRecord;
import io.stoker.driver.config.ConfigFormat;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.report.ReportJob;
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
import org.mlflow.api.proto.Service;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowHttpException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The MLflow run of a training job. It is made, or found again, by the first request. */
final class MlflowRun {
  private static final Logger LOG = LoggerFactory.getLogger(MlflowRun.class);

  private static final String EXPERIMENT = "stoker";
  private static final String REPORT = "report.html";

  /** Earlier servers take no longer values of params. */
  private static final int LONGEST_PARAM = 500;

  /** What one request may hold. */
  private static final int PARAMS_OF_A_REQUEST = 100;

  private static final int NOT_FOUND = 404;

  private final MlflowServer server;
  private final Path folder;
  private final boolean resumed;
  private final Configuration hadoop;
  private final long begun = System.currentTimeMillis();

  private Optional<Service.RunInfo> run = Optional.empty();
  private boolean described;

  /** The last step of each metric that MLflow has. */
  private final Map<String, Long> logged = new HashMap<>();

  /** The last round in the run folder before those of this driver. */
  private volatile long earlier;

  /**
   * @param server where it is
   * @param folder the run folder
   * @param resumed whether to go on with the MLflow run that the run folder names, if it does
   * @param hadoop how to reach the run folder
   */
  MlflowRun(MlflowServer server, Path folder, boolean resumed, Configuration hadoop) {
    this.server = server;
    this.folder = folder;
    this.resumed = resumed;
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
   * @throws RuntimeException if the server, or the run folder, cannot be reached
   */
  void log(List<Event> events) {
    log(opened().getRunId(), events);
  }

  private void log(String id, List<Event> events) {
    List<Service.Metric> metrics = new ArrayList<>();
    Map<String, String> tags = new LinkedHashMap<>();
    for (Event event : events) {
      tags.putAll(event.tags());
      for (Map.Entry<String, Double> metric : event.metrics().entrySet()) {
        if (event.step() > logged.getOrDefault(metric.getKey(), 0L)) {
          metrics.add(metric(event, metric.getKey(), metric.getValue()));
        }
      }
    }
    if (!metrics.isEmpty() || !tags.isEmpty()) {
      request(client -> client.logBatch(id, metrics, List.of(), tags(tags)));
      metrics.forEach(metric -> logged.merge(metric.getKey(), metric.getStep(), Math::max));
    }
  }

  private static Service.Metric metric(Event event, String name, double value) {
    return Service.Metric.newBuilder()
        .setKey(name)
        .setValue(value)
        .setTimestamp(event.milliseconds())
        .setStep(event.step())
        .build();
  }

  /** Uploads the report, and ends the run. */
  void end(PendingEvents.End how) {
    Service.RunInfo info = opened();
    try {
      if (how == PendingEvents.End.FINISHED
          && !server.upload(info.getArtifactUri(), REPORT, ReportJob.curves(folder, hadoop))) {
        LOG.info(
            "MLflow stores artifacts outside its server ({}): the report is not uploaded",
            Locations.plain(info.getArtifactUri()));
      }
    } finally {
      request(
          client -> client.setTerminated(info.getRunId(), Service.RunStatus.valueOf(how.name())));
    }
  }

  private Service.RunInfo opened() {
    if (run.isEmpty()) {
      Optional<MlflowRecord> record =
          resumed ? MlflowRecord.read(folder, server.uri(), hadoop) : Optional.empty();
      run = record.flatMap(this::continued);
      if (run.isEmpty()) {
        Service.RunInfo created = create();
        MlflowRecord.write(folder, server.uri(), created, hadoop);
        run = Optional.of(created);
      }
      LOG.info(
          "MLflow: {}/#/experiments/{}/runs/{}",
          server.uri(),
          run.get().getExperimentId(),
          run.get().getRunId());
    }
    if (!described) {
      describe(run.get().getRunId());
      logEarlier(run.get().getRunId());
      described = true;
    }
    return run.get();
  }

  /** The run that an earlier driver made, unless it was deleted. */
  private Optional<Service.RunInfo> continued(MlflowRecord record) {
    try {
      Service.Run found = server.request(client -> client.getRun(record.runId()));
      if (!found.getInfo().getLifecycleStage().equals("active")) {
        return Optional.empty();
      }
      String again = "{\"run_id\": \"%s\", \"status\": \"RUNNING\"}".formatted(record.runId());
      request(client -> client.sendPost("runs/update", again));
      found
          .getData()
          .getMetricsList()
          .forEach(metric -> logged.put(metric.getKey(), metric.getStep()));
      return Optional.of(found.getInfo());
    } catch (MlflowHttpException e) {
      if (e.getStatusCode() == NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
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

  private Service.RunInfo create() {
    String name = MlflowServer.environment("MLFLOW_EXPERIMENT_NAME").orElse(EXPERIMENT);
    String experiment =
        server
            .request(client -> client.getExperimentByName(name))
            .map(Service.Experiment::getExperimentId)
            .orElseGet(() -> server.request(client -> client.createExperiment(name)));
    Service.CreateRun.Builder request =
        Service.CreateRun.newBuilder()
            .setExperimentId(experiment)
            .setRunName(folder.getName())
            .setStartTime(System.currentTimeMillis());
    tags(Map.of(
            "mlflow.source.name",
            "stoker train",
            "mlflow.user",
            System.getProperty("user.name", "unknown")))
        .forEach(request::addTags);
    Service.RunInfo created = server.request(client -> client.createRun(request.build()));
    if (!MlflowRecord.isId(created.getRunId())) {
      throw new MlflowException("it answers with no run's id");
    }
    return created;
  }

  /** Logs the job's options. MLflow refuses other values for a param: changed ones become tags. */
  private void describe(String id) {
    RunRecord record = RunFolder.at(folder, hadoop).recorded();
    Map<String, String> there = new HashMap<>();
    server
        .request(client -> client.getRun(id))
        .getData()
        .getParamsList()
        .forEach(param -> there.put(param.getKey(), param.getValue()));
    List<Service.Param> params = new ArrayList<>();
    Map<String, String> tags = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> option :
        ConfigFormat.toJson(record.job().config()).properties()) {
      JsonNode value = option.getValue();
      String text = shortened(value.isTextual() ? value.textValue() : value.toString());
      if (!there.containsKey(option.getKey())) {
        params.add(Service.Param.newBuilder().setKey(option.getKey()).setValue(text).build());
      } else if (!there.get(option.getKey()).equals(text)) {
        tags.put("stoker.resumed_with." + option.getKey(), text);
      }
    }
    tags.put("stoker.run", Locations.plain(folder.toString()));
    tags.put("stoker.rounds", Integer.toString(record.rounds()));
    tags.put("stoker.data_manifest_sha256", record.job().dataSha256());
    record.versions().forEach((what, version) -> tags.put("stoker.version." + what, version));
    parts(params, PARAMS_OF_A_REQUEST)
        .forEach(some -> request(client -> client.logBatch(id, List.of(), some, List.of())));
    request(client -> client.logBatch(id, List.of(), List.of(), tags(tags)));
  }

  /** Parts of a list for requests of their own. */
  private static <T> Stream<List<T>> parts(List<T> all, int most) {
    return IntStream.iterate(0, from -> from < all.size(), from -> from + most)
        .mapToObj(from -> all.subList(from, Math.min(all.size(), from + most)));
  }

  private static String shortened(String text) {
    return text.length() <= LONGEST_PARAM ? text : text.substring(0, LONGEST_PARAM - 3) + "...";
  }

  private static List<Service.RunTag> tags(Map<String, String> values) {
    return values.entrySet().stream()
        .map(
            tag ->
                Service.RunTag.newBuilder().setKey(tag.getKey()).setValue(tag.getValue()).build())
        .toList();
  }

  /** A request without an answer. */
  private interface Request {
    void send(MlflowClient client);
  }

  private void request(Request work) {
    server.request(
        client -> {
          work.send(client);
          return true;
        });
  }
}
