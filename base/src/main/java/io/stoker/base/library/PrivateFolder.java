// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.library;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds a folder that no other user of this machine can write to, nor rename or replace.
 *
 * @param home this user's home, which need not exist
 * @param temporary the system's folder for temporary files
 * @param user this user's name, for the name of a folder in {@code temporary}
 * @param alone whether no other user has a process here, as in a container of a user's own: there
 *     everybody may write to folders that are volumes (Kubernetes makes them with mode 0777), but
 *     there are no other users
 */
record PrivateFolder(Path home, Path temporary, String user, boolean alone) {
  private static final Logger LOG = LoggerFactory.getLogger(PrivateFolder.class);
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final int STICKY = 01000;

  /** Of this process. */
  static PrivateFolder ofThisProcess() {
    return new PrivateFolder(
        Path.of(System.getProperty("user.home", "")),
        Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath(),
        System.getProperty("user.name", ""),
        isContainersUser());
  }

  /** The first process of a container is the user's; that of a machine is root's. */
  private static boolean isContainersUser() {
    try {
      int first = uid(Path.of("/proc/1"));
      return first != 0 && first == uid(Path.of("/proc/self").toRealPath());
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /**
   * The first of these that is private: {@code .cache/NAME} of the home, {@code NAME-USER} of the
   * temporary files, which outlast the process, and a folder of temporary files that is deleted
   * when the process ends. What does not exist is made, for its user alone.
   *
   * @param name a relative path
   * @throws ResourceException if none is
   */
  Path find(String name) {
    String flat = name.replace('/', '-');
    String suffix = user.replaceAll("[^A-Za-z0-9_-]", "_");
    try {
      UserPrincipal owner = currentUser();
      if (home.isAbsolute() && Files.isDirectory(home)) {
        Optional<Path> own = tryOut(home.resolve(".cache").resolve(name), owner);
        if (own.isPresent()) {
          return own.get();
        }
      }
      Optional<Path> lasting = tryOut(temporary.resolve(flat + "-" + suffix), owner);
      if (lasting.isPresent()) {
        return lasting.get();
      }
      Path fresh = Files.createTempDirectory(temporary, flat + "-", PRIVATE);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(fresh)));
      Optional<String> flaw = flaw(fresh, owner);
      if (flaw.isPresent()) {
        throw new ResourceException(
            "Cannot unpack native libraries in %s: %s; let HOME be a folder that only you can write to"
                .formatted(temporary, flaw.get()));
      }
      return fresh;
    } catch (IOException e) {
      throw new ResourceException(
          "Cannot unpack native libraries in %s or %s: %s"
              .formatted(home.resolve(".cache"), temporary, e),
          e);
    }
  }

  /**
   * Checks a folder that the user has chosen.
   *
   * @throws ResourceException if others can write to it
   */
  void require(Path folder) {
    try {
      Files.createDirectories(folder, PRIVATE);
      Optional<String> flaw = flaw(folder, currentUser());
      if (flaw.isPresent()) {
        throw new ResourceException(
            "Cannot unpack native libraries in %s: %s".formatted(folder, flaw.get()));
      }
    } catch (IOException e) {
      throw new ResourceException(
          "Cannot unpack native libraries in %s: %s".formatted(folder, e), e);
    }
  }

  private Optional<Path> tryOut(Path folder, UserPrincipal owner) {
    try {
      Files.createDirectories(folder.getParent(), PRIVATE);
      try {
        Files.createDirectory(folder, PRIVATE);
      } catch (FileAlreadyExistsException e) {
        // Made by an earlier process, or by another user: it is looked at as one that is new.
      }
      Optional<String> flaw = flaw(folder, owner);
      flaw.ifPresent(reason -> LOG.debug("Not used for native libraries: {}: {}", folder, reason));
      return flaw.isEmpty() && Files.isWritable(folder) ? Optional.of(folder) : Optional.empty();
    } catch (IOException e) {
      LOG.debug("Not used for native libraries: {}", folder, e);
      return Optional.empty();
    }
  }

  /** Why others could change what is in a folder; empty if they cannot. */
  private Optional<String> flaw(Path folder, UserPrincipal owner) throws IOException {
    PosixFileAttributes own = attributes(folder);
    if (!own.isDirectory()) {
      return Optional.of("it is not a folder of its own (a link or a file)");
    }
    if (!own.owner().equals(owner)) {
      return Optional.of("it belongs to " + own.owner().getName());
    }
    if (isWritableByOthers(own)) {
      return Optional.of("others may write to it (chmod 700 makes it private)");
    }
    for (Path above = folder.toRealPath().getParent();
        above.getParent() != null;
        above = above.getParent()) {
      PosixFileAttributes attributes = attributes(above);
      boolean trusted = attributes.owner().equals(owner) || uid(above) == 0;
      if (!trusted) {
        return Optional.of("%s belongs to %s".formatted(above, attributes.owner().getName()));
      }
      // In a sticky folder, users can rename what is their own only.
      if (!alone && isWritableByOthers(attributes) && (mode(above) & STICKY) == 0) {
        return Optional.of("others may write to " + above);
      }
    }
    return Optional.empty();
  }

  /** A group that has the user's name is the user's own. */
  private static boolean isWritableByOthers(PosixFileAttributes attributes) {
    boolean shared = !attributes.group().getName().equals(attributes.owner().getName());
    return attributes.permissions().contains(PosixFilePermission.OTHERS_WRITE)
        || (shared && attributes.permissions().contains(PosixFilePermission.GROUP_WRITE));
  }

  private UserPrincipal currentUser() throws IOException {
    Path file = Files.createTempFile(temporary, "stoker", null);
    try {
      return Files.getOwner(file);
    } finally {
      Files.delete(file);
    }
  }

  private static PosixFileAttributes attributes(Path path) throws IOException {
    return Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  private static int uid(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  private static int mode(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
  }

  private static void delete(Path folder) {
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      LOG.debug("Cannot delete {}", folder, e);
    }
  }
}
