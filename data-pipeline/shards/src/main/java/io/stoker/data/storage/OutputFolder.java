// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A folder that a command writes files to at its end; made then if it is not there. */
public final class OutputFolder {
  private final String option;
  private final Path path;
  private final Configuration hadoop;

  private OutputFolder(String option, Path path, Configuration hadoop) {
    this.option = option;
    this.path = path;
    this.hadoop = hadoop;
  }

  /**
   * Checks that files can be written to a folder, before the work.
   *
   * @param option the option that names it, such as {@code --output}: failures say so
   * @param uri the folder: a local path, absolute or not, or a URI with a scheme
   * @param hadoop how to reach it
   * @throws InputException if it is a file, or if a part of the path is a file
   * @throws ResourceException if there is no right or no room to write to it, or its filesystem
   *     cannot be reached
   */
  public static OutputFolder check(String option, String uri, Configuration hadoop) {
    Path path = Storage.path(uri);
    try {
      FileSystem fileSystem = Storage.of(path, hadoop);
      Path folder = fileSystem.makeQualified(path);
      Check.input(
          !fileSystem.exists(folder) || fileSystem.getFileStatus(folder).isDirectory(),
          "Invalid %s: %s is no folder",
          option,
          folder);
      WriteProbe.run(folder, fileSystem);
      return new OutputFolder(option, folder, hadoop);
    } catch (IOException e) {
      throw OutputFile.unwritable(option, path, e);
    }
  }

  /**
   * A file in the folder, which may be there already and is replaced then.
   *
   * @param name without slashes
   * @throws InputException if there is a folder or a device in its place
   * @throws ResourceException if its filesystem cannot be reached
   */
  public OutputFile file(String name) {
    URI folder = path.toUri();
    // Of a name alone, Hadoop's Path would take what stands before a colon for a scheme.
    Path file = new Path(folder.getScheme(), folder.getAuthority(), folder.getPath() + "/" + name);
    return OutputFile.in(option, file, hadoop);
  }
}
