package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "doctor",
    header = "Shows what this machine and cluster can do.",
    customSynopsis = "./stoker [spark-submit option]... doctor [option]...")
final class DoctorCommand extends StokerCommand {
  private static final String NATIVE_LIMIT = "org.bytedeco.javacpp.maxbytes";
  private static final String RESIDENT_LIMIT = "org.bytedeco.javacpp.maxphysicalbytes";

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Option(
      names = "--probe",
      paramLabel = "URI",
      description = "Also write, read and delete a small file in this folder.")
  private String probe = "";

  private final Table table = new Table();
  private final ObjectNode json = Report.object();

  DoctorCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    versions();
    processor();
    memory();
    graphicsCards();
    engines();
    cluster();
    if (!probe.isEmpty()) {
      StorageProbe.Result result = StorageProbe.run(probe, SparkSide.hadoop());
      table.row("storage", result.toString());
      json.set("storage", Report.object(result));
    }
    return new Report(table.toString(), json);
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

  private void processor() {
    Processor processor = Processor.here();
    int cores = Runtime.getRuntime().availableProcessors();
    table.row(
        "processor",
        "%s, %d cores, %s"
            .formatted(processor.name(), cores, String.join(" ", processor.vectorExtensions())));
    json.put("processor", processor.name()).put("cores", cores);
    ArrayNode extensions = json.putArray("vector_extensions");
    processor.vectorExtensions().forEach(extensions::add);
  }

  private void memory() {
    long machine =
        ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getTotalMemorySize();
    long heap = Runtime.getRuntime().maxMemory();
    table.row("memory", gibibytes(machine) + " in this machine");
    table.row("heap", "at most %s (--driver-memory)".formatted(gibibytes(heap)));
    table.row(
        "native memory",
        "at most %s for networks (STOKER_NATIVE_MEMORY), at most %s resident"
            .formatted(limit(NATIVE_LIMIT), limit(RESIDENT_LIMIT)));
    json.put("memory_bytes", machine)
        .put("heap_bytes", heap)
        .put("native_limit", limit(NATIVE_LIMIT))
        .put("resident_limit", limit(RESIDENT_LIMIT));
  }

  private void graphicsCards() {
    List<GraphicsCard> cards = GraphicsCard.installed();
    ArrayNode array = json.putArray("graphics_cards");
    if (cards.isEmpty()) {
      table.row("graphics card", "none found by nvidia-smi");
    }
    for (GraphicsCard card : cards) {
      table.row("graphics card", card.toString());
      array
          .addObject()
          .put("name", card.name())
          .put("compute_capability", card.computeCapability())
          .put("usable", card.usable());
    }
  }

  private void engines() {
    String preferred = Engines.named(Engines.AUTO).name();
    ArrayNode array = json.putArray("engines");
    for (Engine engine : Engines.all()) {
      boolean available = engine.available();
      String description = available ? engine.description() : "cannot run on this machine";
      table.row(
          "engine",
          engine.name()
              + ": "
              + description
              + (engine.name().equals(preferred) ? " (default)" : ""));
      array
          .addObject()
          .put("name", engine.name())
          .put("available", available)
          .put("description", description);
    }
  }

  private void cluster() {
    try (JavaSparkContext spark = SparkSide.start("doctor")) {
      int executors = spark.sc().isLocal() ? 0 : executors(spark);
      int slots = spark.defaultParallelism();
      table.row(
          "cluster",
          "%s, %d slots%s"
              .formatted(
                  spark.master(),
                  slots,
                  spark.sc().isLocal() ? "" : " in %d executors".formatted(executors)));
      json.put("master", spark.master()).put("slots", slots).put("executors", executors);
    }
  }

  /** The executors that come within a while; a cluster starts them one by one. */
  private static int executors(JavaSparkContext spark) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    int before = -1;
    int now = count(spark);
    try {
      while (System.nanoTime() < end && (now == 0 || now > before)) {
        before = now;
        TimeUnit.SECONDS.sleep(1);
        now = count(spark);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return now;
  }

  private static int count(JavaSparkContext spark) {
    // The driver is in the list too.
    return spark.sc().statusTracker().getExecutorInfos().length - 1;
  }

  private static String limit(String property) {
    String value = System.getProperty(property, "the library's default");
    return value.equals("0") ? "no limit" : value;
  }

  private static String gibibytes(long bytes) {
    return "%.1f GiB".formatted(bytes / (double) (1L << 30));
  }
}
