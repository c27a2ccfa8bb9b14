package io.stoker.driver.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Runs that are followed side by side. Its methods may be called by several threads. */
final class LiveRuns {
  /** More curves than these are no picture. */
  private static final int MAXIMUM_RUNS = 20;

  /** Many windows cost the storage no more than one. */
  private static final Duration FRESH = Duration.ofSeconds(1);

  private final List<String> locations;
  private final Configuration hadoop;
  private final Map<Path, LiveRun> runs = new LinkedHashMap<>();
  private ObjectNode view;
  private long viewed;

  /**
   * @param locations run folders, or folders of run folders, whose runs are looked for anew each
   *     time
   * @param hadoop how to reach them
   */
  LiveRuns(List<String> locations, Configuration hadoop) {
    this.locations = List.copyOf(locations);
    this.hadoop = hadoop;
  }

  /**
   * Makes sure that each location is there.
   *
   * @throws InputException if one is not, or there are too many runs for a page
   */
  void check() {
    folders();
  }

  private Set<Path> folders() {
    Set<Path> folders = new LinkedHashSet<>();
    locations.forEach(location -> folders.addAll(RunSummary.folders(location, hadoop)));
    Check.input(
        folders.size() <= MAXIMUM_RUNS,
        "Too many runs for a page: %d (at most %d; name them with --run)",
        folders.size(),
        MAXIMUM_RUNS);
    return folders;
  }

  /** What the page shows now. */
  synchronized ObjectNode view() {
    if (view == null || System.nanoTime() - viewed > FRESH.toNanos()) {
      view = look();
      viewed = System.nanoTime();
    }
    return view;
  }

  private ObjectNode look() {
    Set<Path> folders;
    try {
      folders = folders();
    } catch (InputException e) {
      folders = Set.of(); // Of a run that is about to begin there is no folder yet.
    }
    runs.keySet().retainAll(folders);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("live", true);
    ArrayNode array = json.putArray("runs");
    for (Path folder : folders) {
      array.add(runs.computeIfAbsent(folder, path -> new LiveRun(path, hadoop)).look());
    }
    distinguish(array);
    return json;
  }

  /** Runs of one name in different folders are called by their whole paths. */
  private static void distinguish(ArrayNode runs) {
    Set<String> names = new HashSet<>();
    Set<String> ambiguous = new HashSet<>();
    for (JsonNode run : runs) {
      String name = run.get("name").asText();
      if (!names.add(name)) {
        ambiguous.add(name);
      }
    }
    for (JsonNode run : runs) {
      if (ambiguous.contains(run.get("name").asText())) {
        ((ObjectNode) run).put("name", run.get("folder").asText());
      }
    }
  }
}
