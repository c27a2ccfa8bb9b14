// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.protocol.AlreadyBeingCreatedException;
import org.apache.hadoop.io.IOUtils;
import org.apache.hadoop.ipc.RemoteException;

/** The filesystem of a path. */
public final class Storage {
  private static final String LOCAL = "file";

  private static final Pattern CLASS_NAME =
      Pattern.compile("\\b(?:[a-z][\\w$]*\\.)+[A-Z][\\w$]*(?:Exception|Error): ?");

  /** Of version 1 and version 2 of Amazon's SDK. */
  private static final Pattern NO_CREDENTIALS =
      Pattern.compile("No AWS Credentials provided|Unable to load (?:AWS )?credentials");

  private static final Pattern REASON_IN_BRACKETS = Pattern.compile(".* \\(([A-Z][^()]*)\\)");

  /** What HDFS's server calls it, in a class that clients do not have. */
  private static final String LEASE_RECOVERY =
      "org.apache.hadoop.hdfs.protocol.RecoveryInProgressException";

  /** How often a file is opened that is rewritten each time while it is read. */
  private static final int READINGS = 5;

  private static final Set<String> S3 = Set.of("s3", "s3n", "s3a");

  /** Hadoop takes what stands before a colon for a scheme. */
  private static final Pattern RELATIVE_WITH_COLON =
      Pattern.compile("(?!(?:s3[an]?|hdfs|viewfs|file|abfss?|gs|https?):)[^:/]+:[^/].*");

