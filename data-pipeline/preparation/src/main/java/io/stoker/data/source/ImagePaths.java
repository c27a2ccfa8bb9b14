// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.storage.Storage;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * Reads the image files that an input names, such as the rows of a list. What names them may be
 * someone else's: so a file is read only if it is inside of a folder that the user named, and not
 * through a link that leads out of these folders.
 *
 * @param base what a path that is not whole is relative to; empty for the process's own folder
 * @param anywhere whether the files may be in any folder
 * @param folders that the files may be in otherwise, whole
 */
public record ImagePaths(String base, boolean anywhere, List<String> folders)
    implements Serializable {
  /** Paths of a program's own data frame: it may name any file that the process can read. */
  public static final ImagePaths ANYWHERE = new ImagePaths("", true, List.of());

  private static final String LEADS_OUT =
      "its path leads out of the input's folder (--allow-paths FOLDER allows another folder)";

  private static final Path ROOT = new Path(Path.SEPARATOR);
  private static final Pattern WHOLE = Pattern.compile("/.*|[a-zA-Z][a-zA-Z0-9+.-]*:/.*");

  public ImagePaths {
    folders = List.copyOf(folders);
  }

  /**
   * Paths that stay inside of an input's folder, or of others that the user allows.
   *
   * @param base the input's folder, to which paths are relative that are not whole; empty for an
   *     input without a folder
   * @param allowed more folders
   * @param hadoop how to reach them
   * @throws IOException if their filesystems cannot be reached
   */
  public static ImagePaths inside(Optional<Path> base, List<Path> allowed, Configuration hadoop)
      throws IOException {
    List<String> folders = new ArrayList<>();
    for (Path each : Stream.concat(base.stream(), allowed.stream()).toList()) {
      folders.add(Storage.of(each, hadoop).makeQualified(each).toString());
    }
    return new ImagePaths(base.isPresent() ? folders.get(0) : "", false, folders);
  }

  /**
   * An image file, or why there is none.
   *
   * @param path as the input has it
   * @param hadoop how to reach it
   * @throws io.stoker.failure.ResourceException if this process cannot decode the file's name
   */
  public SourceImage read(String path, Configuration hadoop) {
    if (!ClassNames.isText(path)) {
      return new SourceImage.Unreadable("its path is not valid UTF-8");
    }
    try {
      boolean whole = base.isEmpty() || WHOLE.matcher(path).matches();
      Path file = Storage.path(whole ? path : base + Path.SEPARATOR + path);
      if (anywhere) {
        return ImageFiles.read(file, hadoop);
      }
      Path qualified = file.makeQualified(FileSystem.getDefaultUri(hadoop), ROOT);
      return file.isAbsolute() && isInside(qualified, hadoop)
          ? ImageFiles.read(qualified, hadoop)
          : new SourceImage.Unreadable(LEADS_OUT);
    } catch (InputException e) {
      return new SourceImage.Unreadable(e.getMessage());
    } catch (IOException | InvalidPathException e) {
      return new SourceImage.Unreadable("cannot be read: " + Storage.reason(e));
    }
  }

  /** Asks no filesystem about a path whose text leads out already. */
  private boolean isInside(Path whole, Configuration hadoop) throws IOException {
    if (folders.stream().noneMatch(folder -> contains(new Path(folder), whole))) {
      return false;
    }
    if (!(Storage.of(whole, hadoop) instanceof RawLocalFileSystem local)
        || !local.pathToFile(whole).exists()) { // What is missing leads nowhere.
      return true;
    }
    java.nio.file.Path real = local.pathToFile(whole).toPath().toRealPath();
    for (String folder : folders) {
      Path each = new Path(folder);
      if (each.toUri().getScheme().equals(whole.toUri().getScheme())
          && real.startsWith(local.pathToFile(each).toPath().toRealPath())) {
        return true;
      }
    }
    return false;
  }

  /** Hadoop's paths have no {@code ..} in them: what leads upwards is resolved. */
  private static boolean contains(Path folder, Path file) {
    String above = folder.toUri().getPath();
    return Objects.equals(folder.toUri().getScheme(), file.toUri().getScheme())
        && Objects.equals(folder.toUri().getAuthority(), file.toUri().getAuthority())
        && file.toUri()
            .getPath()
            .startsWith(above.endsWith(Path.SEPARATOR) ? above : above + Path.SEPARATOR);
  }
}
