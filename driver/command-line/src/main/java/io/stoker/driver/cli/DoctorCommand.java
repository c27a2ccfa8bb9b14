// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.storage.StorageProbe;
import io.stoker.driver.cluster.ClusterState;
import io.stoker.driver.cluster.Diagnosis;
import io.stoker.driver.cluster.EngineFacts;
import io.stoker.driver.cluster.ExecutorDemand;
import io.stoker.driver.cluster.ExecutorRegistration;
import io.stoker.driver.cluster.Finding;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.cluster.ProcessFacts;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.spark.RegisteredExecutors;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.worker.device.InstalledGpu;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "doctor",
    header = "Shows what this machine and cluster can do.",
    customSynopsis = "./stoker [spark-submit option]... doctor [option]...",
    description = {
      "",
      "Examines this process and, by a task in each slot, every executor. Each problem has a line",
      "that says what to do; a PROBLEM ends the command with exit code 4."
    })
final class DoctorCommand extends StokerCommand {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @Option(
      names = "--probe",
      paramLabel = "URI",
      description =
          "Also write, read and delete a small file in this folder, here and from each executor.")
  private String probe = "";

  @Mixin private DeviceOption device;

  private final Table table = new Table();
  private final ObjectNode json = Report.object();
  private final List<Finding> findings = new ArrayList<>();

  DoctorCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    ProcessFacts here = ProcessFacts.here();
    versions();
    machine(here);
    engines(here);
    cluster(here);
    if (!probe.isEmpty()) {
      StorageProbe.Result result = StorageProbe.run(probe, SparkSetup.hadoop());
      table.row("storage", result.toString());
      json.set("storage", Report.object(result));
    }
    ArrayNode array = json.putArray("verdicts");
    for (Finding finding : findings) {
      table.row(
          finding.level() == Finding.Level.OK ? "OK" : finding.level() + ":",
          finding.subject() + ": " + finding.message());
      array.add(Report.object(finding));
    }
    boolean problem =
        findings.stream().anyMatch(finding -> finding.level() == Finding.Level.PROBLEM);
    return new Report(table.toString(), json, problem ? ResourceException.EXIT_CODE : 0);
  }

  private void say(String name, String value) {
    table.row(name, value);
    json.put(name.replace(' ', '_'), value);
  }

  private void versions() {
    say("stoker", Version.stoker());
    say("java", Version.java() + " in " + System.getProperty("java.home"));
    say("spark", Version.spark() + ", Scala " + Version.scala());
    say("hadoop", Version.hadoop());
  }

  private void machine(ProcessFacts here) {
    table
        .row(
            "processor",
            Line.of(
                "%s, %d cores, %s",
                here.processor().name(),
                here.cores(),
                String.join(" ", here.processor().vectorExtensions())))
        .row("memory", gibibytes(here.memoryBytes()) + " in this machine")
        .row("heap", "at most %s (--driver-memory)".formatted(gibibytes(here.heapBytes())))
        .row(
            "native memory",
            "at most %s for networks (STOKER_NATIVE_MEMORY), at most %s resident"
                .formatted(here.nativeLimit(), here.residentLimit()));
    if (here.gpus().isEmpty()) {
      table.row("graphics card", "none found by nvidia-smi");
    }
    here.gpus()
        .forEach(
            gpu ->
                table.row(
                    "graphics card",
                    gpu.gpu()
                        + (gpu.memoryBytes() > 0 ? ", " + gibibytes(gpu.memoryBytes()) : "")
                        + ": "
                        + Engines.verdict(gpu.gpu())));
    describe(here, json);
  }

  /** The properties of a process, by the same keys for the driver and for each executor. */
  private static void describe(ProcessFacts facts, ObjectNode target) {
    target
        .put("processor", facts.processor().name())
        .put("cores", facts.cores())
        .put("memory_bytes", facts.memoryBytes())
        .put("heap_bytes", facts.heapBytes())
        .put("native_limit", facts.nativeLimit())
        .put("resident_limit", facts.residentLimit());
    ArrayNode extensions = target.putArray("vector_extensions");
    facts.processor().vectorExtensions().forEach(extensions::add);
    ArrayNode gpus = target.putArray("graphics_cards");
    for (InstalledGpu each : facts.gpus()) {
      gpus.addObject()
          .put("index", each.index())
          .put("uuid", each.uuid())
          .put("name", each.gpu().name())
          .put("compute_capability", each.gpu().computeCapability())
          .put("memory_bytes", each.memoryBytes())
          .put("usable", Engines.isUsable(each.gpu()))
          .put("verdict", Engines.verdict(each.gpu()));
    }
    ArrayNode engines = target.putArray("engines");
    facts.engines().forEach(engine -> engines.add(Report.object(engine)));
  }

  private void engines(ProcessFacts here) {
    String preferred = Engines.named(Engines.AUTO).name();
    for (EngineFacts engine : here.engines()) {
      table.row(
          "engine",
          "%s: %s%s"
              .formatted(
                  engine.name(),
                  engine.description(),
                  engine.name().equals(preferred) ? " (default)" : ""));
    }
  }

  private void cluster(ProcessFacts here) {
    try (JavaSparkContext spark = SparkSetup.start("doctor", device.configuration())) {
      if (ExecutorDemand.isDynamic(spark)) {
        ExecutorDemand.awaitSettled(spark, 1, PATIENCE);
        findings.add(
            new Finding(
                "allocation",
                Finding.Level.OK,
                "dynamic: train waits until Spark has started executors for all workers; this shows"
                    + " those that are there now"));
      }
      Slots there = ExecutorRegistration.of(spark).awaitSettled(slots -> false, PATIENCE);
      int slots = there.count();
      int executors = spark.isLocal() ? 0 : there.executors().size();
      table.row(
          "cluster",
          Line.of(
              "%s, %d slots%s",
              spark.master(),
              slots,
              spark.isLocal() ? "" : Line.of(" in %d executors", executors)));
      json.put("master", spark.master()).put("slots", slots).put("executors", executors);
      Optional<Engine> gpus = gpus(spark);
      if (slots == 0) {
        findings.add(
            new Finding(
                "slots",
                Finding.Level.PROBLEM,
                executors > 0
                    ? RegisteredExecutors.NO_SLOT
                    : Line.of(
                        "no executor registered within %d s; does the cluster have as many free"
                            + " cores, as much memory and as many GPUs as one executor asks for?",
                        PATIENCE.toSeconds())));
        return;
      }
      ClusterState clusterState = ClusterState.of(spark, there, spark.isLocal() ? "" : probe);
      if (!spark.isLocal()) {
        executors(clusterState);
      }
      findings.addAll(new Diagnosis(here, clusterState).findings(gpus));
    }
  }

  /**
   * The engine of a job on graphics cards, if the configuration asks for GPUs. If there is none, a
   * finding says why.
   */
  private Optional<Engine> gpus(JavaSparkContext spark) {
    if (!GpuRequest.isIn(spark.getConf())) {
      return Optional.empty();
    }
    try {
      return Optional.of(GpuRequest.engine(spark.getConf(), Engines.AUTO));
    } catch (ResourceException e) {
      findings.add(new Finding("gpus", Finding.Level.PROBLEM, e.getMessage()));
      return Optional.empty();
    }
  }

  private void executors(ClusterState clusterState) {
    ArrayNode array = json.putArray("executor_list");
    for (ClusterState.ExecutorState each : clusterState.executors()) {
      ProcessFacts facts = each.facts();
      table.row(
          "executor " + facts.executor(),
          Line.of(
              "%s: %d slots%s, %s, heap %s, native %s, Java %s%s",
              facts.host(),
              each.slots(),
              each.gpus().isEmpty() ? "" : ", GPUs " + String.join(" ", each.gpus()),
              facts.processor().kind(),
              gibibytes(facts.heapBytes()),
              facts.nativeLimit(),
              facts.java(),
              each.storage().isEmpty() ? "" : ", storage " + each.storage()));
      ObjectNode executor =
          array
              .addObject()
              .put("executor", facts.executor())
              .put("host", facts.host())
              .put("slots", each.slots())
              .put("java", facts.java())
              .put("spark", facts.spark());
      ArrayNode gpus = executor.putArray("gpus");
      each.gpus().forEach(gpus::add);
      describe(facts, executor);
    }
  }

  private static String gibibytes(long bytes) {
    return Line.of("%.1f GiB", bytes / (double) (1L << 30));
  }
}
