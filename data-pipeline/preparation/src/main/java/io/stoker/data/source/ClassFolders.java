// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.failure.Check;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The folders that the images of an archive are in: those of classes, and above them those of
 * splits, if there are any.
 *
 * <ul>
 *   <li>Folders of splits are named after them, next to each other, below the folders that all
 *       images are in. They hold the folders of the classes, which have images at any depth.
 *   <li>Else the folder that an image is in is its class, if all images are equally deep.
 *   <li>Else the folders below those that all images are in are the classes, if there are two or
 *       more, and each of them holds images, not only folders.
 * </ul>
 */
final class ClassFolders {
  private static final int NONE = -1;

  private final String archive;
  private final Set<List<String>> folders;

  /** How many folders all images are in. */
  private final int common;

  /** How many folders the folders of splits are in, or {@link #NONE}. */
  private final int splitLevel;

  private ClassFolders(String archive, Set<List<String>> folders) {
    this.archive = archive;
    this.folders = folders;
    this.common = common(folders);
    this.splitLevel = splitLevel();
  }

  /**
   * Finds out what an archive's folders are.
   *
   * @param archive its name, for errors
   * @param images their paths in it, at least one; each is in a folder
   */
  static ClassFolders of(String archive, List<String> images) {
    return new ClassFolders(
        archive,
        images.stream()
            .map(ClassFolders::folders)
            .collect(Collectors.toCollection(LinkedHashSet::new)));
  }

  /** The folders that a file is in, the outermost first. */
  static List<String> folders(String file) {
    return Arrays.stream(file.substring(0, file.lastIndexOf('/') + 1).split("/"))
        .filter(name -> !name.isEmpty() && !name.equals("."))
        .toList();
  }

  private static int common(Set<List<String>> folders) {
    Iterator<List<String>> each = folders.iterator();
    List<String> first = each.next();
    int common = first.size();
    while (each.hasNext()) {
      List<String> other = each.next();
      int same = 0;
      while (same < Math.min(common, other.size()) && other.get(same).equals(first.get(same))) {
        same++;
      }
      common = same;
    }
    return common;
  }

  private int splitLevel() {
    for (int level = 0; level <= common; level++) {
      Set<String> names = names(level, level + 1);
      if (!names.isEmpty()
          && names.stream().allMatch(name -> SplitNames.of(name).isPresent())
          && names.equals(names(level, level + 2))) {
        return level;
      }
    }
    return NONE;
  }

  /** The names of folders at a level that lead to images in at least so many folders. */
  private Set<String> names(int level, int depth) {
    return folders.stream()
        .filter(each -> each.size() >= depth)
        .map(each -> each.get(level))
        .collect(Collectors.toSet());
  }

  /**
   * The splits that folders are named after, with the names of these folders.
   *
   * @throws io.stoker.failure.InputException if two folders are one split
   */
  Map<String, String> splits() {
    Map<String, String> splits = new TreeMap<>();
    if (splitLevel != NONE) {
      for (String name : names(splitLevel, splitLevel + 1)) {
        String other = splits.put(SplitNames.of(name).orElseThrow(), name);
        Check.input(
            other == null,
            "Cannot read %s: its folders %s and %s are one split",
            archive,
            other,
            name);
      }
    }
    return splits;
  }

  /** The split of an image by its folders; empty if it is in none. */
  Optional<String> split(String image) {
    List<String> above = folders(image);
    return splitLevel != NONE && splitLevel < above.size()
        ? SplitNames.of(above.get(splitLevel))
        : Optional.empty();
  }

  /**
   * At which level the folders of classes are.
   *
   * @param hasSplits whether folders that are named after splits are splits
   * @throws io.stoker.failure.InputException if that is not clear
   */
  int classLevel(boolean hasSplits) {
    if (hasSplits && splitLevel != NONE) {
      return splitLevel + 1;
    }
    List<Integer> depths = folders.stream().map(List::size).distinct().sorted().toList();
    if (depths.size() == 1) {
      return depths.get(0) - 1;
    }
    Set<String> classes = names(common, common + 1);
    Set<String> withImages =
        folders.stream()
            .filter(each -> each.size() == common + 1)
            .map(each -> each.get(common))
            .collect(Collectors.toSet());
    Check.input(
        classes.size() > 1 && classes.equals(withImages),
        "Cannot read %s: its images are in %d to %d folders, so that it is not clear which of these"
            + " are classes (unpack it, and take --format folder)",
        archive,
        depths.get(0),
        depths.get(depths.size() - 1));
    return common;
  }
}
