package io.stoker.driver.score;

import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The folder that predictions are written to; nothing but predictions is ever overwritten. */
final class PredictionFolder {
  /** What Spark's committer leaves behind, with the checksums of local files. */
  private static final Pattern OF_SPARK =
      Pattern.compile("_SUCCESS|_temporary|part-.*\\.parquet|\\._SUCCESS\\.crc|\\.part-.*\\.crc");

  private final Path path;
  private final Configuration hadoop;
  private final FileSystem fileSystem;

  PredictionFolder(Path path, Configuration hadoop) throws IOException {
    this.path = path;
    this.hadoop = hadoop;
    this.fileSystem = Storage.of(path, hadoop);
  }

  /**
   * Checks that predictions may be written here.
   *
   * @throws InputException if there is something that must not be replaced, or the input is in it
   */
  void check(Path input, BulkPredictRequest.ExistingOutput existing) throws IOException {
    Check.input(
        !isWithin(input, path) && !isWithin(path, input),
        "Invalid output: %s (input %s and output must not lie in each other)",
        path,
        input);
    if (!fileSystem.exists(path)) {
      return;
    }
    Check.input(fileSystem.getFileStatus(path).isDirectory(), "Invalid output: %s is a file", path);
    List<String> present = names();
    Check.input(
        present.isEmpty() || existing == BulkPredictRequest.ExistingOutput.OVERWRITE,
        "Output %s is not empty (choose another folder, or --overwrite if it holds predictions)",
        path);
    List<String> foreign =
        present.stream().filter(name -> !OF_SPARK.matcher(name).matches()).toList();
    Check.input(
        foreign.isEmpty(),
        "Output %s holds files that are no predictions: %s (choose another folder)",
        path,
        foreign.subList(0, Math.min(5, foreign.size())));
  }

  /** Deletes what a job that failed has left, unless it is whole. */
  void abandon() throws IOException {
    if (fileSystem.exists(path)
        && names().stream().allMatch(name -> OF_SPARK.matcher(name).matches())
        && !fileSystem.exists(new Path(path, "_SUCCESS"))) {
      OwnFolder.at(path.getParent(), hadoop).deleteTree(path);
    }
  }

  private List<String> names() throws IOException {
    return Arrays.stream(fileSystem.listStatus(path))
        .map(status -> status.getPath().getName())
        .toList();
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
