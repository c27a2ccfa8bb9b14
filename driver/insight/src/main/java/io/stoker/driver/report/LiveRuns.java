// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.failure.InputException;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The runs that a dashboard follows. It is used by one thread at a time. */
final class LiveRuns {
  /** More curves in one chart cannot be told apart. */
  static final int MAXIMUM_RUNS = 20;

  /** Looking for runs takes at most a tenth of the time, however many there are. */
  private static final int SEARCH_SHARE = 10;

  private final List<String> locations;
  private final Configuration hadoop;
  private final Map<Path, LiveRun> runs = new LinkedHashMap<>();
  private List<RunFolders.Found> found = List.of();
  private long nextSearch = System.nanoTime();

  /**
   * @param locations run folders, or folders of run folders, in which runs are looked for again and
   *     again
   * @param hadoop how to reach them
   */
  LiveRuns(List<String> locations, Configuration hadoop) {
    this.locations = List.copyOf(locations);
    this.hadoop = hadoop;
  }

  /**
   * Makes sure that each location is there.
   *
   * @throws InputException if one is not
   */
  void check() {
    search();
  }

  /** The run folders, each once, in the order of the locations. */
  private List<RunFolders.Found> search() {
    Map<Path, RunFolders.Found> folders = new LinkedHashMap<>();
    for (String location : locations) {
      RunFolders.in(location, hadoop).forEach(each -> folders.put(each.folder(), each));
    }
    return List.copyOf(folders.values());
  }

  /** The runs as the page shows them now. */
  ObjectNode look() {
    long start = System.nanoTime();
    if (start - nextSearch >= 0) {
      try {
        found = search();
      } catch (InputException e) {
        found = List.of(); // Of a run that is about to begin there is no folder yet.
      }
      long end = System.nanoTime();
      nextSearch = end + (SEARCH_SHARE - 1) * (end - start);
    }
    List<RunFolders.Found> shown = newest(found);
    runs.keySet().retainAll(shown.stream().map(RunFolders.Found::folder).toList());
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("live", true).put("not_shown", found.size() - shown.size());
    ArrayNode array = json.putArray("runs");
    for (RunFolders.Found each : shown) {
      LiveRun run = runs.computeIfAbsent(each.folder(), path -> new LiveRun(path, hadoop));
      array.add(run.look(RunFolders.at(each.folder(), hadoop)));
    }
    distinguish(array);
    return json;
  }

  /** The runs that were written to last, in their own order. */
  private static List<RunFolders.Found> newest(List<RunFolders.Found> found) {
    Set<RunFolders.Found> newest =
        found.stream()
            .sorted(Comparator.comparing(RunFolders.Found::updated).reversed())
            .limit(MAXIMUM_RUNS)
            .collect(Collectors.toSet());
    return found.stream().filter(newest::contains).toList();
  }

  /** Runs in different folders that have the same name are shown with their whole paths. */
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
