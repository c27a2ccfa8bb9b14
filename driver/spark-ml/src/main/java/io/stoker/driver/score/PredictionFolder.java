// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import io.stoker.data.storage.OutputFolder;
import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.data.storage.WriteProbe;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;

/**
 * The folder that predictions are written to.
 *
 * <p>Tasks write to a folder inside of it, {@value #STAGING}, which Parquet readers pass over
 * because its name begins with an underscore. When all predictions are there, {@link #publish}
 * takes {@value #SUCCESS} away, deletes the old predictions, moves the new ones to their place and
 * writes {@value #SUCCESS} again. So a job that is killed leaves the old predictions whole, or the
 * new ones whole, or a folder without {@value #SUCCESS}; and the old ones are not deleted before
 * all of the new ones exist.
 *
 * <p>Only files that {@link PredictionMarker} lists are ever deleted, and none through a symbolic
 * link.
 */
final class PredictionFolder {
  static final String STAGING = "_stoker_new";
  static final String SUCCESS = "_SUCCESS";

  /** How many foreign files are named. */
  private static final int NAMED = 5;

  private final Path path;
  private final Path staging;
  private final Configuration hadoop;
  private final FileSystem fileSystem;
  private final OwnFolder own;
  private boolean made;

  /**
   * @param path with its filesystem
   * @param hadoop how to reach it
   */
  PredictionFolder(Path path, Configuration hadoop) throws IOException {
    this.path = path;
    this.staging = new Path(path, STAGING);
    this.hadoop = hadoop;
    this.fileSystem = Storage.of(path, hadoop);
    this.own = OwnFolder.at(path, hadoop);
  }

  /** Where tasks write to. */
  Path staging() {
    return staging;
  }

  /**
   * Checks that predictions can be written here, and that what is here may be replaced. Changes
   * nothing.
   *
   * @param input what is classified
   * @param existing what to do with predictions that are there
   * @throws InputException if there is anything but predictions of ours, or predictions that are to
   *     stay, or if input and output lie in each other
   * @throws io.stoker.failure.ResourceException if the folder cannot be written to
   */
  void check(Path input, BulkPredictRequest.ExistingOutput existing) throws IOException {
    Path real = Storage.real(path, hadoop);
    Path realInput = Storage.real(input, hadoop);
    Check.input(
        !isWithin(realInput, real) && !isWithin(real, realInput),
        "Invalid output: %s (input %s and output must not lie in each other)",
        path,
        input);
    OutputFolder.check("output", path.toString(), hadoop);
    List<FileStatus> present = present();
    Optional<PredictionMarker> marker = PredictionMarker.read(path, hadoop);
    if (present.isEmpty() || isOnlyMarker(present, marker)) {
      return;
    }
    Check.input(
        existing == BulkPredictRequest.ExistingOutput.OVERWRITE,
        "Output %s is not empty (choose another folder, or --overwrite if it holds predictions)",
        path);
    requireNoLinks(present);
    Check.input(
        marker.isPresent(),
        "Output %s holds files and no %s: they are no predictions of Stoker's, and stay (choose"
            + " another folder)",
        path,
        PredictionMarker.FILE);
    requireOnlyOurs(present, marker.get());
  }

  /** What a job leaves that was stopped before it had written any predictions. */
  private static boolean isOnlyMarker(List<FileStatus> present, Optional<PredictionMarker> marker) {
    return present.size() == 1 && marker.isPresent() && marker.get().files().isEmpty();
  }

  private void requireNoLinks(List<FileStatus> present) {
    if (!(fileSystem instanceof RawLocalFileSystem)) {
      return; // HDFS has no symbolic links, object stores neither.
    }
    Check.input(
        !isLink(path), "Output %s is a symbolic link: nothing is replaced through it", path);
    for (FileStatus each : present) {
      Check.input(
          !isLink(each.getPath()),
          "Output %s holds a symbolic link, %s: it stays (choose another folder)",
          path,
          each.getPath().getName());
    }
  }

  private boolean isLink(Path file) {
    return Files.isSymbolicLink(((RawLocalFileSystem) fileSystem).pathToFile(file).toPath());
  }

