// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.image.ImageCodec;
import io.stoker.data.storage.FolderEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * The image files at any depth of a folder, and everything else that is there: each entry of each
 * folder is entered, or is in exactly one of the three lists.
 */
public final class ImageTree {
  /** Which symbolic links are followed. Links to folders lead in circles at most once. */
  public enum Links {
    /** Links to files of the same tree; all others are ignored. */
    INSIDE,
    /** Links to any file or folder. */
    ANYWHERE
  }

  private final FileSystem fileSystem;
  private final Path root;
  private final Links links;

  /** Whether a file is wanted, by its name. */
  private final Predicate<String> wanted;

  private final List<FolderEntry.File> images = new ArrayList<>();
  private final List<SourceListing.Rejected> rejected = new ArrayList<>();
  private final List<String> ignored = new ArrayList<>();

  /**
   * A tree of which nothing has been looked at yet.
   *
   * @param fileSystem that of {@link io.stoker.data.storage.Storage#of}
   * @param root a folder; names of rejected and ignored entries are relative to it
   * @param links which symbolic links are followed
   * @param wanted which files, by their names; {@link ImageCodec#isImageName} for images
   */
  ImageTree(FileSystem fileSystem, Path root, Links links, Predicate<String> wanted) {
    this.wanted = wanted;
    this.fileSystem = fileSystem;
    this.root = root;
    this.links = links;
  }

  /**
   * Lists a folder and all folders below it.
   *
   * @param fileSystem that of {@link io.stoker.data.storage.Storage#of}
   * @param folder where to start
   * @param links which symbolic links are followed
   * @throws io.stoker.failure.InputException if the folder is not there, or if one cannot be read
   * @throws io.stoker.failure.ResourceException if file names cannot be decoded, because this
   *     process was not started with a UTF-8 locale
   * @throws IOException if the storage fails
   */
  public static ImageTree of(FileSystem fileSystem, Path folder, Links links) throws IOException {
    return of(fileSystem, folder, links, ImageCodec::isImageName);
  }

  /**
   * Lists the files of another kind likewise.
   *
   * @param wanted which files, by their names
   */
  public static ImageTree of(
      FileSystem fileSystem, Path folder, Links links, Predicate<String> wanted)
      throws IOException {
    ImageTree tree =
        new ImageTree(fileSystem, Inputs.folder(fileSystem, folder).getPath(), links, wanted);
    tree.addAll(tree.root, List.of());
    return tree;
  }

  /** Files that are images by their names, folder by folder, in each by name. */
  public List<FolderEntry.File> images() {
    return List.copyOf(images);
  }

  /** Files that are images by their names, and cannot be opened. */
  public List<SourceListing.Rejected> rejected() {
    return List.copyOf(rejected);
  }

  /**
   * Everything else, relative to the root: files that are not images by their names, hidden files
   * and folders, links that are not followed, named pipes, sockets, devices. Folders end with a
   * slash.
   */
  public List<String> ignored() {
    return List.copyOf(ignored);
  }

  /** How many entries there are in all, without the folders that were entered. */
  public long entries() {
    return (long) images.size() + rejected.size() + ignored.size();
  }

  /** Adds everything below a folder, and returns the images among it. */
  List<FolderEntry.File> addAll(Path folder) throws IOException {
    int before = images.size();
    addAll(folder, List.of());
    return List.copyOf(images.subList(before, images.size()));
  }

  /** Ignores an entry that is not looked into. */
  void ignore(FolderEntry entry, Path folder) {
    ignored.add(relative(folder, entry.name()) + (entry instanceof FolderEntry.Folder ? "/" : ""));
  }

  /** Rejects an image, or ignores what is not one by its name. */
  void setAside(FolderEntry.Unnameable entry, Path folder) {
    if (wanted.test(entry.name().substring(entry.name().lastIndexOf('/') + 1))) {
      rejected.add(new SourceListing.Rejected(relative(folder, entry.name()), entry.reason()));
    } else {
      ignore(entry, folder);
    }
  }

  /**
   * @param linked the real paths of the folders above this one that a link led to
   */
  private void addAll(Path folder, List<java.nio.file.Path> linked) throws IOException {
    for (FolderEntry entry : Inputs.entries(fileSystem, folder)) {
      if (entry instanceof FolderEntry.Unnameable unnameable) {
        setAside(unnameable, folder);
      } else if (Inputs.isHidden(entry.name())) {
        ignore(entry, folder);
      } else if (entry instanceof FolderEntry.Folder inner) {
        addFolder(inner, folder, linked);
      } else if (entry instanceof FolderEntry.File file
          && wanted.test(file.name())
          && isFollowed(file)) {
        images.add(file);
      } else {
        ignore(entry, folder);
      }
    }
  }

  private void addFolder(FolderEntry.Folder inner, Path folder, List<java.nio.file.Path> linked)
      throws IOException {
    if (!inner.link()) {
      addAll(inner.path(), linked);
      return;
    }
    java.nio.file.Path real = local(inner.path()).toRealPath();
    boolean circle =
        linked.contains(real) || local(inner.path().getParent()).toRealPath().startsWith(real);
    if (links == Links.INSIDE || circle) {
      ignore(inner, folder);
      return;
    }
    List<java.nio.file.Path> deeper = new ArrayList<>(linked);
    deeper.add(real);
    addAll(inner.path(), deeper);
  }

  private boolean isFollowed(FolderEntry.File file) throws IOException {
    return !file.link()
        || links == Links.ANYWHERE
        || local(file.path()).toRealPath().startsWith(local(root).toRealPath());
  }

  private java.nio.file.Path local(Path path) {
    return ((RawLocalFileSystem) fileSystem).pathToFile(path).toPath();
  }

  private String relative(Path folder, String name) {
    return folder.equals(root) ? name : relative(root, folder) + "/" + name;
  }

  /** A path below a folder, as text. */
  static String relative(Path folder, Path path) {
    String whole = path.toUri().getPath();
    String above = folder.toUri().getPath();
    return whole.substring(above.endsWith("/") ? above.length() : above.length() + 1);
  }
}
