// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.library;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps other users' code out of this process. JavaCPP unpacks native libraries from jars into a
 * folder, and loads what lies there if its size and date are right. Where a user has no home, that
 * is a folder of the system's temporary files with a known name, which another user can fill in
 * advance. So JavaCPP is given a {@link PrivateFolder}, and before an engine loads its libraries,
 * those that were unpacked earlier are compared with the jar: what differs, and what is in no jar,
 * is deleted, and JavaCPP unpacks it again.
 *
 * <p>Sizes and CRC-32 are compared, which the jar has in its directory: they tell damage and other
 * versions. The folder's owner and rights keep other users from writing there.
 *
 * <p>Other libraries (Netty, Zstandard, Snappy, LZ4, JLine, libwebp) unpack theirs at each start
 * into a new file or folder with a random name, made exclusively; JNA, like JavaCPP, into a known
 * one.
 */
public final class NativeLibraries {
  private static final Logger LOG = LoggerFactory.getLogger(NativeLibraries.class);
  private static final String JAVACPP_FOLDER = "org.bytedeco.javacpp.cachedir";
  private static final String JNA_FOLDER = "jna.tmpdir";

  /** JNA otherwise loads a library of the system, which may be of another version. */
  private static final String JNA_OWN_LIBRARY = "jna.nosys";

  private static final String NAME = "stoker/native";

  /** JavaCPP logs by SLF4J if this says so, and else writes to stderr. */
  private static final String JAVACPP_LOGGER = "org.bytedeco.javacpp.logger";

  /** JavaCPP's, which it holds while it unpacks. */
  private static final String LOCK = ".lock";

  private static final int BUFFER_BYTES = 1 << 16;

  private static final Set<String> VERIFIED = new HashSet<>();
  private static Path folder;

  private NativeLibraries() {}

  /**
   * Has libraries unpack into a private folder from now on: that of the system property {@code
   * org.bytedeco.javacpp.cachedir}, or one that is made. To be called before the first one loads.
   *
   * @throws ResourceException if there is no private folder, or the property's is not
   */
  public static synchronized void useAPrivateFolder() {
    if (folder != null) {
      return;
    }
    System.getProperties().putIfAbsent(JAVACPP_LOGGER, "slf4j");
    PrivateFolder folders = PrivateFolder.ofThisProcess();
    String given = System.getProperty(JAVACPP_FOLDER);
    if (given != null) {
      Path chosen = Path.of(given).toAbsolutePath();
      folders.require(chosen);
      folder = chosen;
    } else {
      folder = folders.find(NAME);
      System.setProperty(JAVACPP_FOLDER, folder.toString());
    }
    System.getProperties().putIfAbsent(JNA_FOLDER, folder.toString());
    System.getProperties().putIfAbsent(JNA_OWN_LIBRARY, "true");
  }

  /**
   * Checks the unpacked libraries of some packages against their jars, once a process.
   *
   * @param packages a folder within the jars, such as "org/bytedeco"
   * @throws ResourceException if there is no private folder, or it has a file that is not the jar's
   *     and cannot be deleted
   */
  public static synchronized void verify(String packages) {
    useAPrivateFolder();
    if (VERIFIED.contains(packages)) {
      return;
    }
    // Both as JavaCPP does it: one thread of the process, then one process.
    synchronized (Runtime.getRuntime()) {
      try (FileChannel channel =
              FileChannel.open(
                  folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        LOG.trace("Locked {}", lock);
        verify(folder, packages, ProgramLoader.now());
      } catch (IOException e) {
        throw new ResourceException(
            "Cannot check the native libraries in %s: %s; delete that folder".formatted(folder, e),
            e);
      }
    }
    VERIFIED.add(packages); // Only now: what could not be checked is checked again.
  }

  /** Why libraries do not load, as the rest of a sentence that begins with "because". */
  public static synchronized String whyNotLoaded() {
    return whyNotLoaded(System.getProperty("os.arch"));
  }

  static String whyNotLoaded(String architecture) {
    return architecture.equals("amd64")
        ? "its native libraries do not load from %s (is its disk full, is it mounted with noexec, or does ulimit -f limit files?)"
            .formatted(folder)
        : "its native libraries are for another machine";
  }

  /** Each folder in {@code folder} has the name of a jar, and in it what was unpacked from it. */
  static void verify(Path folder, String packages, ClassLoader program) throws IOException {
    List<Path> jars;
    try (Stream<Path> entries = Files.list(folder)) {
      jars = entries.filter(entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)).toList();
    }
    for (Path jar : jars) {
      verifyJar(folder, jar, packages, program);
    }
  }

  private static void verifyJar(Path folder, Path jar, String packages, ClassLoader program)
      throws IOException {
    Path root = jar.resolve(packages);
    if (!Files.isDirectory(root)) {
      return;
    }
    TreeMap<Path, Optional<JarEntry>> files = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(root)) {
      for (Path file : walk.toList()) {
        if (Files.isSymbolicLink(file)) {
          Path target = file.getParent().resolve(Files.readSymbolicLink(file)).normalize();
          if (!target.startsWith(folder)) {
            delete(file);
          }
        } else if (!Files.isDirectory(file)) {
          String name = jar.relativize(file).toString();
          files.put(file, entry(name, jar.getFileName().toString(), program));
        }
      }
    }
    if (files.values().stream().allMatch(Optional::isEmpty)) {
      return; // This program has no such jar, and loads nothing from there.
    }
    for (Path file : files.keySet()) {
      List<JarEntry> entries =
          files.get(file).map(List::of).orElseGet(() -> siblings(files, file.getParent()));
      if (!isOneOf(entries, file)) {
        delete(file);
      }
    }
  }

  /** What the jar has in a folder: JavaCPP unpacks some libraries again under another name. */
  private static List<JarEntry> siblings(Map<Path, Optional<JarEntry>> files, Path folder) {
    return files.entrySet().stream()
        .filter(file -> file.getKey().getParent().equals(folder))
        .flatMap(file -> file.getValue().stream())
        .toList();
  }

  private static Optional<JarEntry> entry(String name, String jar, ClassLoader program)
      throws IOException {
    for (URL url : Collections.list(program.getResources(name))) {
      URLConnection connection = url.openConnection();
      if (connection instanceof JarURLConnection inJar
          && Path.of(inJar.getJarFile().getName()).endsWith(jar)) {
        return Optional.of(inJar.getJarEntry());
      }
    }
    return Optional.empty();
  }

  private static boolean isOneOf(List<JarEntry> entries, Path file) throws IOException {
    long size = Files.size(file);
    if (entries.stream().noneMatch(entry -> entry.getSize() == size)) {
      return false;
    }
    CRC32 checksum = new CRC32();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        checksum.update(buffer, 0, count);
      }
    }
    return entries.stream()
        .anyMatch(entry -> entry.getSize() == size && entry.getCrc() == checksum.getValue());
  }

  /** What is the jar's is unpacked again when it is loaded. */
  private static void delete(Path file) throws IOException {
    Files.delete(file);
    LOG.warn("Deleted {}: it is not the native library that its jar has", file);
  }
}