  private void requireOnlyOurs(List<FileStatus> present, PredictionMarker marker)
      throws IOException {
    Set<String> ours =
        new HashSet<>(Set.of(PredictionMarker.FILE, unfinishedMarker(), SUCCESS, STAGING));
    Path file = null;
    for (FileStatus each : present) {
      String name = each.getPath().getName();
      if (each.isFile() && Long.valueOf(each.getLen()).equals(marker.files().get(name))) {
        ours.add(name);
        file = each.getPath();
      }
    }
    List<String> foreign =
        present.stream()
            .map(each -> each.getPath().getName())
            .filter(name -> !ours.contains(name))
            .sorted()
            .toList();
    Check.input(
        foreign.isEmpty(),
        "Output %s holds files that are no predictions: %s (choose another folder)",
        path,
        foreign.subList(0, Math.min(NAMED, foreign.size())));
    if (file != null) {
      MessageType schema = schema(file);
      Check.input(
          TopColumns.NAMES.stream().allMatch(schema::containsField),
          "Output %s holds a table that is not of predictions: %s lacks one of the columns %s"
              + " (choose another folder)",
          path,
          file.getName(),
          TopColumns.NAMES);
    }
  }

  private MessageType schema(Path file) throws IOException {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(file, hadoop))) {
      return reader.getFileMetaData().getSchema();
    } catch (RuntimeException e) {
      throw new InputException(
          "Output %s holds %s, which is no Parquet file (choose another folder)"
              .formatted(path, file.getName()),
          e);
    }
  }

  /** Makes the folder, marks it as ours, and deletes what an earlier job left unfinished. */
  void begin() throws IOException {
    made = !fileSystem.exists(path);
    fileSystem.mkdirs(path);
    PredictionMarker marker =
        PredictionMarker.read(path, hadoop).orElseGet(() -> new PredictionMarker(Map.of()));
    marker.write(path, hadoop);
    own.deleteTree(staging);
    own.deleteOnExit(staging); // where Ctrl-C ends the process
  }

  /**
   * Puts what tasks have written in place of what was here.
   *
   * @param names of the files in {@link #staging} that are predictions
   * @throws IOException if storage fails: then {@value #SUCCESS} is missing
   */
  void publish(Set<String> names) throws IOException {
    Map<String, Long> fresh =
        Arrays.stream(fileSystem.listStatus(staging))
            .filter(each -> names.contains(each.getPath().getName()))
            .collect(Collectors.toMap(each -> each.getPath().getName(), FileStatus::getLen));
    if (fresh.size() < names.size()) {
      throw new FileNotFoundException("Files in %s are gone".formatted(staging));
    }
    Set<String> old = written(path, hadoop);
    Map<String, Long> both = new TreeMap<>(fresh);
    for (FileStatus each : present()) {
      if (old.contains(each.getPath().getName())) {
        both.put(each.getPath().getName(), each.getLen());
      }
    }
    // The marker lists both until all is done: a folder that this leaves half-way is still ours.
    new PredictionMarker(both).write(path, hadoop);
    delete(SUCCESS);
    for (String name : both.keySet()) {
      if (!fresh.containsKey(name)) {
        delete(name);
      }
    }
    for (String name : fresh.keySet()) {
      move(new Path(staging, name), new Path(path, name));
    }
    new PredictionMarker(fresh).write(path, hadoop);
    try (OutputStream out = fileSystem.create(new Path(path, SUCCESS), true)) {
      out.flush(); // an empty file
    }
    deleteStaging();
  }

  private static Set<String> written(Path folder, Configuration hadoop) throws IOException {
    return PredictionMarker.read(folder, hadoop)
        .orElseThrow(() -> new FileNotFoundException(PredictionMarker.FILE + " is gone"))
        .files()
        .keySet();
  }

  private void delete(String name) throws IOException {
    if (!own.delete(new Path(path, name))) {
      throw new IOException("Cannot delete %s in %s: it is a symbolic link".formatted(name, path));
    }
  }

  private void move(Path from, Path to) throws IOException {
    if (!fileSystem.rename(from, to)) {
      throw new IOException("Cannot rename %s to %s".formatted(from, to));
    }
  }

  private void deleteStaging() throws IOException {
    own.deleteTree(staging);
  }

  /** Deletes what a job that failed has written; predictions that were here before stay. */
  void abandon() throws IOException {
    deleteStaging();
    delete(unfinishedMarker());
    if (made && isOnlyMarker(present(), PredictionMarker.read(path, hadoop))) {
      delete(PredictionMarker.FILE);
    }
    if (made && present().isEmpty()) {
      own.deleteEmpty();
    }
  }

  /** What is left of a marker that could not be written. */
  private String unfinishedMarker() {
    return Storage.replacement(new Path(path, PredictionMarker.FILE)).getName();
  }

  private List<FileStatus> present() throws IOException {
    return WriteProbe.entries(path, fileSystem);
  }

  private static boolean isWithin(Path inner, Path outer) {
    for (Path each = inner; each != null; each = each.getParent()) {
      if (each.equals(outer)) {
        return true;
      }
    }
    return false;
  }
}
