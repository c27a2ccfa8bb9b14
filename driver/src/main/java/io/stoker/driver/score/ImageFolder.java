package io.stoker.driver.score;

import io.stoker.data.image.ImageCodec;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * The image files of a folder, at any depth.
 *
 * @param paths of those that are images by name, sorted
 * @param ignored how many others there are; hidden files do not count
 */
record ImageFolder(List<String> paths, long ignored) {
  ImageFolder {
    paths = List.copyOf(paths);
  }

  /**
   * Lists a folder.
   *
   * @throws io.stoker.failure.InputException if there is no such folder, or no image in it
   */
  static ImageFolder list(Path folder, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(folder, hadoop);
    List<String> paths = new ArrayList<>();
    long ignored = 0;
    try {
      Check.input(
          fileSystem.getFileStatus(folder).isDirectory(),
          "Invalid input: %s is a file (must be a folder)",
          folder);
    } catch (FileNotFoundException e) {
      throw new io.stoker.failure.InputException("Cannot find input " + folder, e);
    }
    RemoteIterator<LocatedFileStatus> files = fileSystem.listFiles(folder, true);
    while (files.hasNext()) {
      Path file = files.next().getPath();
      if (isHidden(file, folder)) {
        continue;
      }
      if (ImageCodec.isImageName(file.getName())) {
        paths.add(file.toString());
      } else {
        ignored++;
      }
    }
    Check.input(!paths.isEmpty(), "Invalid input: %s holds no image (PNG, JPEG, GIF, BMP)", folder);
    Collections.sort(paths);
    return new ImageFolder(paths, ignored);
  }

  /** Whether the file or a folder on the way to it is hidden. */
  private static boolean isHidden(Path file, Path folder) {
    for (Path each = file; each != null && !each.equals(folder); each = each.getParent()) {
      if (each.getName().startsWith(".")) {
        return true;
      }
    }
    return false;
  }
}
