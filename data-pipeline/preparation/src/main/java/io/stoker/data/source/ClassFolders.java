// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The classes and splits of files that are named by their paths, such as those of an archive: one
 * folder a class, with images at any depth, and above them folders of the splits, as {@link
 * FolderSource} has it. Folders that all files are in are passed over, because most archives have
 * one; if the last of them is named after a split, all files are in that split.
 */
final class ClassFolders {
  /**
   * How many folders all files are in, without the last one that any of them needs as its class.
   */
  private final int above;

  /** The split that all files are in, if those folders say so. */
  private final Optional<String> common;

  /** Whether the folders below those are splits, which hold the folders of the classes. */
  private final boolean hasSplits;

  private ClassFolders(int above, Optional<String> common, boolean hasSplits) {
    this.above = above;
    this.common = common;
    this.hasSplits = hasSplits;
  }

  /**
   * Finds out which folders are classes.
   *
   * @param files the paths of all files, each of which is in a folder
   */
  static ClassFolders of(List<String> files) {
    if (files.isEmpty()) {
      return new ClassFolders(0, Optional.empty(), false);
    }
    List<String> first = folders(files.get(0));
    int above = first.size() - 1;
    for (String file : files) {
      List<String> folders = folders(file);
      above = Math.min(above, folders.size() - 1);
      int same = 0;
      while (same < above && folders.get(same).equals(first.get(same))) {
        same++;
      }
      above = same;
    }
    Map<String, Boolean> holdFolders = new HashMap<>();
    for (String file : files) {
      List<String> folders = folders(file);
      holdFolders.merge(folders.get(above), folders.size() > above + 1, Boolean::logicalOr);
    }
    boolean hasSplits =
        holdFolders.entrySet().stream()
                .allMatch(top -> top.getValue() && SplitNames.of(top.getKey()).isPresent())
            && holdFolders.keySet().stream()
                .flatMap(top -> SplitNames.of(top).stream())
                .anyMatch("train"::equals);
    Optional<String> common = above == 0 ? Optional.empty() : SplitNames.of(first.get(above - 1));
    return new ClassFolders(above, common, hasSplits);
  }

  private static List<String> folders(String file) {
    return Arrays.asList(file.substring(0, file.lastIndexOf('/')).split("/", -1));
  }

  /** The class of a file; empty if it is in the folder of a split, and in no folder there. */
  Optional<String> className(String file) {
    List<String> folders = folders(file);
    int level = hasSplits ? above + 1 : above;
    return level < folders.size() ? Optional.of(folders.get(level)) : Optional.empty();
  }

  /** The split of a file, if its folders say so. */
  Optional<String> split(String file) {
    return hasSplits ? SplitNames.of(folders(file).get(above)) : common;
  }
}
