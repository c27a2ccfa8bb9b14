package io.stoker.data.source;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** What all sources ask of a filesystem. */
final class Inputs {
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private Inputs() {}

  /**
   * Finds a folder.
   *
   * @throws InputException if there is none
   */
  static FileStatus folder(FileSystem fileSystem, Path input) throws IOException {
    FileStatus status = status(fileSystem, input);
    Check.input(status.isDirectory(), "Invalid input: %s is a file (must be a folder)", input);
    return status;
  }

  /**
   * Finds a file.
   *
   * @return its whole path
   * @throws InputException if there is none
   */
  static Path file(FileSystem fileSystem, Path input) throws IOException {
    FileStatus status = status(fileSystem, input);
    Check.input(status.isFile(), "Invalid input: %s is a folder (must be a file)", input);
    return status.getPath();
  }

  private static FileStatus status(FileSystem fileSystem, Path input) throws IOException {
    try {
      return fileSystem.getFileStatus(input);
    } catch (FileNotFoundException e) {
      throw new InputException("Cannot find input " + input, e);
    }
  }

  /**
   * What is in a folder, by name, without hidden files.
   *
   * @throws InputException if it must not be read
   */
  static List<FileStatus> children(FileSystem fileSystem, Path folder) throws IOException {
    try {
      return Arrays.stream(fileSystem.listStatus(folder))
          .filter(status -> !status.getPath().getName().startsWith("."))
          .sorted(Comparator.comparing(status -> status.getPath().getName()))
          .toList();
    } catch (IOException | RuntimeException e) {
      throw new InputException("Cannot read folder " + folder + ": " + e.getMessage(), e);
    }
  }

  /** A name from the input as a message can show it: on one line. */
  static String shown(String name) {
    return CONTROL.matcher(name).replaceAll("?");
  }
}
