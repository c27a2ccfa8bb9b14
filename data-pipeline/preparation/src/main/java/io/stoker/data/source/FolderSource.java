// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.image.ImageCodec;
import io.stoker.data.storage.FolderEntry;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One folder a class, with images at any depth. Folders named train, val (validation) and test at
 * the top are splits, and hold the class folders; a single one of these names next to others is a
 * class. Everything else is ignored and listed: files that are not images by name, hidden files and
 * folders, files that are in no class folder, named pipes and devices, and symbolic links other
 * than those to files of the same tree.
 */
public final class FolderSource implements ImageSource {
  private static final Logger LOG = LoggerFactory.getLogger(FolderSource.class);
  private static final int FILES_PER_PART = 64;

  @Override
  public String name() {
    return "folder";
  }

  @Override
  public SourceListing list(Path input, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(input, hadoop);
    Path root = root(fileSystem, input);
    Scan scan = new Scan(fileSystem, root);
    List<Path> top = scan.folders(root);
    if (top.isEmpty()) {
      throw new InputException(
          "Invalid input: %s has no folders (there must be one a class)%s"
              .formatted(input, FormatHint.of(scan.files(root))));
    }
    Map<String, Path> splits = splits(scan, top);
    return splits.isEmpty() ? unsplit(scan, top) : split(scan, splits);
  }

  private static Path root(FileSystem fileSystem, Path input) throws IOException {
    FileStatus status = Inputs.status(fileSystem, input);
    Check.input(
        status.isDirectory(),
        "Invalid input: %s is a file (must be a folder)%s",
        input,
        FormatHint.of(List.of(input.getName())));
    return status.getPath();
  }

  /**
   * The folders of the splits by name; none if the folders at the top are classes. Folders with the
   * names of two splits or more are splits, if one of them holds folders or no others are next to
   * them. A folder with the name of one split is a class if it has others next to it.
   */
  private static Map<String, Path> splits(Scan scan, List<Path> top) {
    List<Path> named = top.stream().filter(each -> splitName(each).isPresent()).toList();
    List<Path> others = top.stream().filter(each -> splitName(each).isEmpty()).toList();
    List<Path> nested = named.stream().filter(each -> !scan.folders(each).isEmpty()).toList();
    Set<String> names =
        named.stream().map(each -> splitName(each).orElseThrow()).collect(Collectors.toSet());
    boolean several = names.size() > 1;
    boolean areSplits =
        nested.isEmpty()
            ? others.isEmpty() && several && names.contains("train")
            : others.isEmpty() || several;
    if (!areSplits) {
      nested.forEach(
          each -> LOG.warn("{} is a class: the folders next to it are no splits", shown(each)));
      return Map.of();
    }
    Check.input(
        others.isEmpty(),
        "Invalid input: %s has folders of splits, and '%s', which is none (move it elsewhere)",
        scan.root,
        others.stream().findFirst().map(FolderSource::shown).orElse(""));
    Map<String, Path> splits = new TreeMap<>();
    for (Path folder : named) {
      String name = splitName(folder).orElseThrow();
      Path other = splits.put(name, folder);
      Check.input(other == null, "Two folders are the split '%s': %s and %s", name, other, folder);
      Check.input(
          nested.contains(folder),
          "Invalid input: split '%s' has no folders of classes: %s (move it elsewhere)",
          name,
          folder);
    }
    Check.input(
        splits.containsKey("train"),
        "Invalid input: %s has folders of the splits %s, and none called 'train'",
        scan.root,
        splits.keySet());
    return splits;
  }

  private static Optional<String> splitName(Path folder) {
    return SplitNames.of(folder.getName());
  }

  private static String shown(Path folder) {
    return Inputs.shown(folder.getName());
  }

  private static SourceListing unsplit(Scan scan, List<Path> classes) throws IOException {
    for (int label = 0; label < classes.size(); label++) {
      List<FolderEntry.File> images = scan.tree.addAll(classes.get(label));
      scan.checkNotEmpty(images, classes.get(label));
      scan.addParts(images, Optional.empty(), label);
    }
    scan.setAsideAllButFolders(scan.root);
    return scan.listing(names(classes));
  }

