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
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A tar file, or a folder of them, plain or gzipped. What is inside says what it is:
 *
 * <ul>
 *   <li>WebDataset: pairs of an image and a {@code .cls} file with the number of its class, of the
 *       same name up to the first dot; of several images of that name the one whose extension has
 *       no other dot;
 *   <li>ImageNet: a tar file that holds a tar file a class;
 *   <li>else: a folder a class, see {@link ClassFolders}.
 * </ul>
 *
 * <p>Everything else in an archive is ignored and listed: links, hidden files, files that are not
 * images by name, labels without an image, images in hidden folders or in no class folder, and
 * names that lead out of the archive.
 *
 * <p>Folders of train and of other splits are these splits; else an archive with train, val or test
 * in its name is that split. Archives are read from end to end here for the names, and again by one
 * task for each split.
 */
public final class TarSource implements ImageSource {
  private static final String TRAIN = "train";
  private static final int LONGEST_LABEL = 20;
  private static final int MAXIMUM_CLASSES = 1_000_000;

  /**
   * What a sample is.
   *
   * @param split blank if it is in none
   */
  private record Place(String label, String split) {}

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
    List<Map<String, Place>> places = numbered ? ofPairs(archives) : ofFolders(archives);
    archives.forEach(archive -> ignored.addAll(archive.ignored));
    List<String> classNames = numbered ? numbers(places) : labels(places);
    Map<String, Integer> indices = new HashMap<>();
    for (String name : classNames) {
      indices.put(name, indices.size());
    }
    List<SourcePart> parts = new ArrayList<>();
    for (int i = 0; i < archives.size(); i++) {
      String file = archives.get(i).file.toString();
      Map<String, Map<String, Integer>> splits = new TreeMap<>();
      places
          .get(i)
          .forEach(
              (image, place) ->
                  splits
                      .computeIfAbsent(place.split, split -> new HashMap<>())
                      .put(image, indices.get(place.label)));
      splits.forEach((split, labels) -> parts.add(new TarPart(file, split, labels)));
    }
    long samples = places.stream().mapToLong(Map::size).sum();
    return new SourceListing(classNames, parts, OptionalLong.of(samples), List.of(), ignored);
  }

  private static List<Map<String, Place>> ofPairs(List<Contents> archives) {
    archives.forEach(Contents::ignoreLabelsWithoutImage);
    archives.forEach(Contents::keepAnImageOfEachKey);
    List<Map<String, Place>> places = new ArrayList<>();
    for (Contents archive : archives) {
      places.add(
          archive.places(
              image -> {
                String label = archive.labels.get(key(image));
                Check.input(
                    label != null,
                    "Cannot read %s: %s has no .cls file next to it",
                    archive.file,
                    Inputs.shown(image));
                return new Place(number(archive, image, label), archive.split().orElse(""));
              }));
    }
    return places;
  }

  private static List<Map<String, Place>> ofFolders(List<Contents> archives) {
    List<ClassFolders> trees = new ArrayList<>();
    Set<String> splits = new HashSet<>();
    for (Contents archive : archives) {
      ClassFolders tree = archive.folders();
      splits.addAll(tree.splits().keySet());
      trees.add(tree);
    }
    boolean hasSplits = splits.size() > 1 && splits.contains(TRAIN);
    List<Map<String, Place>> places = new ArrayList<>();
    for (int i = 0; i < archives.size(); i++) {
      Contents archive = archives.get(i);
      ClassFolders tree = trees.get(i);
      int level = tree.classLevel(hasSplits);
      archive.keep(image -> ClassFolders.folders(image).size() > level);
      Map<List<String>, Place> ofFolder = new HashMap<>(); // Millions of images have few.
      places.add(
          archive.places(
              image ->
                  ofFolder.computeIfAbsent(
                      ClassFolders.folders(image),
                      folders -> {
                        Optional<String> split = hasSplits ? tree.split(image) : Optional.empty();
                        return new Place(folders.get(level), split.or(archive::split).orElse(""));
                      })));
    }
    if (hasSplits) {
      requireClassesOfTrain(places);
    }
    return places;
  }

  private static void requireClassesOfTrain(List<Map<String, Place>> places) {
    Set<String> known = new HashSet<>();
    for (Map<String, Place> archive : places) {
      archive.values().stream()
          .filter(place -> place.split.equals(TRAIN))
          .forEach(place -> known.add(place.label));
    }
    for (Map<String, Place> archive : places) {
      archive.forEach(
          (image, place) ->
              Check.input(
                  known.contains(place.label),
                  "Class '%s' of split '%s' is not in split 'train': %s",
                  Inputs.shown(place.label),
                  place.split,
                  Inputs.shown(image)));
    }
  }

  private static List<String> labels(List<Map<String, Place>> places) {
    TreeSet<String> names = new TreeSet<>();
    places.forEach(archive -> archive.values().forEach(place -> names.add(place.label)));
    return List.copyOf(names);
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
  private static List<String> numbers(List<Map<String, Place>> places) {
    int classes = 0;
    for (Map<String, Place> archive : places) {
      for (Place place : archive.values()) {
        classes = Math.max(classes, Integer.parseInt(place.label) + 1);
      }
    }
    return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
  }

  /** A label without zeros before it. */
  private static String number(Contents archive, String image, String label) {
    Check.input(
        label.matches("[0-9]{1,6}"),
        "Cannot read %s: %s.cls is '%s' (must be the number of a class, 0 to %d)",
        archive.file,
        Inputs.shown(key(image)),
        Inputs.shown(label),
        MAXIMUM_CLASSES - 1);
    return Integer.toString(Integer.parseInt(label));
  }

  /** The name that both files of a pair have: up to the first dot after the last slash. */
  static String key(String name) {
    int dot = name.indexOf('.', name.lastIndexOf('/') + 1);
    return dot < 0 ? name : name.substring(0, dot);
  }

  private static boolean hasOneExtension(String name) {
    return name.lastIndexOf('.') == key(name).length();
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
      } else if (Inputs.isHidden(last) || !(last.endsWith(".cls") || isImage(last))) {
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

    /** The folders of the images, after those in hidden ones are ignored. */
    ClassFolders folders() {
      keep(image -> ClassFolders.folders(image).stream().noneMatch(Inputs::isHidden));
      Check.input(!images.isEmpty(), "Cannot read %s: it holds no images", file);
      for (String image : images) {
        Check.input(
            !ClassFolders.folders(image).isEmpty(),
            "Cannot read %s: %s is in no folder and has no .cls file",
            file,
            Inputs.shown(image));
      }
      return ClassFolders.of(file.toString(), images);
    }

    /** Ignores all other images. */
    void keep(Predicate<String> wanted) {
      images.stream().filter(wanted.negate()).forEach(image -> ignored.add(shownIn(image)));
      images.removeIf(wanted.negate());
    }

    /** What each image is. */
    Map<String, Place> places(Function<String, Place> of) {
      Map<String, Place> places = new HashMap<>();
      for (String image : images) {
        Place other = places.put(image, of.apply(image));
        Check.input(other == null, "Cannot read %s: it holds %s twice", file, Inputs.shown(image));
      }
      return places;
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

    /**
     * A sample may have other files that are images, such as {@code 0001.mask.png} next to {@code
     * 0001.png}: they are not used.
     */
    void keepAnImageOfEachKey() {
      Map<String, String> firsts = new HashMap<>();
      Map<String, Set<String>> several = new HashMap<>();
      for (String image : images) {
        String first = firsts.putIfAbsent(key(image), image);
        if (first != null && !first.equals(image) && labels.containsKey(key(image))) {
          several.computeIfAbsent(key(image), key -> new TreeSet<>(Set.of(first))).add(image);
        }
      }
      Set<String> others = new HashSet<>();
      for (Set<String> ofKey : several.values()) {
        List<String> plain = ofKey.stream().filter(TarSource::hasOneExtension).toList();
        List<String> rivals = plain.isEmpty() ? List.copyOf(ofKey) : plain;
        Check.input(
            plain.size() == 1,
            "Cannot read %s: %s and %s have the same .cls file (an archive may have one image for"
                + " each, and others with a longer extension, such as .mask.png)",
            file,
            Inputs.shown(rivals.get(0)),
            Inputs.shown(rivals.get(rivals.size() - 1)));
        others.addAll(ofKey);
        others.removeAll(plain);
      }
      keep(image -> !others.contains(image));
    }

    private String shownIn(String name) {
      return file.getName() + "/" + name;
    }
  }
}
