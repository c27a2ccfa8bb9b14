// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.storage.FolderEntry;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The binary version of CIFAR-10 (data_batch_1.bin and so on, test_batch.bin) or CIFAR-100
 * (train.bin, test.bin; the fine labels are used), unpacked. Classes are named as in
 * batches.meta.txt or fine_label_names.txt where it is there, else 0, 1, 2 and so on.
 */
public final class CifarSource implements ImageSource {
  private static final int IMAGES_PER_PART = 5_000;
  private static final int MAXIMUM_NAMES_BYTES = 1 << 20;

  private enum Kind {
    CIFAR_10(1, 10, "batches.meta.txt"),
    CIFAR_100(2, 100, "fine_label_names.txt");

    /** Before the pixels of a record; the last of them is the label. */
    final int labelBytes;

    final int classes;
    final String namesFile;

    Kind(int labelBytes, int classes, String namesFile) {
      this.labelBytes = labelBytes;
      this.classes = classes;
      this.namesFile = namesFile;
    }

    int recordBytes() {
      return labelBytes + CifarPart.SHAPE.bytes();
    }

    /** The split of a file of this kind. */
    Optional<String> split(String file) {
      boolean ten = this == CIFAR_10;
      if (ten ? file.matches("data_batch_[0-9]+\\.bin") : file.equals("train.bin")) {
        return Optional.of("train");
      }
      return file.equals(ten ? "test_batch.bin" : "test.bin")
          ? Optional.of("test")
          : Optional.empty();
    }
  }

  @Override
  public String name() {
    return "cifar";
  }

  @Override
  public SourceListing list(Path input, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(input, hadoop);
    Inputs.folder(fileSystem, input);
    for (Kind kind : Kind.values()) {
      List<String> ignored = new ArrayList<>();
      List<FolderEntry.File> files =
          Inputs.files(
              fileSystem,
              input,
              ignored,
              name -> kind.split(name).isPresent() || name.equals(kind.namesFile));
      List<FolderEntry.File> records =
          files.stream().filter(file -> kind.split(file.name()).isPresent()).toList();
      if (!records.isEmpty()) {
        List<String> names = classNames(fileSystem, input, kind);
        long bytes = records.stream().mapToLong(FolderEntry.File::length).sum();
        return new SourceListing(
            names,
            parts(records, kind, names.size()),
            OptionalLong.of(bytes / kind.recordBytes()),
            List.of(),
            ignored);
      }
    }
    throw new InputException(
        "Invalid input: "
            + input
            + " has no CIFAR files (data_batch_1.bin and so on, or train.bin"
            + (fileSystem.exists(new Path(input, "batches.meta"))
                    || fileSystem.exists(new Path(input, "meta"))
                ? "; this is the version for Python, take the binary one)"
                : ")"));
  }

  private static List<SourcePart> parts(List<FolderEntry.File> files, Kind kind, int classes) {
    List<SourcePart> parts = new ArrayList<>();
    for (FolderEntry.File file : files) {
      Check.undamaged(
          file.length() > 0 && file.length() % kind.recordBytes() == 0,
          "Cannot read %s: truncated or damaged, its %d bytes are not records of %d",
          file.path(),
          file.length(),
          kind.recordBytes());
      int records = Math.toIntExact(file.length() / kind.recordBytes());
      for (int first = 0; first < records; first += IMAGES_PER_PART) {
        parts.add(
            new CifarPart(
                file.path().toString(),
                kind.split(file.name()).orElseThrow(),
                first,
                Math.min(IMAGES_PER_PART, records - first),
                kind.labelBytes,
                classes));
      }
    }
    return parts;
  }

  private static List<String> classNames(FileSystem fileSystem, Path input, Kind kind)
      throws IOException {
    Path file = new Path(input, kind.namesFile);
    if (!fileSystem.exists(file) || Storage.isSpecial(fileSystem, file)) {
      return IntStream.range(0, kind.classes).mapToObj(Integer::toString).toList();
    }
    try (FSDataInputStream in = fileSystem.open(file)) {
      List<String> names =
          new String(in.readNBytes(MAXIMUM_NAMES_BYTES), StandardCharsets.UTF_8)
              .lines()
              .map(String::trim)
              .filter(line -> !line.isEmpty())
              .toList();
      Check.input(
          names.size() == kind.classes,
          "Cannot read %s: it names %d classes (there must be %d)",
          file,
          names.size(),
          kind.classes);
      return names;
    }
  }
}
