package io.stoker.data.source;

import io.stoker.data.image.ImageCodec;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * One folder a class, with images at any depth. Folders named train, val (validation) and test at
 * the top are splits, and hold the class folders. Hidden files are passed over; files that are not
 * images by name are ignored and listed. Symbolic links to files of the same tree are followed,
 * others are ignored and listed.
 */
public final class FolderSource implements ImageSource {
  private static final int FILES_PER_PART = 64;

  @Override
  public String name() {
    return "folder";
  }

  @Override
  public int defaultChannels() {
    return 3;
  }

  @Override
  public SourceListing list(Path input, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(input, hadoop);
    Path root = Inputs.folder(fileSystem, input).getPath();
    Scan scan = new Scan(fileSystem, root);
    List<Path> top = scan.folders(root);
    Check.input(
        !top.isEmpty(), "Invalid input: %s has no folders (there must be one a class)", input);
    Map<String, Path> splits = splits(scan, top);
    return splits.isEmpty() ? unsplit(scan, top) : split(scan, splits);
  }

  /** The folders of the splits by name, if that is what the folders at the top are. */
  private static Map<String, Path> splits(Scan scan, List<Path> top) throws IOException {
    Map<String, Path> splits = new TreeMap<>();
    for (Path folder : top) {
      Optional<String> name = SplitNames.of(folder.getName());
      if (name.isEmpty() || scan.folders(folder).isEmpty()) {
        return Map.of();
      }
      Path other = splits.put(name.get(), folder);
      Check.input(
          other == null, "Two folders are the split '%s': %s and %s", name.get(), other, folder);
    }
    return splits.containsKey("train") ? splits : Map.of();
  }

  private static SourceListing unsplit(Scan scan, List<Path> classes) throws IOException {
    List<SourcePart> parts = new ArrayList<>();
    for (int label = 0; label < classes.size(); label++) {
      List<FileStatus> images = scan.images(classes.get(label));
      checkNotEmpty(images, classes.get(label));
      addParts(parts, scan, images, Optional.empty(), label);
    }
    return new SourceListing(names(classes), parts, scan.ignored);
  }

  private static SourceListing split(Scan scan, Map<String, Path> splits) throws IOException {
    List<String> classNames = names(scan.folders(splits.get("train")));
    List<SourcePart> parts = new ArrayList<>();
    for (Map.Entry<String, Path> split : splits.entrySet()) {
      for (Path folder : scan.folders(split.getValue())) {
        int label = classNames.indexOf(folder.getName());
        Check.input(
            label >= 0,
            "Class '%s' of split '%s' is not in split 'train': %s",
            folder.getName(),
            split.getKey(),
            folder);
        List<FileStatus> images = scan.images(folder);
        if (split.getKey().equals("train")) {
          checkNotEmpty(images, folder);
        }
        addParts(parts, scan, images, Optional.of(split.getKey()), label);
      }
    }
    return new SourceListing(classNames, parts, scan.ignored);
  }

  private static List<String> names(List<Path> folders) {
    return List.copyOf(new TreeSet<>(folders.stream().map(Path::getName).toList()));
  }

  private static void checkNotEmpty(List<FileStatus> images, Path folder) {
    Check.input(
        !images.isEmpty(),
        "Class '%s' has no images: %s (add some, or remove the folder)",
        folder.getName(),
        folder);
  }

  private static void addParts(
      List<SourcePart> parts,
      Scan scan,
      List<FileStatus> images,
      Optional<String> split,
      int label) {
    for (int from = 0; from < images.size(); from += FILES_PER_PART) {
      parts.add(
          FolderPart.of(
              scan.root,
              images.subList(from, Math.min(images.size(), from + FILES_PER_PART)),
              split,
              label));
    }
  }

  /** A walk through the tree. */
  private static final class Scan {
    private final FileSystem fileSystem;
    private final Path root;
    private final List<String> ignored = new ArrayList<>();

    Scan(FileSystem fileSystem, Path root) {
      this.fileSystem = fileSystem;
      this.root = root;
    }

    /** The folders in a folder; links to folders are none. */
    List<Path> folders(Path folder) throws IOException {
      return Inputs.children(fileSystem, folder).stream()
          .filter(child -> child.isDirectory() && !isLink(child.getPath()))
          .map(FileStatus::getPath)
          .toList();
    }

    /** The images below a folder, by path. */
    List<FileStatus> images(Path folder) throws IOException {
      List<FileStatus> images = new ArrayList<>();
      collect(folder, images);
      return images;
    }

    private void collect(Path folder, List<FileStatus> images) throws IOException {
      for (FileStatus child : Inputs.children(fileSystem, folder)) {
        Path path = child.getPath();
        if (isLink(path) && (child.isDirectory() || !leadsIntoTree(path))) {
          ignored.add(FolderPart.relative(root, path));
        } else if (child.isDirectory()) {
          collect(path, images);
        } else if (ImageCodec.isImageName(path.getName())) {
          images.add(child);
        } else {
          ignored.add(FolderPart.relative(root, path));
        }
      }
    }

    private boolean isLink(Path path) {
      return isLocal(path) && Files.isSymbolicLink(java.nio.file.Path.of(path.toUri().getPath()));
    }

    private boolean leadsIntoTree(Path link) throws IOException {
      return java.nio.file.Path.of(link.toUri().getPath())
          .toRealPath()
          .startsWith(java.nio.file.Path.of(root.toUri().getPath()).toRealPath());
    }

    private static boolean isLocal(Path path) {
      return "file".equals(path.toUri().getScheme());
    }
  }
}
