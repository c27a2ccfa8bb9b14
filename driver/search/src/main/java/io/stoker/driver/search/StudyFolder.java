// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.plan.Fold;
import io.stoker.data.shard.FoldManifest;
import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.CheckpointStore;
import io.stoker.driver.checkpoint.ManifestFormat;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunLock;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A study's folder: {@code study.json} says what it is, {@code results/000003-1.json} what became
 * of a trial on a rung, and {@code trials/000003} is the trial's run folder. Each file is written
 * once and whole, so that a study can be killed at any moment. {@code trials.jsonl} and {@code
 * trials.parquet} have all results for people and programs; they follow from the others.
 */
public final class StudyFolder {
  /** The record's file name. */
  public static final String FILE = "study.json";

  private static final String RESULTS = "results";
  private static final String LINES_FILE = "trials.jsonl";
  private static final String TABLE_FILE = "trials.parquet";
  private static final ObjectWriter LINES =
      ManifestFormat.JSON.writer().without(SerializationFeature.INDENT_OUTPUT);

  private final Path path;
  private final Configuration hadoop;

  private StudyFolder(Path path, Configuration hadoop) {
    this.path = path;
    this.hadoop = hadoop;
  }

  /**
   * The study folder at a place, whether there is one yet or not.
   *
   * @param path absolute
   */
  public static StudyFolder at(Path path, Configuration hadoop) {
    return new StudyFolder(path, hadoop);
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** Whether a study is here. */
  public boolean isStudy() {
    return Storage.isThere(new Path(path, FILE), hadoop);
  }

  /**
   * Keeps other drivers off it.
   *
   * @throws InputException if another driver has it
   */
  RunLock lock() {
    try {
      return RunLock.tryAcquire(path, "study.lock", hadoop)
          .orElseThrow(
              () -> new InputException("Study %s is run by another driver".formatted(path)));
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /**
   * The plan of the study that is here.
   *
   * @throws InputException if there is none
   * @throws DamagedException if its record is damaged
   */
  public StudyPlan plan() {
    try {
      StudyPlan plan = ManifestFormat.readOlder(new Path(path, FILE), StudyPlan.class, hadoop);
      plan.brackets();
      plan.searchSpace();
      return plan;
    } catch (InputException e) {
      throw new DamagedException("%s/%s is damaged: %s".formatted(path, FILE, e.getMessage()), e);
    } catch (FileNotFoundException e) {
      throw new InputException(
          "Not a study: %s (it has no %s; leave out --resume and --best to begin one)"
              .formatted(path, FILE),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read study " + path, e);
    }
  }

  /**
   * Makes sure that nothing is here that a new study would replace.
   *
   * @throws InputException if something is
   */
  public void refuseExisting() {
    try {
      FileSystem fileSystem = Storage.of(path, hadoop);
      Check.input(
          !fileSystem.exists(path) || fileSystem.getFileStatus(path).isDirectory(),
          "Invalid study folder: %s is a file",
          path);
      Check.input(
          !fileSystem.exists(new Path(path, FILE)),
          "Study %s is there already: say --resume to go on with it, or another --study",
          path);
      for (String other : List.of(RunFolder.FILE, "manifest.json")) {
        Check.input(
            !fileSystem.exists(new Path(path, other)),
            "Invalid study folder: %s holds a run or a data set (--study takes a new folder)",
            path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach study folder " + path, e);
    }
  }

  /** Makes the folder: the folds first, and the plan last. */
  void record(StudyPlan plan) {
    try {
      Storage.of(path, hadoop).mkdirs(path);
      writeFolds(plan);
      ManifestFormat.write(new Path(path, FILE), plan.toJson(), hadoop);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** The run folder of a trial; with cross-validation, the folder of its runs. */
  public Path run(int trial) {
    return new Path(path, String.format(Locale.ROOT, "trials/%06d", trial));
  }

  /** The run folder of one of {@link StudyPlan#runs}. */
  Path run(int trial, int number) {
    return number == 0 ? run(trial) : new Path(run(trial), "fold-" + number);
  }

  /** What one of {@link StudyPlan#runs} is trained on. */
  String data(StudyPlan plan, int number) {
    return number == 0 ? plan.data() : fold(number).toString();
  }

  private Path fold(int part) {
    return new Path(path, "folds/" + part);
  }

  /** Writes the folds of the data. */
  private void writeFolds(StudyPlan plan) throws IOException {
    for (int part = 1; part <= plan.folds(); part++) {
      FoldManifest.of(plan.data(), plan.dataSha256(), new Fold(part, plan.folds()))
          .write(fold(part), hadoop);
    }
  }

  /** Whether a run has begun. */
  boolean hasRun(Path run) {
    return Storage.isThere(new Path(run, RunFolder.FILE), hadoop);
  }

  /** The validations of each run of a trial, an epoch each. */
  public List<List<ValidationMetrics>> validations(StudyPlan plan, int trial) {
    return plan.runs().stream()
        .map(number -> RunFolder.at(run(trial, number), hadoop).validations().read())
        .toList();
  }

  /** Deletes the checkpoints of a trial that will not go on. */
  void deleteCheckpoints(StudyPlan plan, int trial) {
    try {
      for (int number : plan.runs()) {
        OwnFolder.at(path, hadoop).deleteTree(new Path(run(trial, number), CheckpointStore.FOLDER));
      }
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** Writes a result. */
  void write(TrialResult result) {
    try {
      Path folder = new Path(path, RESULTS);
      Storage.of(folder, hadoop).mkdirs(folder);
      ManifestFormat.write(new Path(folder, result.file()), result, hadoop);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /**
   * All results, by rung and trial.
   *
   * @throws DamagedException if one is damaged or none of the plan
   */
  List<TrialResult> results(StudyPlan plan) {
    List<TrialResult> results = new ArrayList<>();
    try {
      Path folder = new Path(path, RESULTS);
      for (FileStatus file : Storage.of(folder, hadoop).listStatus(folder)) {
        if (file.getPath().getName().matches("[0-9]{6}-[0-9]+\\.json")) {
          TrialResult result = ManifestFormat.readOlder(file.getPath(), TrialResult.class, hadoop);
          Check.undamaged(
              file.getPath().getName().equals(result.file()) && plan.has(result),
              "%s is damaged: study.json has no such trial and rung",
              file.getPath());
          results.add(result);
        }
      }
    } catch (FileNotFoundException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the results of study " + path, e);
    }
    results.sort(Comparator.comparingInt(TrialResult::rung).thenComparingInt(TrialResult::trial));
    return results;
  }

  /** Writes a file of the folder whole, in place of an earlier one. */
  public void write(String name, byte[] content) {
    try {
      Storage.replace(new Path(path, name), content, hadoop);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** The Parquet file with all results, which is there when a rung has ended. */
  public Path tableFile() {
    return new Path(path, TABLE_FILE);
  }

  /** Writes all results, each with its trial's options, as lines of JSON and as a Parquet file. */
  void writeTables(Standing standing) {
    StringBuilder lines = new StringBuilder();
    for (TrialResult result : standing.results()) {
      ObjectNode line = ManifestFormat.JSON.valueToTree(result);
      line.remove("shortfall"); // how the study compares values
      line.put("state", result.state().word());
      if (!result.isDone()) {
        line.putNull("value");
      }
      line.set("options", standing.options().get(result.trial()));
      try {
        lines.append(LINES.writeValueAsString(line)).append('\n');
      } catch (JsonProcessingException e) {
        throw new IllegalStateException(e);
      }
    }
    write(LINES_FILE, lines.toString().getBytes(StandardCharsets.UTF_8));
    try {
      write(TABLE_FILE, TrialTable.of(standing));
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private ResourceException unwritable(IOException e) {
    return new ResourceException(
        "Cannot write study folder %s: %s".formatted(path, Storage.reason(e)), e);
  }
}