  private static SourceListing split(Scan scan, Map<String, Path> splits) throws IOException {
    List<String> classNames = names(scan.folders(splits.get("train")));
    for (Map.Entry<String, Path> split : splits.entrySet()) {
      for (Path folder : scan.folders(split.getValue())) {
        int label = classNames.indexOf(folder.getName());
        Check.input(
            label >= 0,
            "Class '%s' of split '%s' is not in split 'train': %s",
            shown(folder),
            split.getKey(),
            Inputs.shown(folder.toString()));
        List<FolderEntry.File> images = scan.tree.addAll(folder);
        if (split.getKey().equals("train")) {
          scan.checkNotEmpty(images, folder);
        }
        scan.addParts(images, Optional.of(split.getKey()), label);
      }
      scan.setAsideAllButFolders(split.getValue());
    }
    scan.setAsideAllButFolders(scan.root);
    return scan.listing(classNames);
  }

  private static List<String> names(List<Path> folders) {
    return List.copyOf(new TreeSet<>(folders.stream().map(Path::getName).toList()));
  }

  /** What has been found of the input so far. */
  private static final class Scan {
    private final FileSystem fileSystem;
    private final Path root;
    private final ImageTree tree;
    private final List<SourcePart> parts = new ArrayList<>();

    /** The entries of the folders above those of the classes, which are looked at repeatedly. */
    private final Map<Path, List<FolderEntry>> listed = new HashMap<>();

    Scan(FileSystem fileSystem, Path root) {
      this.fileSystem = fileSystem;
      this.root = root;
      this.tree = new ImageTree(fileSystem, root, ImageTree.Links.INSIDE, ImageCodec::isImageName);
    }

    private List<FolderEntry> entries(Path folder) {
      return listed.computeIfAbsent(folder, each -> Inputs.entries(fileSystem, each));
    }

    void checkNotEmpty(List<FolderEntry.File> images, Path folder) {
      if (images.isEmpty()) {
        throw new InputException(
            "Class '%s' has no images: %s (add some, or remove the folder%s)"
                .formatted(
                    shown(folder), Inputs.shown(folder.toString()), FormatHint.of(files(folder))));
      }
    }

    /** The names of the files in a folder. */
    List<String> files(Path folder) {
      return entries(folder).stream()
          .filter(FolderEntry.File.class::isInstance)
          .map(FolderEntry::name)
          .toList();
    }

    /** The folders in a folder, by name, without hidden ones and links. */
    List<Path> folders(Path folder) {
      return entries(folder).stream()
          .filter(Scan::isEntered)
          .map(entry -> ((FolderEntry.Folder) entry).path())
          .toList();
    }

    private static boolean isEntered(FolderEntry entry) {
      return entry instanceof FolderEntry.Folder inner
          && !inner.link()
          && !Inputs.isHidden(inner.name());
    }

    /** Accounts for what is next to the folders of the classes or splits. */
    void setAsideAllButFolders(Path folder) {
      for (FolderEntry entry : entries(folder)) {
        if (entry instanceof FolderEntry.Unnameable unnameable) {
          tree.setAside(unnameable, folder);
        } else if (!isEntered(entry)) {
          tree.ignore(entry, folder);
        }
      }
    }

    void addParts(List<FolderEntry.File> images, Optional<String> split, int label) {
      for (int from = 0; from < images.size(); from += FILES_PER_PART) {
        parts.add(
            FolderPart.of(
                root,
                images.subList(from, Math.min(images.size(), from + FILES_PER_PART)),
                split,
                label));
      }
    }

    SourceListing listing(List<String> classNames) {
      return new SourceListing(
          classNames,
          parts,
          OptionalLong.of(tree.images().size()),
          tree.rejected(),
          tree.ignored());
    }
  }
}
