// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.base.Division;
import io.stoker.data.storage.FolderEntry;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A folder with files of the MNIST family, plain or gzipped: pairs such as {@code
 * train-images-idx3-ubyte} and {@code train-labels-idx1-ubyte}. A pair with train, val, test or
 * t10k in its name is that split. Classes are named 0, 1, 2 and so on.
 */
public final class IdxSource implements ImageSource {
  private static final int IMAGES_PER_PART = 10_000;

  /** The parts of a gzipped file: each of them unpacks all images before its own, too. */
  private static final int MOST_GZIPPED_PARTS = 4;

  private static final int LEAST_GZIPPED_IMAGES = 30_000;

  @Override
  public String name() {
    return "idx";
  }

  @Override
  public int defaultChannels() {
    return 1;
  }

  @Override
  public SourceListing list(Path input, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(input, hadoop);
    Inputs.folder(fileSystem, input);
    Map<String, Path> files = new TreeMap<>();
    List<String> ignored = new ArrayList<>();
    for (FolderEntry.File child : Inputs.files(fileSystem, input, ignored, IdxSource::isKnown)) {
      // A name that is there twice, plain and gzipped, is read once: plain sorts first.
      if (files.putIfAbsent(plainName(child.name()), child.path()) != null) {
        ignored.add(child.name());
      }
    }
    List<String> images = files.keySet().stream().filter(IdxSource::isImages).toList();
    Check.input(
        !images.isEmpty(),
        "Invalid input: %s has no idx files (such as train-images-idx3-ubyte.gz)",
        input);
    List<SourcePart> parts = new ArrayList<>();
    int classes = 0;
    long samples = 0;
    Map<String, String> splits = new HashMap<>();
    for (String name : images) {
      Optional<String> split = split(name);
      if (split.isPresent()) {
        String other = splits.put(split.get(), name);
        Check.input(
            other == null, "Two files are the split '%s': %s and %s", split.get(), other, name);
      }
      byte[] labels = labels(fileSystem, files, name);
      boolean gzipped = checkImages(fileSystem, files.get(name), labels.length);
      for (byte label : labels) {
        classes = Math.max(classes, (label & 0xFF) + 1);
      }
      addParts(parts, files.get(name), name, split, labels, gzipped);
      samples += labels.length;
    }
    files.keySet().stream()
        .filter(name -> isLabels(name) && images.stream().noneMatch(i -> name.equals(labelsOf(i))))
        .forEach(name -> ignored.add(files.get(name).getName()));
    return new SourceListing(
        IntStream.range(0, classes).mapToObj(Integer::toString).toList(),
        parts,
        OptionalLong.of(samples),
        List.of(),
        ignored);
  }

  private static byte[] labels(FileSystem fileSystem, Map<String, Path> files, String images)
      throws IOException {
    String name = labelsOf(images);
    Path file = files.get(name);
    Check.input(file != null, "Cannot find %s, the labels of %s", name, files.get(images));
    try (IdxFile labels = new IdxFile(fileSystem, file, 1)) {
      byte[] values = new byte[labels.items()];
      labels.read(values);
      labels.checkEnd();
      return values;
    }
  }

  private static String labelsOf(String images) {
    return images.replace("images", "labels").replace("idx3", "idx1");
  }

  /**
   * Checks the header of the images, and the length of a file that is not gzipped. The task that
   * reads the last image checks the end of a gzipped one.
   *
   * @return whether it is gzipped
   */
  private static boolean checkImages(FileSystem fileSystem, Path file, int labels)
      throws IOException {
    try (IdxFile images = new IdxFile(fileSystem, file, 3)) {
      Check.input(
          images.items() == labels,
          "Cannot read %s: it has %d images, and its labels are %d",
          file,
          images.items(),
          labels);
      if (!images.isGzipped()) {
        images.checkLength();
      }
      return images.isGzipped();
    }
  }

  private static void addParts(
      List<SourcePart> parts,
      Path file,
      String name,
      Optional<String> split,
      byte[] labels,
      boolean gzipped) {
    int images =
        gzipped
            ? Math.max(LEAST_GZIPPED_IMAGES, Division.ceiling(labels.length, MOST_GZIPPED_PARTS))
            : IMAGES_PER_PART;
    for (int first = 0; first < labels.length; first += images) {
      int end = Math.min(labels.length, first + images);
      parts.add(new IdxPart(file, name, split, first, Arrays.copyOfRange(labels, first, end)));
    }
  }

  private static Optional<String> split(String name) {
    return Arrays.stream(name.split("[^A-Za-z0-9]+"))
        .flatMap(word -> SplitNames.of(word).stream())
        .findFirst();
  }

  private static String plainName(String name) {
    return name.toLowerCase(Locale.ROOT).endsWith(".gz")
        ? name.substring(0, name.length() - 3)
        : name;
  }

  private static boolean isKnown(String name) {
    String plain = plainName(name);
    return !Inputs.isHidden(name) && (isImages(plain) || isLabels(plain));
  }

  private static boolean isImages(String name) {
    return name.contains("images") && name.contains("idx3");
  }

  private static boolean isLabels(String name) {
    return name.contains("labels") && name.contains("idx1");
  }
}
