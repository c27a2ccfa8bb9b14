// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.image.ImageCodec;
import io.stoker.data.storage.FolderEntry;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A tar file, or a folder of them, plain or gzipped. What is inside says what it is:
 *
 * <ul>
 *   <li>WebDataset: pairs of an image and a {@code .cls} file with the number of its class, of the
 *       same name up to the first dot;
 *   <li>ImageNet: a tar file that holds a tar file a class;
 *   <li>else: a folder a class, see {@link ClassFolders}; the archives of a split are one tree.
 * </ul>
 *
 * <p>Everything else in an archive is ignored and listed: links, hidden files and folders, files
 * that are not images by name, labels without an image, images in no class folder of their split,
 * and names that lead out of the archive.
 *
 * <p>An archive with train, val or test in its name is that split, unless its folders say another
 * one. Archives are read from end to end here for the names, and again by one task for each split.
 */
public final class TarSource implements ImageSource {
  private static final int LONGEST_LABEL = 20;
  private static final int MAXIMUM_CLASSES = 1_000_000;

  @Override
  public String name() {
    return "tar";
  }

  @Override
  public SourceListing list(Path input, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(input, hadoop);
    List<String> ignored = new ArrayList<>();
    List<Contents> archives = new ArrayList<>();
    for (Path file : archives(fileSystem, input, ignored)) {
      archives.add(Contents.scan(fileSystem, file));
    }
    boolean numbered = archives.stream().anyMatch(archive -> !archive.labels.isEmpty());
    Map<Optional<String>, ClassFolders> trees = numbered ? Map.of() : trees(archives);
    for (Contents archive : archives) {
      if (numbered) {
        archive.ignoreLabelsWithoutImage();
      } else {
        archive.ignoreImagesWithoutClass(trees.get(archive.split()));
      }
      ignored.addAll(archive.ignored);
    }
    List<String> classNames = numbered ? numbers(archives) : folders(archives, trees);
    Map<String, Integer> indices = new HashMap<>();
    for (String name : classNames) {
      indices.put(name, indices.size());
    }
    List<SourcePart> parts = new ArrayList<>();
    for (Contents archive : archives) {
      ClassFolders tree = trees.get(archive.split());
      Map<String, Map<String, Integer>> splits = new TreeMap<>();
      for (String image : archive.images) {
        Optional<String> label =
            numbered ? Optional.ofNullable(archive.labels.get(key(image))) : tree.className(image);
        Optional<String> split =
            (numbered ? Optional.<String>empty() : tree.split(image)).or(archive::split);
        Check.input(
            label.isPresent(),
            "Cannot read %s: %s has no .cls file next to it",
            archive.file,
            Inputs.shown(image));
        Integer other =
            splits
                .computeIfAbsent(split.orElse(""), each -> new HashMap<>())
                .put(image, indices.get(label.get()));
        Check.input(
            other == null, "Cannot read %s: it holds %s twice", archive.file, Inputs.shown(image));
      }
      splits.forEach(
          (split, labels) -> parts.add(new TarPart(archive.file.toString(), split, labels)));
    }
    long samples = archives.stream().mapToLong(archive -> archive.images.size()).sum();
    return new SourceListing(classNames, parts, OptionalLong.of(samples), List.of(), ignored);
  }

  /** The folders of all archives, by the split that the archives are named after. */
  private static Map<Optional<String>, ClassFolders> trees(List<Contents> archives) {
    Map<Optional<String>, List<String>> images = new HashMap<>();
    for (Contents archive : archives) {
      for (String image : archive.images) {
        Check.input(
            image.contains("/"),
            "Cannot read %s: %s is in no folder and has no .cls file",
            archive.file,
            Inputs.shown(image));
      }
      images.computeIfAbsent(archive.split(), each -> new ArrayList<>()).addAll(archive.images);
    }
    Map<Optional<String>, ClassFolders> trees = new HashMap<>();
    images.forEach((split, all) -> trees.put(split, ClassFolders.of(all)));
    return trees;
  }

  private static List<Path> archives(FileSystem fileSystem, Path input, List<String> ignored)
      throws IOException {
    if (fileSystem.exists(input) && fileSystem.getFileStatus(input).isFile()) {
      return List.of(Inputs.file(fileSystem, input));
    }
    Inputs.folder(fileSystem, input);
    List<Path> archives =
        Inputs.files(
                fileSystem,
                input,
                ignored,
                name -> !Inputs.isHidden(name) && name.matches(".*\\.(tar|tar\\.gz|tgz)"))
            .stream()
            .map(FolderEntry.File::path)
            .toList();
    Check.input(!archives.isEmpty(), "Invalid input: %s has no .tar or .tar.gz files", input);
    return archives;
  }

