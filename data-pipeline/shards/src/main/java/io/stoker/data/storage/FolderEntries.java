// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import io.stoker.failure.ResourceException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * Lists folders so that no entry is lost. On a local disk this does not use Hadoop's listing, which
 * leaves out each entry that it cannot stat: links that lead nowhere, and names that the process
 * cannot decode.
 */
public final class FolderEntries {
  private static final String NOT_UTF8 = "its name is not valid UTF-8 (rename it)";

  private FolderEntries() {}

  /**
   * Lists a folder.
   *
   * @param fileSystem that of {@link Storage#of}
   * @param folder on it
   * @return every entry once, in the order of the names
   * @throws ResourceException if there are names outside of ASCII on a local disk, and this process
   *     was not started with a UTF-8 locale
   * @throws IOException if the folder cannot be read
   */
  public static List<FolderEntry> of(FileSystem fileSystem, Path folder) throws IOException {
    List<FolderEntry> entries = new ArrayList<>();
    if (fileSystem instanceof RawLocalFileSystem local) {
      addLocal(local, folder, entries);
    } else {
      for (FileStatus status : fileSystem.listStatus(folder)) {
        entries.add(
            status.isDirectory()
                ? new FolderEntry.Folder(status.getPath(), false)
                : new FolderEntry.File(status.getPath(), status.getLen(), false));
      }
    }
    entries.sort(Comparator.comparing(FolderEntry::name));
    return entries;
  }

  /**
   * Makes sure that this process can name a file.
   *
   * @param fileSystem that the file is on
   * @param file whose name may have characters outside of ASCII
   * @throws ResourceException if it is on a local disk, and this process was not started with a
   *     UTF-8 locale
   */
  public static void requireNameable(FileSystem fileSystem, Path file) {
    if (fileSystem instanceof RawLocalFileSystem) {
      FileNames.requireReadable(file.toUri().getPath());
    }
  }

  private static void addLocal(
      RawLocalFileSystem fileSystem, Path folder, List<FolderEntry> entries) throws IOException {
    Path parent = fileSystem.makeQualified(folder);
    java.nio.file.Path local = fileSystem.pathToFile(folder).toPath();
    try (DirectoryStream<java.nio.file.Path> stream = Files.newDirectoryStream(local)) {
      for (java.nio.file.Path each : stream) {
        if (isNameable(each)) {
          // A name with a colon would be taken for a URI with a scheme.
          Path path = new Path(parent, new Path(null, null, each.getFileName().toString()));
          entries.add(entry(each, path));
        } else {
          addUnnameable(each, bytesAsText(each), entries);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private static FolderEntry entry(java.nio.file.Path file, Path path) throws IOException {
    try {
      BasicFileAttributes own =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      boolean link = own.isSymbolicLink();
      BasicFileAttributes attributes =
          link ? Files.readAttributes(file, BasicFileAttributes.class) : own;
      if (attributes.isDirectory()) {
        return new FolderEntry.Folder(path, link);
      }
      return attributes.isRegularFile()
          ? new FolderEntry.File(path, attributes.size(), link)
          : new FolderEntry.Special(path.getName(), LocalFiles.NOT_A_FILE);
    } catch (IOException e) {
      if (Files.isSymbolicLink(file)) {
        return new FolderEntry.Special(path.getName(), "a link that leads nowhere");
      }
      if (e instanceof NoSuchFileException) {
        return new FolderEntry.Special(path.getName(), "deleted while the folder was listed");
      }
      throw e;
    }
  }

  /** Adds a file, or all files below a folder: what is in a folder that is left out counts too. */
  private static void addUnnameable(
      java.nio.file.Path entry, String name, List<FolderEntry> entries) throws IOException {
    FileNames.requireReadable(entry.toString());
    if (!Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
      entries.add(new FolderEntry.Unnameable(name, NOT_UTF8));
      return;
    }
    try (DirectoryStream<java.nio.file.Path> stream = Files.newDirectoryStream(entry)) {
      for (java.nio.file.Path each : stream) {
        addUnnameable(each, name + "/" + bytesAsText(each), entries);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  /**
   * Whether a file can be opened again by its name as text. Java decodes a name that is not in the
   * process's encoding with replacement characters, and the text then names another file.
   */
  private static boolean isNameable(java.nio.file.Path file) {
    String name = file.getFileName().toString();
    if (!FileNames.isReadable(name)) {
      return false;
    }
    try {
      return FileSystems.getDefault().getPath(name).equals(file.getFileName());
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /** A file's own name, with {@code \xFF} in place of each byte that is not UTF-8. */
  private static String bytesAsText(java.nio.file.Path file) {
    String path = file.toUri().getRawPath();
    String end = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    return decode(unescaped(end.substring(end.lastIndexOf('/') + 1)));
  }

  /** The bytes that a URI stands for, which those of a local file keep as they are. */
  private static byte[] unescaped(String uri) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(uri.length());
    for (int i = 0; i < uri.length(); i++) {
      if (uri.charAt(i) == '%') {
        bytes.write(Integer.parseInt(uri, i + 1, i + 3, 16));
        i += 2;
      } else {
        bytes.write(uri.charAt(i));
      }
    }
    return bytes.toByteArray();
  }

  static String decode(byte[] bytes) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(4 * bytes.length);
    for (CoderResult result = decoder.decode(in, out, true);
        result.isError();
        result = decoder.decode(in, out, true)) {
      for (int i = 0; i < result.length(); i++) {
        out.put(String.format(Locale.ROOT, "\\x%02X", in.get()));
      }
    }
    return out.flip().toString();
  }
}