  private static final Pattern NO_SLASH = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]+:[^/].*");

  /** The name of a secret in a query, or in the parameters of a path, and its value. */
  private static final Pattern SECRET =
      Pattern.compile(
          "(?i)([?;&#][^=?;&#/]*(?:pass|pwd|secret|token|credential|key|\\bsig|signature)[^=?;&#/]*=)"
              + "[^;&#]*");

  private Storage() {}

  /**
   * A location as Hadoop's filesystems take it.
   *
   * @param uri a local path, absolute or not, or a URI with a scheme
   * @throws InputException if it is none, or has a password in it
   */
  public static Path path(String uri) {
    try {
      Path path = new Path(uri);
      refusePassword(path);
      return path;
    } catch (IllegalArgumentException e) {
      throw new InputException(
          withoutPassword(
              "Invalid location: '"
                  + uri
                  + "' ("
                  + (RELATIVE_WITH_COLON.matcher(uri).matches()
                      ? "what stands before a colon is a scheme: write './" + uri + "'"
                      : NO_SLASH.matcher(uri).matches()
                          ? "after a scheme a path begins with a slash, as in s3a://bucket/a or hdfs:///a"
                          : inWords(e.getMessage()))
                  + ")"));
    }
  }

  /**
   * The filesystem that a path is on. On a local disk it is the plain one: Hadoop's own checksum
   * files would only repeat, slowly, what the manifest's SHA-256 says, and would litter the folder.
   * That one opens regular files only: for a named pipe, socket or device it throws {@link
   * NotAFileException}.
   *
   * @throws InputException if the path's scheme is that of no known filesystem, or if the path has
   *     a password in it
   * @throws io.stoker.failure.ResourceException if the path is on a local disk and its name cannot
   *     be read, see {@link FileNames}
   * @throws IOException if the filesystem cannot be reached
   */
  public static FileSystem of(Path path, Configuration hadoop) throws IOException {
    refusePassword(path);
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      if (fileSystem instanceof LocalFileSystem local) {
        FileNames.requireReadable(path.toString());
        return local.getRawFileSystem().getClass() == RawLocalFileSystem.class
            ? LocalFiles.of(local.getRawFileSystem())
            : local.getRawFileSystem();
      }
      return fileSystem;
    } catch (UnsupportedFileSystemException e) {
      throw new InputException(
          "Cannot reach "
              + path
              + ": no filesystem is known by "
              + path.toUri().getScheme()
              + "://",
          e);
    }
  }

  /**
   * Whether there is a file or a folder.
   *
   * @throws UncheckedIOException if the filesystem cannot be reached
   */
  public static boolean isThere(Path path, Configuration hadoop) {
    try {
      return of(path, hadoop).exists(path);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach " + path, e);
    }
  }

  /**
   * The exception for something that is not where the user said. It names the filesystem that was
   * looked at: a path without a scheme is on the default filesystem, which may not be the one that
   * the user had in mind.
   *
   * @param what was looked for, such as "input"
   * @param path as the user gave it
   * @param hadoop how its filesystem was reached
   */
  public static InputException notFound(String what, Path path, Configuration hadoop) {
    return new InputException(missing(what, path, hadoop));
  }

  /** The message of {@link #notFound}. */
  public static String missing(String what, Path path, Configuration hadoop) {
    String text = "Cannot find " + what + " " + path;
    try {
      FileSystem fileSystem = of(path, hadoop);
      Path whole = fileSystem.makeQualified(path);
      return text
          + ": there is no "
          + Path.getPathWithoutSchemeAndAuthority(whole)
          + (LOCAL.equals(whole.toUri().getScheme())
              ? " on the local disk"
              : " on " + whole.toUri().getScheme() + "://" + authority(whole) + orHere(path));
    } catch (IOException e) { // The filesystem cannot even be reached.
      return text + ": " + reason(e);
    }
  }

  private static String orHere(Path path) {
    File here = new File(path.toUri().getPath()).getAbsoluteFile();
    return path.toUri().getScheme() == null && here.exists()
        ? " (on the local disk of this machine there is one: file://" + here + ")"
        : "";
  }

  private static String authority(Path path) {
    String authority = path.toUri().getAuthority();
    return authority == null ? "" : authority;
  }

  /** Why reading or writing failed, in words: some exceptions have only a path for a message. */
  public static String reason(Exception failure) {
    if (failure instanceof java.nio.file.FileSystemException ofFile && ofFile.getReason() == null) {
      if (failure instanceof java.nio.file.AccessDeniedException) {
        return "no permission";
      }
      if (failure instanceof java.nio.file.NoSuchFileException) {
        return "it does not exist";
      }
      if (failure instanceof java.nio.file.NotDirectoryException) {
        return "it is not a folder";
      }
    }
    if (failure instanceof java.nio.file.FileSystemException ofFile) {
      return ofFile.getReason() == null ? ofFile.getClass().getSimpleName() : ofFile.getReason();
    }
    if (failure.getMessage() == null) {
      return failure.getClass().getSimpleName();
    }
    String line = inWords(failure.getMessage());
    // Java's own says "/path (Permission denied)", and the caller has named the path.
    Matcher inBrackets = REASON_IN_BRACKETS.matcher(line);
    return failure instanceof FileNotFoundException && inBrackets.matches()
        ? inBrackets.group(1)
        : line;
  }

  /**
   * The first line of a message of a library, without the names of Java classes in it; S3 without
   * credentials, which is a list of such names, in one sentence.
   */
  public static String inWords(String message) {
    String line = message == null ? "" : message.lines().findFirst().orElse("").strip();
    Matcher credentials = NO_CREDENTIALS.matcher(line);
    return credentials.find()
        ? CLASS_NAME.matcher(line.substring(0, credentials.start())).replaceAll("")
            + "no credentials for S3 (set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or say"
            + " --conf spark.hadoop.fs.s3a.aws.credentials.provider=CLASS)"
        : CLASS_NAME.matcher(line).replaceAll("");
  }

  /**
   * A path without symbolic links, as far as it is there.
   *
   * @param path with its filesystem
   * @throws IOException if the filesystem cannot be reached
   */
  public static Path real(Path path, Configuration hadoop) throws IOException {
    return of(path, hadoop) instanceof RawLocalFileSystem local
        ? new Path(LOCAL, null, local.pathToFile(path).getCanonicalPath())
        : path;
  }

  /** Whether a path is a named pipe, a socket or a device. */
  public static boolean isSpecial(FileSystem fileSystem, Path path) {
    if (!(fileSystem instanceof RawLocalFileSystem local)) {
      return false;
    }
    return isSpecial(local.pathToFile(path).toPath());
  }

  /** Looks once: a file that is deleted between two looks must not be taken for a device. */
  static boolean isSpecial(java.nio.file.Path file) {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class).isOther();
    } catch (IOException e) { // There is nothing, or the path leads nowhere.
      return false;
    }
  }

  /**
   * Writes a small file whole, in place of what is there: a reader at the same time, or after a
   * crash, finds the old content or the new one. A local disk and HDFS rename a hidden file over
   * it; an object store shows an object only when all of it is there.
   */
  public static void replace(Path file, byte[] content, Configuration hadoop) throws IOException {
    FileSystem fileSystem = of(file, hadoop);
    if (!renamesWhole(fileSystem)) {
      write(fileSystem, file, content);
      return;
    }
    Path hidden = replacement(file);
    // Not over a symbolic link there: the write would follow it to another file.
    if (fileSystem instanceof RawLocalFileSystem local) {
      Files.deleteIfExists(local.pathToFile(hidden).toPath());
    }
    try {
      write(fileSystem, hidden, content);
    } catch (IOException | FSError e) {
      deletePart(hidden, fileSystem, e);
      throw e;
    }
    if (fileSystem instanceof DistributedFileSystem hdfs) {
      hdfs.rename(hidden, file, Options.Rename.OVERWRITE);
    } else if (!fileSystem.rename(hidden, file)) {
      throw new IOException("Cannot rename " + hidden + " to " + file);
    }
  }

  private static boolean renamesWhole(FileSystem fileSystem) {
    return fileSystem instanceof RawLocalFileSystem || fileSystem instanceof DistributedFileSystem;
  }

  /**
   * Deletes what was written of a file for which there was no room. A storage that has failed in
   * another way may not answer once more.
   */
  private static void deletePart(Path file, FileSystem fileSystem, Throwable failure) {
    if (!(fileSystem instanceof RawLocalFileSystem) && NoSpace.words(failure).isEmpty()) {
      return;
    }
    try {
      fileSystem.delete(file, false);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** What is read of a file. */
  public interface Reading<T> {
    /** Opens the file and reads it. */
    T read() throws IOException;
  }

  /**
   * Reads a file that another process may rewrite at the same time. Local disks and HDFS go on with
   * the file that was opened; S3 refuses the rest of it, so that it is opened again, a few times.
   *
   * @throws FileNotFoundException if there is none
   * @throws IOException if it cannot be read
   */
  public static <T> T readAgain(Reading<T> reading) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        return reading.read();
      } catch (IOException e) {
        if (attempt == READINGS || !isOfChangedFile(e)) {
          throw e;
        }
      }
    }
  }

  private static boolean isOfChangedFile(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each.getClass().getSimpleName().equals("RemoteFileChangedException")
          || String.valueOf(each.getMessage()).contains("Status Code: 412")) {
        return true;
      }
    }
    return false;
  }

  /**
   * Closes a file of which only a part was written. An object store that can do so keeps what was
   * there before.
   */
  public static void abandon(FSDataOutputStream out) {
    if (out.hasCapability(StreamCapabilities.ABORTABLE_STREAM)) {
      out.abort();
    }
    IOUtils.closeStream(out);
  }

  /** The hidden file that {@link #replace} renames, and that a killed process leaves. */
  public static Path replacement(Path file) {
    return new Path(file.getParent(), "." + file.getName() + ".new");
  }

  private static void write(FileSystem fileSystem, Path file, byte[] content) throws IOException {
    try (FSDataOutputStream out = fileSystem.create(file, true)) {
      out.write(content);
    }
  }

  /**
   * Writes a small file if there is none. Of two processes that do so at once, one succeeds on a
   * local disk and on HDFS; S3 has no request for that, and the file of the later one remains.
   *
   * @return whether there was none
   */
  public static boolean createNew(Path file, byte[] content, Configuration hadoop)
      throws IOException {
    FileSystem fileSystem = of(file, hadoop);
    try {
      OutputStream out =
          fileSystem instanceof RawLocalFileSystem local
              ? Files.newOutputStream(
                  local.pathToFile(file).toPath(), StandardOpenOption.CREATE_NEW)
              : fileSystem.create(file, false);
      try (out) {
        out.write(content);
      } catch (IOException e) {
        if (renamesWhole(fileSystem)) { // Elsewhere it may be another process's.
          deletePart(file, fileSystem, e);
        }
        throw e;
      }
      return true;
    } catch (FileAlreadyExistsException | java.nio.file.FileAlreadyExistsException e) {
      return false;
    } catch (IOException e) {
      if (isOpenElsewhere(e)) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Whether {@link #createNew} succeeds for one process only, however many try at the same time. A
   * local disk and HDFS promise that; of other filesystems, S3 among them, it is not known.
   *
   * @throws IOException if the filesystem cannot be reached
   */
  public static boolean createsExclusively(Path path, Configuration hadoop) throws IOException {
    return renamesWhole(of(path, hadoop));
  }

  /**
   * Whether HDFS refused to open a file for writing because another client has it open. A client
   * that was killed has it open still, for a minute at least; the file can be replaced in that
   * time, see {@link #replace}.
   */
  public static boolean isOpenElsewhere(IOException failure) {
    return failure instanceof RemoteException remote
        && (remote.getClassName().equals(AlreadyBeingCreatedException.class.getName())
            || remote.getClassName().equals(LEASE_RECOVERY));
  }

  /**
   * Locations are shown, recorded and logged. Slashes may stand in an S3 key, which then ends what
   * a URI has for its authority; but no bucket has a colon in its name.
   */
  private static void refusePassword(Path path) {
    String authority = path.toUri().getAuthority();
    if (authority == null) {
      return;
    }
    Check.input(
        !"file".equals(path.toUri().getScheme()),
        "Invalid location: %s (it names the host %s: file:/// and then the path from the root)",
        path,
        authority);
    boolean s3 = S3.contains(path.toUri().getScheme());
    boolean password =
        s3 ? authority.contains(":") || authority.contains("@") : authority.matches(".*:.*@.*");
    if (password || SECRET.matcher(path.toUri().getPath()).find()) {
      throw new InputException(
          "Invalid location: "
              + path.toUri().getScheme()
              + "://... has a password in it (Hadoop's credential providers or the environment hold"
              + " those; see docs/cluster.md)");
    }
  }

  private static String withoutPassword(String text) {
    return SECRET.matcher(text.replaceAll("//.*@", "//...@")).replaceAll("$1...");
  }
}