  /** Classes 0, 1, 2 and so on, up to the largest number that occurs. */
  private static List<String> numbers(List<Contents> archives) {
    int classes = 0;
    for (Contents archive : archives) {
      for (Map.Entry<String, String> label : archive.labels.entrySet()) {
        Check.input(
            label.getValue().matches("[0-9]{1,6}"),
            "Cannot read %s: %s.cls is '%s' (must be the number of a class, 0 to %d)",
            archive.file,
            Inputs.shown(label.getKey()),
            Inputs.shown(label.getValue()),
            MAXIMUM_CLASSES - 1);
        int number = Integer.parseInt(label.getValue());
        label.setValue(Integer.toString(number));
        classes = Math.max(classes, number + 1);
      }
    }
    return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
  }

  private static List<String> folders(
      List<Contents> archives, Map<Optional<String>, ClassFolders> trees) {
    TreeSet<String> names = new TreeSet<>();
    for (Contents archive : archives) {
      ClassFolders tree = trees.get(archive.split());
      archive.images.forEach(image -> tree.className(image).ifPresent(names::add));
    }
    return List.copyOf(names);
  }

  /** The name that both files of a pair have: up to the first dot after the last slash. */
  static String key(String name) {
    int dot = name.indexOf('.', name.lastIndexOf('/') + 1);
    return dot < 0 ? name : name.substring(0, dot);
  }

  /** What an archive holds, without the images themselves. */
  private record Contents(
      Path file, List<String> images, Map<String, String> labels, List<String> ignored) {
    static Contents scan(FileSystem fileSystem, Path file) throws IOException {
      Contents contents = new Contents(file, new ArrayList<>(), new HashMap<>(), new ArrayList<>());
      try (TarFile tar = new TarFile(fileSystem, file)) {
        while (tar.next()) {
          contents.add(tar);
        }
      }
      Check.input(!contents.images.isEmpty(), "Cannot read %s: it holds no images", file);
      return contents;
    }

    private void add(TarFile tar) {
      String name = tar.name();
      String last = name.substring(name.lastIndexOf('/') + 1);
      if (!tar.isFile()) {
        if (!name.endsWith("/")) { // The files of a folder are entries of their own.
          ignored.add(shownIn(name));
        }
      } else if (Arrays.stream(name.split("/")).anyMatch(Inputs::isHidden)
          || !(last.endsWith(".cls") || isImage(last))) {
        ignored.add(shownIn(name));
      } else if (isImage(last)) {
        images.add(name);
      } else {
        addLabel(tar, name);
      }
    }

    private void addLabel(TarFile tar, String name) {
      Check.input(
          tar.length() <= LONGEST_LABEL,
          "Cannot read %s: %s is not a label, it has %d bytes",
          file,
          Inputs.shown(name),
          tar.length());
      String other = labels.put(key(name), new String(tar.read(), StandardCharsets.UTF_8).trim());
      Check.input(other == null, "Cannot read %s: it holds %s twice", file, Inputs.shown(name));
    }

    private static boolean isImage(String name) {
      return ImageCodec.isImageName(name);
    }

    /** The split that the archive is named after. */
    Optional<String> split() {
      return Arrays.stream(file.getName().split("[^A-Za-z0-9]+"))
          .flatMap(word -> SplitNames.of(word).stream())
          .findFirst();
    }

    void ignoreImagesWithoutClass(ClassFolders tree) {
      for (String image : images) {
        if (tree.className(image).isEmpty()) {
          ignored.add(shownIn(image));
        }
      }
      images.removeIf(image -> tree.className(image).isEmpty());
    }

    /** Labels are accounted for with their images; those of no image are not used. */
    void ignoreLabelsWithoutImage() {
      Set<String> used = new HashSet<>();
      images.forEach(image -> used.add(key(image)));
      labels.keySet().stream()
          .filter(key -> !used.contains(key))
          .sorted()
          .forEach(key -> ignored.add(shownIn(key + ".cls")));
      labels.keySet().retainAll(used);
    }

    private String shownIn(String name) {
      return file.getName() + "/" + name;
    }
  }
}
